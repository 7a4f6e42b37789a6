"""The reviewers' desk: what was asked and what was answered side by side, one key for each verdict, and the next one opens at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from yixian.attachments import service as attachments
from yixian.attachments.model import Attachment
from yixian.people.guards import needs
from yixian.people.model import Role
from yixian.tickets import above, desks, forms, handling
from yixian.tickets import service as tickets
from yixian.tickets.desks import HERE, Here
from yixian.tickets.handling import Lacks
from yixian.tickets.model import Action, Filters, HistoryRow, Light, OrderRole, Page, Rated, State, Step
from yixian.tickets.presence.model import Present
from yixian.tickets.reviewing import calling, desk, service
from yixian.tickets.reviewing import words as review_words
from yixian.tickets.reviewing.desk import DESK, Wanted
from yixian.tickets.reviewing.model import Drawn, Figures
from yixian.tickets.sent import text
from yixian.tickets.service import Overtaken, Refused, Seen
from yixian.web.given import version_of
from yixian.web.problems import usual
from yixian.web.render import page

Asked = Request[Any, Any, Any]

REVIEWING: Final = (Role.REVIEWER, Role.SUPERVISOR)
ADDRESS: Final = "/desk/review"

TABS: Final = (
    ("answers", "待审核答复", Filters(states=(State.IN_REVIEW,)), "没有等待审核的答复。"),
    ("extensions", "延期申请", Filters(extension_asked=True), "没有等待审批的延期申请。"),
    ("rated", "不满意", Filters(states=(State.AWAITING_CALL_BACK,), rating=Rated.BAD), "没有等待处理的不满意评价。"),
    ("second", "抽查", Filters(), "没有等待抽查的答复。"),
)

NO_REASON: Final = "请选择或写明退回理由。"
FORMS_OF: Final[Mapping[str, tuple[Action, ...]]] = {
    "extensions": (Action.GRANT_EXTENSION, Action.REFUSE_EXTENSION),
    "rated": (Action.REDO, Action.REFER, Action.CLOSE),
}
"""What is decided in a tab beside the verdicts on answers: as on the ticket's page."""
KEYS: Final[Mapping[Action, str]] = {
    Action.GRANT_EXTENSION: "a", Action.REFUSE_EXTENSION: "s", Action.REDO: "r", Action.REFER: "w", Action.CLOSE: "c",
}  # fmt: skip
"""With which key each is opened."""


class Answered(msgspec.Struct, frozen=True):
    """An answer of an earlier round, or one that was sent back."""

    answer: str
    at: Any
    why: str = ""
    """Why it was sent back, or what the citizen said to it."""


class Opened(msgspec.Struct, frozen=True):
    """The ticket beside the list, with all that the verdict rests on."""

    seen: Seen
    rows: tuple[HistoryRow, ...]
    files: tuple[Attachment, ...]
    lacks: Lacks


class Tried(msgspec.Struct, frozen=True):
    """A verdict that could not be given."""

    status: int
    refused: str
    note: str = ""
    chosen: tuple[str, ...] = ()
    version: int = 0
    """What was looked at, when somebody was faster."""


class Listed(msgspec.Struct, frozen=True):
    """The list of the open tab."""

    found: Page
    drawn: tuple[Drawn, ...]
    taken: Mapping[UUID, tuple[Present, ...]]
    flags: Mapping[UUID, tuple[str, ...]]
    counts: Mapping[str, int]
    figures: Figures


@get(ADDRESS, include_in_schema=False, dependencies=DESK, guards=[needs(*REVIEWING)])
async def review_desk(here: NamedDependency[Here], wanted: NamedDependency[Wanted]) -> Response[Any]:
    """What waits for a verdict, by the clock; the first that nobody has open stands beside it, or the chosen one."""
    return await _desk(here, wanted)


async def _desk(here: Here, wanted: Wanted, tried: Tried | None = None) -> Response[Any]:
    key = wanted.tab if any(wanted.tab == t[0] for t in TABS) else "answers"
    async with here.db.transaction(here.session.actor.acting) as tx:
        listed, chosen = await _listed(here, tx, key, wanted)
        opened = await _opened(here, tx, chosen) if chosen else None
    return _page(here, key, listed, opened, wanted, tried)


