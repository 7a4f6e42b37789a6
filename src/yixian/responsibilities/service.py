"""The use cases of the list's life: one transaction each. Open it as `review.acting` says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from yixian.city import amendments as amending
from yixian.city import service as cities
from yixian.city.amendments import Amendment
from yixian.city.inforce import City
from yixian.city.model import Responsibility
from yixian.city.responsibility import holds_on
from yixian.city.service import EntryChange, ListInForce
from yixian.db.ids import new_id
from yixian.db.outbox import Event
from yixian.db.pool import Transaction
from yixian.people.model import Actor
from yixian.people.refusals import Invalid
from yixian.responsibilities import checks, concerned, review, store
from yixian.responsibilities.concerned import Naming
from yixian.responsibilities.difference import fields
from yixian.responsibilities.model import (
    Answer,
    ChangeKind,
    FieldChange,
    Filters,
    Finding,
    Page,
    Proposal,
    Source,
    Stand,
    State,
    Step,
    StepRow,
    UnitSaid,
    Wanted,
)

LIMIT: Final = 50
LIMIT_MOST: Final = 200
MOST_AT_ONCE: Final = 5_000
"""Proposals that are made or approved in one go: a whole list, and no more."""

_CODE_LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._")
_LONGEST_REASON: Final = 2_000


class NotFound(Exception):
    """No such proposal, entry or file, or none that this person may see: they look the same on purpose."""


class Refused(Exception):
    """Not possible now, or not for this person; the sentences are for the screen."""

    def __init__(self, sentence: str, *more: str) -> None:
        super().__init__(sentence)
        self.sentences = (sentence, *more)


class Overtaken(Exception):
    """Somebody moved the proposal, or changed the entry, in between."""


class Seen(msgspec.Struct, frozen=True):
    """A proposal as one person sees it."""

    proposal: Proposal
    steps: tuple[StepRow, ...]
    stands: Mapping[str, Stand]
    """By unit."""
    fields: tuple[FieldChange, ...]
    offered: tuple[Step, ...]
    """What this person may do now."""
    kept_from: tuple[str, ...]
    """Why it could not be approved as the list reads now: equal owners, matters without one, an entry that changed meanwhile."""
    warnings: tuple[str, ...]


class EntrySeen(msgspec.Struct, frozen=True):
    """An entry of the list with everything that was and is to be."""

    code: str
    versions: tuple[Responsibility, ...]
    """By their first day."""
    history: tuple[EntryChange, ...]
    proposals: tuple[Proposal, ...]
    """The last that this person may see, newest first."""
    amended: bool
    """Whether anything was approved over what the pack says."""


def today(city: City, now: datetime) -> date:
    """The day in the city."""
    return now.astimezone(ZoneInfo(city.pack.city.timezone)).date()


# -- Proposing ---------------------------------------------------------------------------------------------------


async def propose(
    tx: Transaction, actor: Actor, wanted: Sequence[Wanted], city: City, now: datetime, *, draft: bool = False, file: UUID | None = None
) -> tuple[UUID, ...]:
    """Makes proposals and sends them to the units concerned (not `draft`). All of them, or none.

    Raises:
        Invalid: something about one of them; the field is the list's column.
        Refused: not for this person; or too many at once.
    """
    if not review.RIGHTS[Step.PROPOSE] & actor.roles:
        raise Refused("您的角色不能进行这项操作；如工作需要，请联系管理员。")
    if not 0 < len(wanted) <= MOST_AT_ONCE:
        raise Refused("一次最多提出五千条建议，请分几次提交。")
    versions = _by_code((await cities.responsibility_list(tx)).entries)
    taken = {*versions, *(await store.taken_codes(tx))}
    naming = Naming(city)
    made: list[Proposal] = []
    for one in wanted:
        proposal = _proposal(actor, one, _code(one, taken), versions, naming, now)
        taken.add(proposal.code)
        made.append(msgspec.structs.replace(proposal if draft else _asking(proposal, actor, naming, now), import_=file))
    if twice := [code for code, count in _counted(made).items() if count > 1]:
        raise Invalid("code", f"编码“{twice[0]}”出现了不止一次，请保留一条。")
    steps = [_step(p, actor, Step.PROPOSE, now, p.reason, {"sent": not draft}) for p in made]
    events = [] if draft else [_sent(p, now) for p in made]
    await store.insert(tx, made, steps, events)
    return tuple(p.id for p in made)


Versions = Mapping[str, list[Responsibility]]
"""Every version of every entry, by code."""


def _by_code(entries: Iterable[Responsibility]) -> Versions:
    found: dict[str, list[Responsibility]] = {}
    for entry in entries:
        found.setdefault(entry.code, []).append(entry)
    return found


def _standing(versions: Versions, code: str, on: date) -> Responsibility | None:
    """How an entry reads on a day; None when there is none."""
    return next((entry for entry in versions.get(code, ()) if holds_on(entry, on)), None)


def _proposal(actor: Actor, wanted: Wanted, code: str, versions: Versions, naming: Naming, now: datetime) -> Proposal:
    before = _standing(versions, code, wanted.since)
    after = msgspec.structs.replace(wanted.entry, code=code, valid_from=wanted.since) if wanted.entry else None
    _check(wanted, before, after, naming, now)
    return Proposal(
        id=new_id(now),
        number=0,
        kind=ChangeKind.ENDED if after is None else ChangeKind.CHANGED if before else ChangeKind.NEW,
        code=code,
        before=before,
        after=after,
        since=wanted.since,
        reason=wanted.reason.strip(),
        source=wanted.source,
        source_ref=wanted.source_ref,
        import_=None,
        state=State.DRAFT,
        proposed_by=actor.id,
        proposed_at=now,
        sent_by=None,
        due=None,
        decided_by=None,
        decided_at=None,
        load_id=None,
        version=1,
    )


def _asking(proposal: Proposal, actor: Actor, naming: Naming, now: datetime) -> Proposal:
    """The proposal as it is sent to the units concerned."""
    city = naming.city
    units = concerned.units_of(naming, proposal.entries)
    return msgspec.structs.replace(
        proposal,
        state=State.IN_REVIEW,
        sent_by=actor.id,
        due=city.due(now, review.TIME_TO_ANSWER),
        units=tuple(UnitSaid(unit, city.register.paths[unit]) for unit in units),
    )


def _code(wanted: Wanted, taken: Iterable[str]) -> str:
    """The entry's code; for a new one without, the next free of its matter."""
    if wanted.code:
        if len(wanted.code) > 40 or not _CODE_LETTERS.issuperset(wanted.code):
            raise Invalid("code", "编码只能用字母、数字和 - . _，最多四十个字符。")
        return wanted.code
    if wanted.entry is None:
        raise Invalid("code", "请选择要终止的职责条目。")
    stem = f"{wanted.entry.matter}-"
    used = [int(rest) for code in taken if code.startswith(stem) and (rest := code.removeprefix(stem)).isdecimal()]
    return f"{stem}{max(used, default=0) + 1}"


