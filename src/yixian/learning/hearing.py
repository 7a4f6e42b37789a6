"""What the worker hears about tickets, kept: examples, contradictions, and how the gate's choices end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from yixian.city import service as cities
from yixian.db import outbox
from yixian.db.ids import new_id
from yixian.db.outbox import Event
from yixian.db.pool import Transaction
from yixian.learning import corrections, store, watch
from yixian.learning.corrections import Taken
from yixian.learning.model import Correction, Repeated, Source, Suspension, Watched, Withdrawn
from yixian.tickets import service as tickets
from yixian.tickets.model import Action, HistoryRow, Ticket


async def opened(tx: Transaction, events: Sequence[Event]) -> None:
    """Takes tickets that were dispatched at once under watch. So many statements a batch, however many tickets. Acts as the system."""
    ids = [event.subject for event in events if event.body["action"] == Action.DISPATCH]
    if not ids:
        return
    await store.hear_alone(tx)
    await _watch(tx, await tickets.lives(tx, ids), max(event.at for event in events))


async def _watch(tx: Transaction, lives: Sequence[tuple[Ticket, tuple[HistoryRow, ...]]], now: datetime) -> None:
    """Counts those of these tickets that the gate dispatched, each once."""
    found = [d for ticket, rows in lives if (d := corrections.at_once(ticket, rows))]
    fresh = await store.put_dispatched(tx, found) if found else ()
    if fresh:
        by_matter = Counter(matter for _, matter in fresh)
        rounds = await store.count_in(tx, by_matter, new_id(now), now)
        await store.put_blocks(tx, _places(fresh, by_matter, rounds))


def _places(fresh: Sequence[tuple[UUID, str]], by_matter: Counter[str], rounds: dict[str, Watched]) -> list[tuple[UUID, str, UUID, int]]:
    """The block in which each ticket is counted: every 25 of a round begin another."""
    next_of = {matter: rounds[matter].tickets - count for matter, count in by_matter.items()}
    places: list[tuple[UUID, str, UUID, int]] = []
    for ticket, matter in fresh:
        places.append((ticket, matter, rounds[matter].round, next_of[matter] // watch.BLOCK))
        next_of[matter] += 1
    return places


LEAST: Final = 3
"""So many corrections alike become a wish to change the list, unless the settings say otherwise."""


async def moved(tx: Transaction, events: Sequence[Event], *, least: int = LEAST) -> None:
    """Learns from what people settled, and suspends matters that fail. Acts as the system; bears to hear an event again.

    `least`: from so many corrections to the same unit on it is told that the list should read otherwise.
    """
    steps = [(event.subject, int(event.body["version"])) for event in events if event.body["action"] in tuple(corrections.HEARD)]
    if not steps:
        return
    await store.hear_alone(tx)
    found = await tickets.lives(tx, list({ticket for ticket, _ in steps}))
    # The gate may also have dispatched a moment after the ticket was opened, when it looked again.
    await _watch(tx, found, max(event.at for event in events))
    lives = {ticket.id: (ticket, rows) for ticket, rows in found}
    heard = [(ticket, seq, corrections.taken(*lives[ticket], seq)) for ticket, seq in steps if ticket in lives]
    await _keep(tx, heard)
    await _tell_repeated(tx, heard, {ticket: rows for ticket, (_, rows) in lives.items()}, least, max(event.at for event in events))
    judged = [taken.judged for _, _, taken in heard if taken.judged is not None]
    if judged and (failed := await store.judge(tx, judged)):
        await _look_at(tx, failed, max(event.at for event in events))


async def _keep(tx: Transaction, heard: Sequence[tuple[UUID, int, Taken]]) -> None:
    """Keeps new examples and withdraws those that they, or returns, contradict."""
    contradicted: dict[UUID, tuple[int, Withdrawn, datetime]] = {}
    for ticket, seq, taken in heard:
        if taken.contradicts is not None:
            contradicted[ticket] = (seq, taken.contradicts, taken.at)
    if contradicted:
        await store.withdraw(tx, contradicted)
    if made := [taken.correction for _, _, taken in heard if taken.correction is not None]:
        await store.put_corrections(tx, made)


async def _tell_repeated(
    tx: Transaction, heard: Sequence[tuple[UUID, int, Taken]], lives: Mapping[UUID, Sequence[HistoryRow]], least: int, now: datetime
) -> None:
    """Tells of what people put right again and again: whoever keeps the list makes a proposal of it, with these tickets as evidence."""
    made = {(c.matter, c.region or "", c.unit): c for _, _, taken in heard if (c := taken.correction) and corrections.corrects(c)}
    if not made:
        return
    found = await store.repeated(tx, list(made), tuple(corrections.CORRECTS), least, now - corrections.REPEATED_WITHIN)
    told = [_wish(one, made[one.matter, one.region, one.unit], lives, now) for one in found]
    if told:
        await outbox.put(tx, *told)


def _wish(one: Repeated, last: Correction, lives: Mapping[UUID, Sequence[HistoryRow]], now: datetime) -> Event:
    """That the list should read otherwise, with its evidence, and the basis that was given last."""
    basis = next((str(row.detail.get("basis") or "") for row in lives[last.ticket] if row.seq == last.seq), "")
    body = {
        "matter": one.matter, "region": one.region, "unit": one.unit, "numbers": one.numbers[:20], "count": len(one.numbers),
        "since": one.since, "basis": basis, "at": now,
    }  # fmt: skip
    return Event("correction.repeated", last.id, body, now)


async def consulted(tx: Transaction, events: Sequence[Event]) -> None:
    """A choice that a consulted unit's own yes stood behind weighs more than one without. Acts as the system."""
    steps = [
        (UUID(str(event.body["ticket"])), int(event.body["seq"]))
        for event in events
        if event.body["how"] == "dispatched" and event.body["lead"] in (*event.body["answers"]["yes"], *event.body["answers"]["partly"])
    ]
    if steps:
        await store.stood_behind(tx, steps, Source.CONSULTED, corrections.WEIGHTS[Source.CONSULTED])


async def _look_at(tx: Transaction, matters: Sequence[str], now: datetime) -> None:
    """Suspends those of these matters whose live precision is surely below the target."""
    target = await target_of(tx)
    blocks = await store.blocks(tx, matters)
    worth = {matter: watch.evidence(blocks.get(matter, ()), target) for matter in matters}
    bad = [matter for matter, much in worth.items() if much >= 1 / watch.ALPHA]
    for watched in await store.watched(tx, bad) if bad else ():
        await _suspend(tx, watched, target, min(worth[watched.matter], watch.MOST_EVIDENCE), now)


async def _suspend(tx: Transaction, watched: Watched, target: float, evidence: float, now: datetime) -> None:
    """At once and in every process: nobody dispatches this matter without looking until somebody lifts it."""
    suspension = Suspension(
        new_id(now), watched.matter, now, None, watched.tickets, watched.rights, watched.wrongs, target, evidence
    )  # fmt: skip
    if not await store.suspend(tx, suspension):
        return
    body = {
        "matter": watched.matter, "tickets": watched.tickets, "rights": watched.rights, "wrongs": watched.wrongs,
        "target": target, "evidence": evidence, "at": now,
    }  # fmt: skip
    await outbox.put(tx, Event("matter.suspended", suspension.id, body, now))
    await cities.announce(tx)


async def target_of(tx: Transaction) -> float:
    """What the live model's gate is to hold; without one, what the city pack's is."""
    running = await store.live(tx)
    model = await store.model(tx, running.model) if running else None
    return model.gate.target if model and model.gate else (await cities.gate(tx)).target
