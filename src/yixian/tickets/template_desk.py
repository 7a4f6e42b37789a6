"""The page on which a unit's reviewer keeps the unit's answer templates, and a knowledge editor the whole city's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from yixian.people.guards import needs
from yixian.people.model import Role
from yixian.tickets import answers, choices, wording
from yixian.tickets.answers import Draft
from yixian.tickets.choices import Unclear, What
from yixian.tickets.desks import HERE, Here
from yixian.tickets.wording import Changed, NotYours, Unfit
from yixian.web.given import text_of, version_of
from yixian.web.problems import usual
from yixian.web.render import page

READING = (Role.HANDLER, Role.UNIT_REVIEWER, Role.KNOWLEDGE_EDITOR)
KEEPING = (Role.UNIT_REVIEWER, Role.KNOWLEDGE_EDITOR)


@get("/desk/templates", include_in_schema=False, dependencies=HERE, guards=[needs(*READING)])
async def template_desk(here: NamedDependency[Here], edit: FromQuery[str] = "", done: FromQuery[str] = "") -> Response[Any]:
    """All that this person's answers can begin from; `edit`: one of their own in its form."""
    return await _page(here, edit=edit, done=done if done in ("kept", "retired") else "")


@post("/desk/templates", include_in_schema=False, dependencies=HERE, guards=[needs(*KEEPING)])
async def keep_new(here: NamedDependency[Here]) -> Response[Any]:
    """Keeps a new one; when it cannot be used, the page says why and keeps what was typed."""
    return await _kept(here, None)


@post("/desk/templates/{identifier:uuid}", include_in_schema=False, dependencies=HERE, guards=[needs(*KEEPING)])
async def keep_changed(here: NamedDependency[Here], identifier: FromPath[UUID]) -> Response[Any]:
    """Keeps one of one's own anew."""
    return await _kept(here, identifier)


@post("/desk/templates/{identifier:uuid}/retire", include_in_schema=False, dependencies=HERE, guards=[needs(*KEEPING)])
async def retire(here: NamedDependency[Here], identifier: FromPath[UUID]) -> Response[Any]:
    """Takes one of one's own out of use."""
    sent = await here.request.form()
    try:
        async with here.db.transaction(here.session.actor.acting) as tx:
            await wording.retire(tx, here.session.actor, identifier, version_of(sent), here.now)
    except NotYours:
        raise usual(404) from None
    except Changed as changed:
        return await _page(here, errors={"": str(changed)}, status=409)
    return Redirect("/desk/templates?done=retired", status_code=303)


async def _kept(here: Here, identifier: UUID | None) -> Response[Any]:
    sent = await here.request.form()
    values = {name: text_of(sent, name) for name in ("title", "matter", "text")}
    version = version_of(sent)
    edit = str(identifier) if identifier else ""
    try:
        draft = Draft(values["title"], values["text"], choices.code_of(here.city, What.MATTERS, values["matter"]))
        async with here.db.transaction(here.session.actor.acting) as tx:
            await wording.keep(tx, here.session.actor, identifier, draft, version, here.city, here.now)
    except Unclear as unclear:
        return await _page(here, edit=edit, values=values, errors={"matter": str(unclear)}, version=version, status=422)
    except Unfit as unfit:
        return await _page(here, edit=edit, values=values, errors=dict(unfit.problems), version=version, status=422)
    except NotYours:
        raise usual(404) from None
    except Changed as changed:
        return await _page(here, edit=edit, values=values, errors={"": str(changed)}, status=409)
    return Redirect("/desk/templates?done=kept", status_code=303)


async def _page(
    here: Here,
    *,
    edit: str = "",
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    version: int = 0,
    done: str = "",
    status: int = 200,
) -> Response[Any]:
    owner = wording.owner(here.session.actor)
    async with here.db.transaction(here.session.actor.acting) as tx:
        kept = await wording.kept(tx)
    edited = next((t for t in kept if str(t.id) == edit and owner is not None and (t.unit or "") == owner), None)
    shown = {"title": "", "matter": "", "text": ""}
    if edited:
        shown = {"title": edited.title, "matter": choices.written(here.city, What.MATTERS, edited.matter), "text": edited.text}
    return page(
        here.request,
        "tickets/templates.html",
        status=status,
        session=here.session,
        owner=owner,
        kept=kept,
        edited=edited,
        version=version or (edited.version if edited else 0),
        values=values or shown,
        errors=errors or {},
        places=[name for name in answers.CALLED if not name.isascii()],
        city=here.city,
        done=done,
    )


routes = (template_desk, keep_new, keep_changed, retire)
