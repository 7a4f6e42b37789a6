"""The use cases of special campaigns: one transaction each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from yixian.campaigns import checks, counting, fitting, store
from yixian.campaigns.model import (
    Board,
    Campaign,
    Candidate,
    Column,
    Deed,
    Fitting,
    Motion,
    Page,
    Phase,
    Plan,
    Row,
    Standing,
    Which,
    Whole,
)
from yixian.city.inforce import City
from yixian.db import jobs, outbox
from yixian.db.ids import new_id
from yixian.db.outbox import Event
from yixian.db.pool import Scope, Transaction
from yixian.people import audit
from yixian.people.model import SYSTEM_ACTOR, Actor, Role
from yixian.tickets import above
from yixian.tickets import service as tickets
from yixian.tickets.lifecycle import Refusal
from yixian.tickets.model import Action, Filters, State, Step
from yixian.tickets.service import Refused

USUAL_COLUMNS: Final = (
    Column("待派单", (State.AWAITING_DISPATCH,)),
    Column("待签收", (State.DISPATCHED,)),
    Column("办理中", (State.HANDLING, State.JOINT_REVIEW)),
    Column("审核", (State.UNIT_REVIEW, State.IN_REVIEW)),
    Column("待回访", (State.AWAITING_CALL_BACK,)),
    Column("已办结", (State.CLOSED, State.MERGED, State.WITHDRAWN, State.TERMINATED)),
)
"""The board of a campaign that says nothing of its own."""

LIMIT: Final = 20
LIMIT_MOST: Final = 100
CARDS: Final = 6
"""Tickets shown in a column; all of them are one click away."""
DAYS: Final = 30
BATCH: Final = 500
MOST_ROWS: Final = 50_000
"""Of an export."""


class NotFound(Exception):
    """No such campaign, or none that this person may see."""


class Unfit(Exception):
    """The plan cannot be used; `problems` are `(field, sentence)`."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__(problems[0][1])
        self.problems = tuple(problems)


class Overtaken(Exception):
    """Somebody changed the campaign in between."""

    def __init__(self) -> None:
        super().__init__("专项刚刚被他人修改，请查看最新内容后再操作。")


# -- From draft to end -------------------------------------------------------------------------------------------


async def draft(tx: Transaction, actor: Actor, plan: Plan, city: City, now: datetime) -> Campaign:
    """Writes a draft.

    Raises:
        Refused: not this person's work.
        Unfit: the plan cannot be used.
    """
    if not actor.roles & checks.DRAFTING:
        raise Refused(Refusal("专项由派单员或督办人员起草。"))
    plan, begins_at, ends_at = _settled(plan, city, now)
    campaign = Campaign(new_id(now), plan, begins_at, ends_at, Standing.DRAFT, now, actor.id, None, None, "", None, 1)
    await store.create(tx, campaign)
    await _written(tx, campaign.id, actor, "draft", "", {}, now)
    return campaign


async def do(tx: Transaction, actor: Actor, campaign: UUID, deed: Deed, motion: Motion, city: City, now: datetime) -> Whole:
    """Does a deed.

    Raises:
        NotFound: no such campaign, or none that this person may see.
        Refused: not now, or not this person.
        Unfit: what was written cannot be used.
        Overtaken: it was changed since this person looked at it.
    """
    if await store.find(tx, campaign) is None:
        raise NotFound("没有找到这个专项。")
    if not actor.roles & checks.DRAFTING:
        raise Refused(Refusal("您的岗位或专项的当前状态不能进行这项操作。"))
    found = await store.lock(tx, campaign)
    assert found is not None, "campaigns are never removed"
    if motion.version and motion.version != found.version:
        raise Overtaken
    if said := checks.refusal(found, deed, actor, now):
        raise Refused(Refusal(said))
    await _do(tx, actor, found, deed, motion, city, now)
    return await see(tx, actor, campaign, now)