async def _listed(here: Here, tx: Any, key: str, wanted: Wanted) -> tuple[Listed, str]:
    """The list, and the number of the ticket to stand beside it; empty when there is none."""
    actor, now = here.session.actor, here.now
    drawn = await service.to_look_at(tx, actor) if key == "second" else ()
    filters = next(f for name, _, f, _ in TABS if name == key)
    found = Page((), "") if key == "second" else await tickets.worklist(tx, actor, filters, wanted.after, service.LINES, now)
    ids = {d.ticket: d.number for d in drawn} or {line.id: line.number for line in found.lines}
    chosen, taken = await desk.chosen(here, tx, ids, wanted.ticket)
    waits = await service.waiting(tx, now)
    counts = {
        "answers": await service.count_answers(tx),
        "rated": waits[calling.Waiting.BAD],
        "second": await service.count_to_look_at(tx, actor),
    }
    flags = await above.flags(here.request, tx, found.lines, now)
    return Listed(found, drawn, taken, flags, counts, await service.figures(tx, actor, here.city, now)), chosen


async def _opened(here: Here, tx: Any, number: str) -> Opened | None:
    """The ticket; None when it is gone meanwhile."""
    if (found := await desk.seen(here, tx, number)) is None:
        return None
    seen, rows = found
    files = await attachments.of_ticket(tx, seen.ticket.id)
    return Opened(seen, rows, files, await handling.looked_at(tx, here, seen.ticket, rows, seen.ticket.answer))


def _page(here: Here, key: str, listed: Listed, opened: Opened | None, wanted: Wanted, tried: Tried | None) -> Response[Any]:
    ticket = opened.seen.ticket if opened else None
    back = f"{ADDRESS}?tab={key}"
    offered = [e.action for e in opened.seen.offered] if opened else []
    return page(
        here.request,
        "tickets/review.html",
        status=tried.status if tried else 200,
        **desk.around(here, opened.seen if opened else None, opened.rows if opened else (), listed.taken, tried.version if tried else 0),
        tabs=[(f"{ADDRESS}?tab={name}", label, listed.counts.get(name), name == key) for name, label, _, _ in TABS],
        key=key,
        empty_said=next(empty for name, _, _, empty in TABS if name == key),
        found=listed.found,
        drawn=listed.drawn,
        taken=listed.taken,
        flags=listed.flags,
        figures=listed.figures,
        next=f"{back}&{urlencode({'after': listed.found.after})}" if listed.found.after else "",
        first=back if wanted.after else "",
        back=back,
        seen=opened.seen if opened else None,
        light=desks.light_of(ticket, here.now) if ticket else Light.NONE,
        **(beside(opened) if opened else {}),
        may_pass=Action.PASS in offered,
        forms=[(a, forms.FORMS[a]) for a in FORMS_OF.get(key, ()) if a in offered],
        form_keys=KEYS,
        second=next((d for d in listed.drawn if ticket and d.ticket == ticket.id), None),
        reasons=review_words.REASONS,
        chosen=tried.chosen if tried else (),
        typed=tried.note if tried else "",
        refused=tried.refused if tried else "",
        **desk.told(wanted, {"agrees": "抽查合格", "doubts": "抽查不合格"}),
    )


def beside(opened: Opened) -> dict[str, Any]:
    """Both sides, as the page shows them."""
    ticket, rows = opened.seen.ticket, opened.rows
    return {
        "questions": service.questions(ticket.text),
        "added": [row for row in rows if row.action == Action.SUPPLEMENT],
        "earlier": earlier(rows),
        "contacts": [row for row in rows if row.action == Action.CONTACT],
        "parts": [o for o in opened.seen.orders if o.role is OrderRole.CO and o.part_at],
        "asked_files": [f for f in opened.files if f.side == "resident"],
        "answer_files": [f for f in opened.files if f.side != "resident"],
        "lacks": opened.lacks,
    }