def _check(wanted: Wanted, before: Responsibility | None, after: Responsibility | None, naming: Naming, now: datetime) -> None:
    if not wanted.reason.strip():
        raise Invalid("reason", "请写明理由，有关单位会看到。")
    if len(wanted.reason) > _LONGEST_REASON:
        raise Invalid("reason", "理由太长了，请缩短到两千字以内。")
    if wanted.since < today(naming.city, now):
        raise Invalid("since", "生效日不能早于今天。")
    if after is None and before is None:
        raise Invalid("code", f"“{wanted.code}”在 {wanted.since} 已不在清单内，不需要终止。")
    if after is not None and before is not None and not fields(before, after):
        raise Invalid("code", f"“{after.code}”没有改动，不需要提出建议。")
    if after is not None and (found := checks.of_entry(naming, after)):
        raise Invalid(found[0].field, found[0].sentence)


def look_over(wanted: Wanted, city: City, now: datetime) -> tuple[Finding, ...]:
    """All that is wrong with what somebody filled in; `propose` names only the first."""
    found = list(checks.of_entry(Naming(city), wanted.entry)) if wanted.entry else []
    if not wanted.reason.strip():
        found.append(Finding("reason", "请写明理由，有关单位会看到。"))
    if wanted.since < today(city, now):
        found.append(Finding("since", "生效日不能早于今天。"))
    return tuple(found)