async def _do(tx: Transaction, actor: Actor, campaign: Campaign, deed: Deed, motion: Motion, city: City, now: datetime) -> None:
    match deed:
        case Deed.REVISE:
            await _revise(tx, actor, campaign, motion, city, now)
        case Deed.APPROVE:
            await _approve(tx, actor, campaign, motion, city, now)
        case Deed.DISCARD:
            await store.discard(tx, campaign.id)
            await _written(tx, campaign.id, actor, deed, _said(motion), {}, now)
        case Deed.GATHER:
            counted = await fit(tx, campaign, city, now)
            await _written(tx, campaign.id, actor, deed, motion.note.strip(), {"joins": counted.joins, "moves": counted.moves}, now)
            await audit.record(tx, actor.id, "campaign.gather", now, subject=str(campaign.id), body={"joins": counted.joins})
            await jobs.put(tx, "campaigns.gather", {"campaign": str(campaign.id)}, now, key=f"campaigns.gather {campaign.id}")
        case Deed.END:
            await _end(tx, actor, campaign, motion, now)


async def _revise(tx: Transaction, actor: Actor, campaign: Campaign, motion: Motion, city: City, now: datetime) -> None:
    if motion.plan is None:
        raise Unfit([("plan", "此项必填。")])
    plan, begins_at, ends_at = _settled(motion.plan, city, now)
    await store.revise(tx, campaign.id, plan, begins_at, ends_at)
    await _written(tx, campaign.id, actor, Deed.REVISE, motion.note.strip(), {"before": msgspec.to_builtins(campaign.plan)}, now)


async def _approve(tx: Transaction, actor: Actor, campaign: Campaign, motion: Motion, city: City, now: datetime) -> None:
    _settled(campaign.plan, city, now)  # the city, or the day, may have changed since it was drafted
    await store.approve(tx, campaign.id, actor.id, now)
    force = dict.fromkeys((campaign.plan.lead, *campaign.plan.members))
    await store.tell(tx, campaign.id, [(unit, city.register.paths[unit]) for unit in force], now)
    await _written(tx, campaign.id, actor, Deed.APPROVE, motion.note.strip(), {}, now)
    await audit.record(tx, actor.id, "campaign.approve", now, subject=str(campaign.id), body={"name": campaign.plan.name})
    body = {"name": campaign.plan.name, "lead": campaign.plan.lead, "members": campaign.plan.members}
    await outbox.put(
        tx, Event("campaign.approved", campaign.id, {**body, "begins_at": campaign.begins_at, "ends_at": campaign.ends_at}, now)
    )


async def _end(tx: Transaction, actor: Actor, campaign: Campaign, motion: Motion, now: datetime) -> None:
    figures = await store.figures(tx, campaign.id, now)
    await store.end(tx, campaign.id, _said(motion), figures, now)
    kept = msgspec.to_builtins(figures)
    await _written(tx, campaign.id, actor, Deed.END, "", kept, now)
    await audit.record(tx, actor.id, "campaign.end", now, subject=str(campaign.id), body=kept)
    await outbox.put(tx, Event("campaign.ended", campaign.id, {"name": campaign.plan.name, **kept}, now))
    await jobs.put(tx, "campaigns.release", {"campaign": str(campaign.id)}, now, key=f"campaigns.release {campaign.id}")


def _said(motion: Motion) -> str:
    if not motion.note.strip():
        raise Unfit([("note", "此项必填。")])
    return motion.note.strip()


def _settled(plan: Plan, city: City, now: datetime) -> tuple[Plan, datetime, datetime]:
    """The plan with the usual columns where it has none, and from when till when it runs, UTC."""
    zone = ZoneInfo(city.pack.city.timezone)
    plan = msgspec.structs.replace(plan, columns=plan.columns or USUAL_COLUMNS)
    try:
        begins_at = datetime.combine(plan.first_day, time(), zone).astimezone(UTC)
        ends_at = datetime.combine(plan.last_day + timedelta(days=1), time(), zone).astimezone(UTC)
    except OverflowError:
        raise Unfit([("last_day", "日期无效。")]) from None
    if wrong := checks.problems(plan, max(begins_at, now), city, now.astimezone(zone).date()):
        raise Unfit(wrong)
    return plan, begins_at, ends_at


async def _written(tx: Transaction, campaign: UUID, actor: Actor, action: str, note: str, detail: dict[str, Any], now: datetime) -> None:
    role = next(r for r in Role if r in actor.roles)
    await store.put_step(tx, new_id(now), campaign, now, actor.id, role, action, note, detail)


