"""The beat of an open page: it says that it is open, and is told who else has the ticket open and what happened to it meanwhile."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from yixian.people.guards import needs
from yixian.people.model import HOTLINE_ROLES, UNIT_ROLES
from yixian.tickets import changes, service
from yixian.tickets import words as ticket_words
from yixian.tickets.desks import HERE, Here
from yixian.tickets.model import Action
from yixian.tickets.presence import service as presence
from yixian.tickets.presence import words
from yixian.tickets.presence.model import BEAT_EVERY, BEAT_SOON, Doing
from yixian.web.problems import usual
from yixian.web.render import language, page

STAFF: Final = tuple(HOTLINE_ROLES | UNIT_ROLES)
GONE: Final = "gone"
"""What a page says when it is closed."""


@post("/desk/ticket/{number:str}/presence", include_in_schema=False, dependencies=HERE, guards=[needs(*STAFF)], status_code=200)
async def beat(here: NamedDependency[Here], number: FromPath[str]) -> Response[Any]:
    """A part of a page: who else is there, and what changed since the version that the page shows."""
    sent = await here.request.form()
    doing, action, version = (str(sent.get(name) or "") for name in ("doing", "action", "version"))
    actor = here.session.actor
    if doing == GONE:
        async with here.db.transaction(actor.acting) as tx:
            await presence.leave(tx, actor, number)
        return Response(b"", status_code=204, media_type="text/html")
    if doing not in tuple(Doing) or not version.isdecimal() or len(version) > 9:
        raise usual(400)
    # A form that takes no step of the life cycle, such as the one for photographs: they type, into nothing that has a name.
    action = action if action in tuple(Action) else ""
    async with here.db.transaction(actor.acting) as tx:
        told = await presence.beat(tx, actor, number, Doing(doing), action, here.now)
        rows = await service.history_of(tx, number) if told.version > int(version) else ()
    soon = BEAT_SOON if told.others else BEAT_EVERY
    return page(
        here.request,
        "tickets/presence.html",
        headers={"X-Next-Beat": str(int(soon.total_seconds()))},
        said=words.sentences(told.others, here.city, language(here.request)),
        changed=changes.since(rows, int(version), here.city, language(here.request)),
        city=here.city,
        words=ticket_words,
    )


routes = (beat,)