def _counted(proposals: Iterable[Proposal]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for proposal in proposals:
        counts[proposal.code] = counts.get(proposal.code, 0) + 1
    return counts


# -- The units' review and the decision --------------------------------------------------------------------------


async def send(tx: Transaction, actor: Actor, identifier: UUID, city: City, now: datetime, version: int = 0) -> Proposal:
    """Sends a draft to the units concerned.

    Raises:
        NotFound, Refused, Overtaken: as for `approve`.
    """
    proposal = await _take(tx, actor, identifier, Step.SEND, now, "", version)
    asked = _asking(proposal, actor, Naming(city), now)
    await store.ask(tx, proposal.id, asked.units)
    return await _move(tx, actor, asked, Step.SEND, now, "", {"units": [said.unit for said in asked.units]}, _sent(asked, now))


async def answer(
    tx: Transaction, actor: Actor, identifier: UUID, said: Answer, reason: str, basis: str, now: datetime, version: int = 0
) -> Proposal:
    """A unit's reviewer answers for their unit, and for units below it that were asked too.

    Raises:
        Invalid: an objection without a reason or a basis.
        NotFound, Refused, Overtaken: as for `approve`; the time is over.
    """
    if said is Answer.OBJECT:
        for field, text, sentence in (("reason", reason, "请写明不同意的理由。"), ("basis", basis, "请写明依据：法规条款或“三定”规定。")):
            if not text.strip():
                raise Invalid(field, sentence)
    if max(len(reason), len(basis)) > _LONGEST_REASON:
        raise Invalid("reason", "理由太长了，请缩短到两千字以内。")
    proposal = await _take(tx, actor, identifier, Step.ANSWER, now, reason, version)
    units = [one.unit for one in review.own_units(actor, proposal)]
    await store.answer(tx, proposal.id, units, said, reason.strip(), basis.strip(), actor.id, now)
    detail = {"answer": said.value, "basis": basis.strip(), "units": units}
    event = Event("list.answered", proposal.id, {**_told(proposal), "answer": said.value, "units": units}, now)
    return await _move(tx, actor, proposal, Step.ANSWER, now, reason.strip(), detail, event)


async def approve(
    tx: Transaction,
    actor: Actor,
    identifiers: Sequence[UUID],
    city: City,
    now: datetime,
    note: str = "",
    since: date | None = None,
    versions: Mapping[UUID, int] | None = None,
) -> tuple[Proposal, ...]:
    """Brings proposals into force, all of them or none: from `since` on, else from the day each proposes, today at the earliest.

    Raises:
        NotFound: one of them is not there, or not for this person to see.
        Refused: a unit's time still runs; it is one's own; the list would have two equal owners or a matter without one; too many at once.
        Overtaken: somebody moved one (against `versions`), or its entry reads otherwise than when it was proposed.
    """
    wanted = list(dict.fromkeys(identifiers))
    if not 0 < len(wanted) <= MOST_AT_ONCE:
        raise Refused("请选择要批准的建议，一次最多五千条。")
    if since is not None and since < today(city, now):
        raise Invalid("since", "生效日不能早于今天。")
    await cities.take_turns(tx)
    found = await store.find(tx, wanted, lock=True)
    if len(found) < len(wanted):
        raise NotFound("没有找到这条建议，请核对地址。")
    for proposal in found:
        _may(actor, proposal, Step.APPROVE, now, note, (versions or {}).get(proposal.id, 0))
    dated = [_dated(proposal, since or max(proposal.since, today(city, now))) for proposal in found]
    standing = await cities.responsibility_list(tx)
    if sentences := _kept_from(dated, standing, city):
        raise Refused(*sentences)
    by_code = _by_code(standing.entries)
    changes = [(Amendment(p.code, p.since, p.after, p.id), _standing(by_code, p.code, p.since)) for p in dated]
    load = await cities.amend(tx, changes, now, actor.id)
    moved = [_moved(_decided(p, actor, State.APPROVED, now, load)) for p in dated]
    steps = [_step(p, actor, Step.APPROVE, now, note.strip(), _counted_as(p, now)) for p in moved]
    events = [Event("list.approved", p.id, {**_told(p), "since": p.since, "load": load}, now) for p in moved]
    await _write(tx, moved, steps, events)
    return tuple(moved)


async def refuse(tx: Transaction, actor: Actor, identifier: UUID, note: str, now: datetime, version: int = 0) -> Proposal:
    """Turns a proposal down, with a reason.

    Raises:
        NotFound, Refused, Overtaken: as for `approve`.
    """
    proposal = await _take(tx, actor, identifier, Step.REFUSE, now, note, version)
    decided = _decided(proposal, actor, State.REFUSED, now)
    event = Event("list.refused", decided.id, {**_told(decided), "note": note.strip()}, now)
    return await _move(tx, actor, decided, Step.REFUSE, now, note.strip(), {}, event)


async def withdraw(tx: Transaction, actor: Actor, identifier: UUID, note: str, now: datetime, version: int = 0) -> Proposal:
    """Takes a proposal back before it is decided.

    Raises:
        NotFound, Refused, Overtaken: as for `approve`.
    """
    proposal = await _take(tx, actor, identifier, Step.WITHDRAW, now, note, version)
    back = msgspec.structs.replace(proposal, state=State.WITHDRAWN)
    return await _move(tx, actor, back, Step.WITHDRAW, now, note.strip(), {}, Event("list.withdrawn", back.id, _told(back), now))


async def mark_silent(tx: Transaction, now: datetime, most: int) -> tuple[Event, ...]:
    """Notes the units that let their time pass, for up to `most` proposals; what is to be told of them."""
    found = await store.mark_silent(tx, now, most)
    return tuple(Event("list.review_over", one.id, {"number": one.number, "code": one.code, "silent": one.units}, now) for one in found)


async def _take(tx: Transaction, actor: Actor, identifier: UUID, step: Step, now: datetime, note: str, version: int) -> Proposal:
    """The proposal, locked, once it is known that this person may take the step."""
    found = await store.find(tx, [identifier], lock=True)
    if not found:
        raise NotFound("没有找到这条建议，请核对地址。")
    _may(actor, found[0], step, now, note, version)
    return found[0]


def _may(actor: Actor, proposal: Proposal, step: Step, now: datetime, note: str, version: int) -> None:
    if len(note) > _LONGEST_REASON:
        raise Invalid("note", "理由太长了，请缩短到两千字以内。")
    if version and version != proposal.version:
        raise Overtaken("这条建议刚刚有了新的进展，请查看后再操作。")
    if sentence := review.refusal(actor, step, proposal, now, note):
        raise Refused(sentence)


async def _move(
    tx: Transaction, actor: Actor, proposal: Proposal, step: Step, now: datetime, note: str, detail: dict[str, Any], event: Event
) -> Proposal:
    moved = _moved(proposal)
    await _write(tx, [moved], [_step(moved, actor, step, now, note, detail)], [event])
    return moved


async def _write(tx: Transaction, moved: Sequence[Proposal], steps: Sequence[StepRow], events: Sequence[Event]) -> None:
    if await store.move(tx, moved, steps, events) < len(moved):
        raise Overtaken("这条建议刚刚有了新的进展，请查看后再操作。")


def _decided(proposal: Proposal, actor: Actor, state: State, now: datetime, load: int | None = None) -> Proposal:
    return msgspec.structs.replace(proposal, state=state, decided_by=actor.id, decided_at=now, load_id=load)


def _moved(proposal: Proposal) -> Proposal:
    return msgspec.structs.replace(proposal, version=proposal.version + 1)


def _dated(proposal: Proposal, since: date) -> Proposal:
    after = msgspec.structs.replace(proposal.after, valid_from=since) if proposal.after else None
    return msgspec.structs.replace(proposal, since=since, after=after)


def _counted_as(proposal: Proposal, now: datetime) -> dict[str, Any]:
    """How the units were counted when it was approved."""
    stands = {said.unit: review.stand(said, proposal.due, now) for said in proposal.units}
    return {"since": proposal.since, "load": proposal.load_id, "stands": stands}


def _kept_from(proposals: Sequence[Proposal], standing: ListInForce, city: City) -> tuple[str, ...]:
    """What keeps these proposals, together, from being in force."""
    before, naming = standing.entries, Naming(city)
    versions = _by_code(before)
    wrong = [sentence for proposal in proposals for sentence in _wrong(proposal, versions, naming)]
    wrong += [f"“{code}”有不止一条建议，请分开批准。" for code, count in _counted(proposals).items() if count > 1]
    if wrong:
        return tuple(dict.fromkeys(wrong))
    return checks.of_list(city, before, _with(standing, proposals), _matters(proposals), _days(proposals))


def _wrong(proposal: Proposal, versions: Versions, naming: Naming) -> Iterable[str]:
    """What is wrong with one by itself: its entry changed meanwhile, or the city did."""
    if not _same(_standing(versions, proposal.code, proposal.since), proposal.before):
        yield f"“{proposal.code}”在提出建议后已经改动，请按最新内容重新提出。"
    if proposal.after is not None:
        yield from (finding.sentence for finding in checks.of_entry(naming, proposal.after))


def _same(one: Responsibility | None, other: Responsibility | None) -> bool:
    """Whether two versions read alike, whatever their days."""
    return (one is None and other is None) or (one is not None and other is not None and not _undated(one, other))


def _undated(one: Responsibility, other: Responsibility) -> list[FieldChange]:
    return [change for change in fields(one, other) if change.field != "valid_to"]


def _with(standing: ListInForce, proposals: Iterable[Proposal]) -> tuple[Responsibility, ...]:
    return amending.in_force(standing.pack, (*standing.amendments, *(Amendment(p.code, p.since, p.after, p.id) for p in proposals)))


def _matters(proposals: Iterable[Proposal]) -> set[str]:
    return {entry.matter for proposal in proposals for entry in proposal.entries}


def _days(proposals: Iterable[Proposal]) -> set[date]:
    """The days on which the list reads otherwise than the day before."""
    ends = {p.after.valid_to + timedelta(days=1) for p in proposals if p.after and p.after.valid_to and p.after.valid_to < date.max}
    return {p.since for p in proposals} | ends


def _step(proposal: Proposal, actor: Actor, step: Step, now: datetime, note: str, detail: dict[str, Any]) -> StepRow:
    return StepRow(proposal.id, proposal.version, now, actor.id, actor.name, actor.unit, step.value, note, detail)


def _sent(proposal: Proposal, now: datetime) -> Event:
    return Event("list.sent", proposal.id, {**_told(proposal), "due": proposal.due, "units": [said.unit for said in proposal.units]}, now)


def _told(proposal: Proposal) -> dict[str, Any]:
    return {"code": proposal.code, "matter": proposal.matter, "kind": proposal.kind.value, "source": proposal.source.value}


# -- Looking -----------------------------------------------------------------------------------------------------


async def see(tx: Transaction, actor: Actor, identifier: UUID, city: City, now: datetime) -> Seen:
    """A proposal with its steps, how its units stand, and what this person may do.

    Raises:
        NotFound: none that this person may see.
    """
    found = await store.find(tx, [identifier])
    if not found:
        raise NotFound("没有找到这条建议，请核对地址。")
    proposal = found[0]
    offered = tuple(step for step in Step if step is not Step.PROPOSE and _offered(actor, step, proposal, now))
    kept_from, warnings = await _look_ahead(tx, proposal, city, now) if _open(proposal) else ((), ())
    return Seen(
        proposal=proposal,
        steps=await store.steps(tx, identifier),
        stands={said.unit: review.stand(said, proposal.due, now) for said in proposal.units},
        fields=fields(proposal.before, proposal.after),
        offered=offered,
        kept_from=kept_from,
        warnings=warnings,
    )


def _open(proposal: Proposal) -> bool:
    return proposal.state in (State.DRAFT, State.IN_REVIEW)


def _offered(actor: Actor, step: Step, proposal: Proposal, now: datetime) -> bool:
    # With a note in hand: whether one is needed the form says.
    return review.refusal(actor, step, proposal, now, "-") is None


async def _look_ahead(tx: Transaction, proposal: Proposal, city: City, now: datetime) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What would keep it from being approved, and what somebody should know."""
    standing = await cities.responsibility_list(tx)
    dated = _dated(proposal, max(proposal.since, today(city, now)))
    after = _with(standing, [dated])
    taken = checks.shadowed(city, dated.after, after) if dated.after else ()
    return _kept_from([dated], standing, city), (*taken, *checks.warnings(city, after, _matters([dated])))


async def listing(tx: Transaction, filters: Filters, after: int, limit: int, now: datetime) -> Page:
    """Proposals that the acting person may see, newest first."""
    return await store.listing(tx, filters, after, min(limit, LIMIT_MOST), now)


async def counts(tx: Transaction, now: datetime) -> dict[str, int]:
    """How many proposals that the acting person may see stand where; `overdue`: the units' time is over, and nobody has decided."""
    return await store.counts(tx, now)


async def names(tx: Transaction, staff: Iterable[str | None]) -> dict[str, str]:
    """The names of people who took steps, by staff id."""
    return await store.names(tx, sorted({one for one in staff if one}))


async def entry(tx: Transaction, code: str, now: datetime) -> EntrySeen:
    """An entry with its versions, its whole history, and its proposals as far as the acting person may see them.

    Raises:
        NotFound: there never was such an entry.
    """
    standing = await cities.responsibility_list(tx)
    history = await cities.entry_history(tx, code)
    versions = tuple(version for version in standing.entries if version.code == code)
    if not history and not versions:
        raise NotFound("没有这个职责条目，请核对编码。")
    found = await store.listing(tx, Filters(code=code), 0, LIMIT, now)
    return EntrySeen(code, versions, history, found.proposals, any(a.code == code for a in standing.amendments))


async def known_sources(tx: Transaction, source: Source, references: Sequence[str]) -> frozenset[str]:
    """Of these references (tickets' numbers), those that have become proposals already."""
    return await store.known_sources(tx, source.value, references)