# -- Looking -----------------------------------------------------------------------------------------------------


async def see(tx: Transaction, actor: Actor, campaign: UUID, now: datetime) -> Whole:
    """The campaign, what was done with it, and what this person may do now.

    Raises:
        NotFound: no such campaign, or none that this person may see.
    """
    found = await store.find(tx, campaign)
    if found is None:
        raise NotFound("没有找到这个专项。")
    return Whole(found, await store.entries(tx, campaign), checks.allowed(found, actor, now))


async def looked(tx: Transaction, actor: Actor, campaign: UUID, now: datetime) -> None:
    """The actor's unit has looked at the campaign: it is told of it no longer."""
    if actor.acting.scope is Scope.UNIT:
        await store.seen(tx, campaign, actor.unit_path, now)


async def unread(tx: Transaction, actor: Actor, now: datetime) -> dict[str, int]:
    """How many campaigns the actor's unit belongs to and has not looked at, by the desk's address. One statement."""
    return {"/desk/campaigns": await store.unread(tx, actor.unit_path)} if actor.acting.scope is Scope.UNIT else {}


NAMED: Final = 50
"""Campaigns to choose from; a city has a handful at once."""


async def under_way(tx: Transaction) -> tuple[above.Campaign, ...]:
    """The approved campaigns that the acting person may see, newest first: what a list can be narrowed by. One statement."""
    return tuple(above.Campaign(identifier, name) for identifier, name in await store.under_way(tx, NAMED))


async def worklist(tx: Transaction, which: Which, after: str, limit: int, now: datetime) -> Page:
    """A stretch of the campaigns that the acting person may see, those that begin last first. One statement.

    Raises:
        Refused: an `after` that we did not hand out.
    """
    limit = max(1, min(limit, LIMIT_MOST))
    lines = await store.lines(tx, which, _cursor(after), limit + 1, now)
    if len(lines) <= limit:
        return Page(lines, "")
    last = lines[limit - 1]
    return Page(lines[:limit], f"{last.begins_at.isoformat()}~{last.id}")


def _cursor(after: str) -> tuple[datetime, UUID] | None:
    if not after:
        return None
    at, _, identifier = after.partition("~")
    try:
        return datetime.fromisoformat(at).astimezone(UTC), UUID(identifier)
    except (ValueError, OverflowError):
        raise Refused(Refusal("翻页位置无效，请从第一页重新查看。")) from None


async def board(tx: Transaction, campaign: Campaign, city: City, now: datetime) -> Board:
    """How it stands, as far as the acting person may see. Four statements, however many tickets."""
    zone = city.pack.city.timezone
    today = now.astimezone(ZoneInfo(zone)).date()
    last = min(today, campaign.plan.last_day)
    first = max(campaign.plan.first_day, last - timedelta(days=DAYS - 1))
    figures = await store.figures(tx, campaign.id, now)
    tallies = await store.tallies(tx, campaign.id, now)
    cards = await store.cards(tx, campaign.id, campaign.plan.columns, CARDS, now)
    happened = await store.days(tx, campaign.id, zone, first)
    return Board(
        figures,
        counting.piles(campaign.plan.columns, tallies, cards),
        counting.by_unit(tallies),
        counting.by_district(tallies, city),
        counting.every_day(happened, first, last),
    )


async def list_tickets(
    tx: Transaction, actor: Actor, campaign: UUID, filters: Filters, after: str, limit: int, now: datetime
) -> tickets.Page:
    """A stretch of its tickets that this person may see, as in any list of tickets.

    Raises:
        NotFound: no such campaign, or none that this person may see.
        Refused: open and ended states asked for in one list, or an `after` that we did not hand out.
    """
    if await store.find(tx, campaign) is None:
        raise NotFound("没有找到这个专项。")
    return await tickets.worklist(tx, actor, msgspec.structs.replace(filters, campaign=campaign), after, limit, now)


async def export(tx: Transaction, campaign: UUID, now: datetime) -> tuple[Campaign, tuple[Row, ...]]:
    """Its tickets that the acting person may see, newest first, `MOST_ROWS` at most.

    Raises:
        NotFound: no such campaign, or none that this person may see.
    """
    found = await store.find(tx, campaign)
    if found is None:
        raise NotFound("没有找到这个专项。")
    return found, await store.rows(tx, campaign, now, MOST_ROWS)