def earlier(rows: Sequence[HistoryRow]) -> tuple[Answered, ...]:
    """The answers before the present one, oldest first, each with why it did not do."""
    found: list[Answered] = []
    for row in rows:
        if row.action == Action.REPLY:
            found.append(Answered(str(row.detail.get("answer") or ""), row.at))
        elif found and row.action in (Action.SEND_BACK, Action.REDO, Action.REFER, Action.REOPEN):
            found[-1] = msgspec.structs.replace(found[-1], why=row.note)
    return tuple(found[:-1])


@post("/desk/review/{number:str}/pass", include_in_schema=False, dependencies=HERE, guards=[needs(*REVIEWING)])
async def pass_answer(here: NamedDependency[Here], number: FromPath[str]) -> Response[Any]:
    """The answer answers."""
    form = await here.request.form()
    return await _verdict(here, number, Action.PASS, Step(note=text(form, "note"), version=version_of(form)))


@post("/desk/review/{number:str}/back", include_in_schema=False, dependencies=HERE, guards=[needs(*REVIEWING)])
async def send_back(here: NamedDependency[Here], number: FromPath[str]) -> Response[Any]:
    """It does not: back to the unit, with a ready reason, words, or both."""
    form = await here.request.form()
    chosen = tuple(key for key in review_words.REASONS if key in [str(one) for one in form.getall("reason", [])])
    typed = text(form, "note")
    note = "；".join([*(review_words.REASONS[key] for key in chosen), *([typed.strip()] if typed.strip() else [])])
    if not note:
        return await _desk(here, Wanted("answers", number), Tried(422, NO_REASON, typed, chosen))
    return await _verdict(here, number, Action.SEND_BACK, Step(note=note, version=version_of(form)), typed, chosen)


async def _verdict(here: Here, number: str, action: Action, step: Step, typed: str = "", chosen: tuple[str, ...] = ()) -> Response[Any]:
    actor = here.session.actor
    try:
        async with here.db.transaction(actor.acting) as tx:
            await above.check(here.request, tx, number, action)
            ticket, _ = await tickets.read(tx, number)
            if ticket.state is not State.IN_REVIEW and step.version in (0, ticket.version):
                raise usual(409)
            await tickets.act(tx, actor, number, action, step, here.city, here.now)
    except Refused as refused:
        return await _desk(here, Wanted("answers", number), Tried(409, str(refused), typed, chosen))
    except Overtaken as overtaken:
        return await _desk(here, Wanted("answers", number), Tried(409, str(overtaken), typed, chosen, step.version))
    here.db.wake()
    return Redirect(f"{ADDRESS}?{urlencode({'done': action, 'number': number})}", status_code=303)


@post("/desk/review/{number:str}/second", include_in_schema=False, dependencies=HERE, guards=[needs(*REVIEWING)])
async def second_look(here: NamedDependency[Here], number: FromPath[str]) -> Response[Any]:
    """What somebody else thinks of an answer that was passed."""
    form = await here.request.form()
    agrees, said = form.get("agrees") == "1", text(form, "note")
    try:
        async with here.db.transaction(here.session.actor.acting) as tx:
            await service.look(tx, here.session.actor, number, version_of(form), said, here.now, agrees=agrees)
    except Refused as refused:
        return await _desk(here, Wanted("second", number), Tried(409, str(refused), said))
    told = {"tab": "second", "done": "agrees" if agrees else "doubts", "number": number}
    return Redirect(f"{ADDRESS}?{urlencode(told)}", status_code=303)


def sayings() -> tuple[str, ...]:
    """Fixed sentences of both desks, for the test of the catalogue."""
    tabs = tuple(said for _, label, _, empty in TABS for said in (label, empty))
    return (NO_REASON, "抽查合格", "抽查不合格", *tabs, *service.sayings(), *review_words.sayings(), *calling.sayings())


routes = (review_desk, pass_answer, send_back, second_look, *calling.routes)
