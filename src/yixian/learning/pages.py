"""The desk of models: which is live, how it compares, how matters do, and what the list leaves open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from yixian.db.pool import NOBODY, Scope, Transaction
from yixian.learning import gaps, service, watch, words
from yixian.learning.model import Model
from yixian.learning.service import NotFound, Overtaken, Refused
from yixian.people.guards import needs
from yixian.tickets.desks import HERE, Here
from yixian.web.problems import usual
from yixian.web.render import page

COMPARED: Final = 4
"""So many models stand side by side."""
WATCHED: Final = 100
"""So many matters are listed, those with most wrong ones first."""


LOOKING: Final = tuple(service.LOOKING)
RULING: Final = tuple(service.LOOKING & service.RULING)


class Tried(msgspec.Struct, frozen=True):
    """A deed that could not be done, with what was typed."""

    deed: str
    """`live-3`, `back`, `lift-ST0101`: the form."""
    reason: str
    sentence: str
    status: int


@get("/desk/models", include_in_schema=False, dependencies=HERE, guards=[needs(*LOOKING)])
async def models_desk(here: NamedDependency[Here], tab: FromQuery[str] = "", done: FromQuery[str] = "") -> Response[Any]:
    """Models and what is live; how matters do; what the responsibility list leaves open."""
    return await _page(here, tab, done=done)


@post("/desk/models/live/{version:int}", include_in_schema=False, dependencies=HERE, guards=[needs(*RULING)])
async def go_live(here: NamedDependency[Here], version: FromPath[int]) -> Response[Any]:
    """Makes a model live."""

    async def deed(tx: Transaction, seen: UUID | None, reason: str) -> None:
        if not 0 < version < 2**31:
            raise NotFound(f"没有 V{version} 版模型，请从列表中选择。")
        await service.go_live(tx, here.session.actor, version, seen, reason, here.now)

    return await _do(here, "models", "live", f"live-{version}", deed)


@post("/desk/models/back", include_in_schema=False, dependencies=HERE, guards=[needs(*RULING)])
async def go_back(here: NamedDependency[Here]) -> Response[Any]:
    """Goes back to what was live before."""

    async def deed(tx: Transaction, seen: UUID | None, reason: str) -> None:
        await service.go_back(tx, here.session.actor, seen, reason, here.now)

    return await _do(here, "models", "back", "back", deed)


@post("/desk/models/lift/{matter:str}", include_in_schema=False, dependencies=HERE, guards=[needs(*RULING)])
async def lift(here: NamedDependency[Here], matter: FromPath[str]) -> Response[Any]:
    """Lets a suspended matter be dispatched at once again."""

    async def deed(tx: Transaction, _seen: UUID | None, reason: str) -> None:
        if matter not in here.city.matters:
            raise NotFound("该事项没有被暂停，可能已有人恢复。")
        await service.lift(tx, here.session.actor, matter, reason, here.now)

    return await _do(here, "watch", "lift", f"lift-{matter}", deed)


async def _do(
    here: Here, tab: str, done: str, form: str, deed: Callable[[Transaction, UUID | None, str], Awaitable[None]]
) -> Response[Any]:
    sent = await here.request.form()
    reason, seen = str(sent.get("reason") or ""), str(sent.get("seen") or "")
    try:
        given = UUID(seen) if seen else None
    except ValueError:
        raise usual(400) from None
    try:
        # Nothing here is about a ticket: an administrator, who sees none, may do it as well.
        async with here.db.transaction(msgspec.structs.replace(NOBODY, actor=here.session.actor.id)) as tx:
            await deed(tx, given, reason)
    except (Refused, Overtaken) as refused:
        return await _page(here, tab, tried=Tried(form, reason, str(refused), 409 if isinstance(refused, Overtaken) else 422))
    except NotFound as missing:
        return await _page(here, tab, tried=Tried(form, reason, str(missing), 404))
    return Redirect(f"/desk/models?tab={tab}&done={done}", status_code=303)


async def _page(here: Here, tab: str, *, done: str = "", tried: Tried | None = None) -> Response[Any]:
    actor = here.session.actor
    sees_tickets = actor.acting.scope is Scope.HOTLINE
    tabs = [t for t in words.TABS if t[0] != "gaps" or sees_tickets]
    key = tab if tab in dict(tabs) else "models"
    async with here.db.transaction(actor.acting) as tx:
        found = await service.overview(tx)
        report = await service.report(tx, here.city, here.now) if key == "gaps" else None
    return page(
        here.request,
        "learning/models.html",
        status=tried.status if tried else 200,
        session=here.session,
        tabs=tabs,
        key=key,
        found=found,
        compared=_compared(found),
        watched=[(w, here.city.matter_name(w.matter)) for w in found.watched[:WATCHED]],
        suspended={s.matter for s in found.suspended},
        report=report,
        days=gaps.WINDOW.days,
        may=bool(service.RULING & actor.roles),
        done=words.DONE.get(done, ""),
        tried=tried,
        alpha=watch.ALPHA,
        longest=service.LONGEST_REASON,
        city=here.city,
        now=here.now,
        words=words,
    )


def _compared(found: service.Overview) -> tuple[Model, ...]:
    """The newest models that have figures, and the live one however old it is."""
    live = found.live.model if found.live else None
    with_figures = [m for m in found.models if m.card.with_model]
    newest = {m.version for m in with_figures[:COMPARED]} | ({live} if live else set[int]())
    return tuple(m for m in with_figures if m.version in newest)


routes = (models_desk, go_live, go_back, lift)