async def fitting_now(tx: Transaction, campaign: UUID, city: City, now: datetime) -> Fitting:
    """What gathering the open tickets would do; nothing is changed. Reads every open ticket.

    Raises:
        NotFound: no such campaign, or none that this person may see.
    """
    found = await store.find(tx, campaign)
    if found is None:
        raise NotFound("没有找到这个专项。")
    return await fit(tx, found, city, now)


async def fit(tx: Transaction, campaign: Campaign, city: City, now: datetime) -> Fitting:
    """The same for a campaign that was read already."""
    approved = {c.id: c for c in await store.approved_as_seen(tx)}
    counted = Fitting(0, 0, 0, 0, 0)
    after: UUID | None = None
    while found := await store.open_ones(tx, after, BATCH * 4):
        part = fitting.counted(campaign, found, approved, city, now)
        counted = Fitting(*(a + b for a, b in zip(msgspec.structs.astuple(counted), msgspec.structs.astuple(part), strict=True)))
        after = found[-1].id
    return counted


# -- Joining and leaving: the worker's part ------------------------------------------------------------------------

DECIDES: Final = frozenset({Action.DISPATCH, Action.REASSIGN, Action.RULE, Action.REOPEN})
"""Steps after which a ticket's matter, place or unit may be another, or it is open again."""


async def hear(tx: Transaction, events: Sequence[Event]) -> None:
    """Notes that these tickets are to be held against the campaigns: done at once after, by a clock of its own."""
    moved = [e for e in events if e.kind == "ticket.opened" or e.body["action"] in tuple(DECIDES)]
    if moved and await store.any_approved(tx):
        body = {"tickets": [str(e.subject) for e in moved]}
        await jobs.put(tx, "campaigns.join", body, max(e.at for e in moved))


async def join(tx: Transaction, wanted: Sequence[UUID], city: City, now: datetime) -> int:
    """Takes these tickets into the campaigns that they fit; returns how many. Five statements, however many tickets."""
    approved = await store.approved(tx)
    running = [c for c in approved if c.phase(now) is Phase.RUNNING]
    return await _join(tx, await store.candidates(tx, wanted) if running else (), running, approved, city, now)


async def gather(tx: Transaction, campaign: UUID, after: UUID | None, city: City, now: datetime) -> tuple[int, UUID | None]:
    """Takes a stretch of the open tickets into the campaign, if it still runs: how many, and where the next stretch begins."""
    approved = await store.approved(tx)
    running = [c for c in approved if c.id == campaign and c.phase(now) is Phase.RUNNING]
    found = await store.open_ones(tx, after, BATCH) if running else ()
    joined = await _join(tx, found, running, approved, city, now)
    return joined, found[-1].id if found else None


async def _join(
    tx: Transaction, found: Sequence[Candidate], running: Sequence[Campaign], approved: Sequence[Campaign], city: City, now: datetime
) -> int:
    going = fitting.chosen(found, running, {c.id: c for c in approved}, city, now)
    if not going:
        return 0
    steps: Mapping[UUID, Step] = {ticket: Step(campaign=c.id, special=c.gives(now), note=c.plan.name) for ticket, c in going.items()}
    return len(await tickets.act_on_all(tx, SYSTEM_ACTOR, Action.JOIN, steps, city, now))


async def gathered(tx: Transaction, campaign: UUID, joined: int, now: datetime) -> None:
    """Writes down how many open tickets were taken in."""
    await _written(tx, campaign, SYSTEM_ACTOR, "gathered", "", {"joined": joined}, now)


async def release(tx: Transaction, campaign: UUID, city: City, now: datetime) -> int:
    """Lets a stretch of the open tickets of an ended campaign go; returns how many. They keep the limits they have."""
    found = await store.find(tx, campaign)
    if found is None or found.standing is not Standing.ENDED:
        return 0
    steps = {ticket: Step(note=found.plan.name) for ticket in await store.open_within(tx, campaign, BATCH)}
    return len(await tickets.act_on_all(tx, SYSTEM_ACTOR, Action.LEAVE, steps, city, now)) if steps else 0
