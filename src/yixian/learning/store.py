"""All SQL of what was learned: examples, models, which of them is live, and the watch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from yixian.db.pool import Transaction
from yixian.dispatch.guarantee import Gate
from yixian.language.model import Taught
from yixian.learning.model import (
    Card,
    Correction,
    Dispatched,
    Judged,
    Live,
    Model,
    Repeated,
    Source,
    Suspension,
    Swap,
    Watched,
    Withdrawn,
)

TURNS = 120_009
"""Key of the advisory lock under which models are made and go live: one after the other."""
HEARING = 120_010
"""Key of the advisory lock under which events are heard: two workers never learn from one ticket at a time."""

_CORRECTION = ", ".join(f.name for f in msgspec.structs.fields(Correction))
_LIVE = ", ".join(f.name for f in msgspec.structs.fields(Live))
_SUSPENSION = ", ".join(f.name for f in msgspec.structs.fields(Suspension))
_WATCHED = ", ".join(f.name for f in msgspec.structs.fields(Watched))


async def take_turns(tx: Transaction) -> None:
    """Waits until nobody else makes models or changes which is live, until this transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", TURNS)


async def hear_alone(tx: Transaction) -> None:
    """Waits until no other worker learns from events, until this transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", HEARING)


# -- Examples ----------------------------------------------------------------------------------------------------


async def withdraw(tx: Transaction, tickets: Mapping[UUID, tuple[int, Withdrawn, datetime]]) -> None:
    """Withdraws what was learned from each ticket before the step given with it: why, and when."""
    await tx.execute(
        """
        UPDATE correction c
           SET withdrawn_at = t.at, withdrawn_why = t.why
          FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::timestamptz[]) AS t (ticket, seq, why, at)
         WHERE c.ticket = t.ticket
           AND c.seq < t.seq
           AND c.withdrawn_at IS NULL
        """,
        list(tickets),
        *(list(column) for column in zip(*tickets.values(), strict=True)),
    )


async def put_corrections(tx: Transaction, made: Sequence[Correction]) -> None:
    """Keeps examples; a step that is known already stays as it is."""
    await tx.execute(
        f"""
        INSERT INTO correction ({_CORRECTION})
        SELECT {_CORRECTION}
          FROM jsonb_populate_recordset(NULL::correction, $1)
            ON CONFLICT DO NOTHING
        """,  # noqa: S608 -- the columns are the struct's own
        [msgspec.structs.asdict(c) for c in made],
    )


async def stood_behind(tx: Transaction, steps: Sequence[tuple[UUID, int]], source: Source, weight: float) -> None:
    """Makes examples of these steps `(ticket, seq)` weigh more: a unit's own word stood behind the choice."""
    await tx.execute(
        """
        UPDATE correction c
           SET source = $3, weight = $4
          FROM unnest($1::uuid[], $2::integer[]) AS s (ticket, seq)
         WHERE c.ticket = s.ticket
           AND c.seq = s.seq
           AND c.weight < $4
        """,
        [ticket for ticket, _ in steps],
        [seq for _, seq in steps],
        source,
        weight,
    )


async def repeated(
    tx: Transaction, asked: Sequence[tuple[str, str, str]], sources: Sequence[Source], least: int, since: datetime
) -> tuple[Repeated, ...]:
    """Of these `(matter, region, unit)`, those to which at least `least` tickets were corrected since then, in one statement."""
    rows = await tx.fetch(
        """
        SELECT c.matter, c.region, c.unit, array_agg(c.number ORDER BY c.at DESC) AS numbers, min(c.at) AS since
          FROM correction c
          JOIN unnest($1::text[], $2::text[], $3::text[]) AS a (matter, region, unit)
            ON c.matter = a.matter AND c.region = a.region AND c.unit = a.unit
         WHERE c.withdrawn_at IS NULL
           AND c.at >= $6
           AND c.source = ANY ($4)
           AND c.unit IS DISTINCT FROM c.suggested_unit
         GROUP BY c.matter, c.region, c.unit
        HAVING count(*) >= $5
        """,
        [matter for matter, _, _ in asked], [region for _, region, _ in asked], [unit for _, _, unit in asked],
        list(sources), least, since,
    )  # fmt: skip
    return tuple(Repeated(r["matter"], r["region"], r["unit"], tuple(r["numbers"]), r["since"]) for r in rows)


async def corrections(tx: Transaction, after: UUID, limit: int) -> tuple[Correction, ...]:
    """The next examples in force, in the order of their ids."""
    rows = await tx.fetch(
        f"""
        SELECT {_CORRECTION}
          FROM correction
         WHERE withdrawn_at IS NULL
           AND id > $1
         ORDER BY id
         LIMIT $2
        """,  # noqa: S608 -- as above
        after,
        limit,
    )
    return tuple(msgspec.convert(dict(r), Correction) for r in rows)


async def read_only(tx: Transaction) -> None:
    """Nothing can be written for the rest of this transaction."""
    await tx.execute("SET TRANSACTION READ ONLY")


async def forget(tx: Transaction, before: datetime) -> int:
    """Deletes examples settled before `before`, in models too; returns how many."""
    done = await tx.execute("DELETE FROM correction WHERE at < $1", before)
    return int(done.split()[-1])


async def swaps(tx: Transaction, since: datetime, least: int, most: int) -> tuple[Swap, ...]:
    """Pairs of matters of which one was suggested first and the other chosen, at least `least` times both ways together."""
    rows = await tx.fetch(
        """
        WITH swapped AS (
            SELECT suggested_matter AS suggested, matter AS chosen, count(*) AS times,
                   (array_agg(number ORDER BY at DESC))[:5] AS numbers
              FROM correction
             WHERE at >= $1
               AND suggested_matter <> matter
               AND withdrawn_at IS NULL
             GROUP BY 1, 2
        )
        SELECT s.suggested, s.chosen, s.times, coalesce(b.times, 0) AS back, s.numbers
          FROM swapped s
          LEFT JOIN swapped b ON b.suggested = s.chosen AND b.chosen = s.suggested
         WHERE s.times + coalesce(b.times, 0) >= $2
           AND (s.times, s.suggested) >= (coalesce(b.times, 0), coalesce(b.suggested, ''))
         ORDER BY s.times + coalesce(b.times, 0) DESC, s.suggested, s.chosen
         LIMIT $3
        """,
        since,
        least,
        most,
    )
    return tuple(Swap(r["suggested"], r["chosen"], r["times"], r["back"], tuple(r["numbers"])) for r in rows)


# -- Models ------------------------------------------------------------------------------------------------------


async def put_model(tx: Transaction, model: Model, examples: Sequence[tuple[UUID, Taught]]) -> None:
    """Keeps a model with what it learned from; the caller holds `take_turns`."""
    await tx.execute(
        """
        INSERT INTO dispatch_model (version, made_at, made_by, note, load_id, examples, digest, gate, card)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        model.version,
        model.made_at,
        model.made_by,
        model.note,
        model.load_id,
        model.examples,
        model.digest,
        _gate_out(model.gate),
        model.card,
    )
    await tx.execute(
        """
        INSERT INTO model_example (model, correction, matter, language, weight)
        SELECT $1, correction, matter, language, weight
          FROM unnest($2::uuid[], $3::text[], $4::text[], $5::real[]) AS e (correction, matter, language, weight)
        """,
        model.version,
        [identifier for identifier, _ in examples],
        [t.matter for _, t in examples],
        [t.language for _, t in examples],
        [t.weight for _, t in examples],
    )


def _gate_out(gate: Gate | None) -> dict[str, Any] | None:
    """JSON has no infinity: a threshold that nothing reaches is left empty."""
    if gate is None:
        return None
    finite = {name: _finite(value) for name, value in gate.by_class.items()}
    return {"target": gate.target, "level": gate.level, "threshold": _finite(gate.threshold), "by_class": finite}


def _finite(value: float) -> float | None:
    return value if value < float("inf") else None


def _gate_in(kept: dict[str, Any] | None) -> Gate | None:
    if kept is None:
        return None
    return Gate(kept["target"], kept["level"], _threshold(kept["threshold"]), {k: _threshold(v) for k, v in kept["by_class"].items()})


def _threshold(kept: float | None) -> float:
    return float("inf") if kept is None else kept


def _model(row: Mapping[str, Any]) -> Model:
    kept: dict[str, Any] = {**row, "gate": _gate_in(row["gate"]), "card": msgspec.convert(row["card"], Card)}
    return Model(**kept)


async def models(tx: Transaction, limit: int) -> tuple[Model, ...]:
    """The newest models, newest first."""
    rows = await tx.fetch(
        """
        SELECT version, made_at, made_by, note, load_id, examples, digest, gate, card
          FROM dispatch_model
         ORDER BY version DESC
         LIMIT $1
        """,
        limit,
    )
    return tuple(_model(dict(r)) for r in rows)


async def model(tx: Transaction, version: int) -> Model | None:
    """One model."""
    row = await tx.fetchrow(
        "SELECT version, made_at, made_by, note, load_id, examples, digest, gate, card FROM dispatch_model WHERE version = $1", version
    )
    return _model(dict(row)) if row else None


async def model_like(tx: Transaction, digest: str) -> Model | None:
    """The model that was made from the same."""
    version = await tx.fetchval("SELECT version FROM dispatch_model WHERE digest = $1", digest)
    return await model(tx, version) if version is not None else None


async def next_version(tx: Transaction) -> int:
    """The number of the model to be; the caller holds `take_turns`."""
    return await tx.fetchval("SELECT coalesce(max(version), 0) + 1 FROM dispatch_model") or 1


async def taught(tx: Transaction, version: int) -> tuple[Taught, ...]:
    """What is left of the examples that a model learned from, in the order of their ids."""
    rows = await tx.fetch(
        """
        SELECT e.matter, CASE WHEN c.title = '' THEN c.text ELSE c.title || '。' || c.text END AS text, e.language, e.weight
          FROM model_example e
          JOIN correction c ON c.id = e.correction
         WHERE e.model = $1
         ORDER BY e.correction
        """,
        version,
    )
    return tuple(Taught(*r) for r in rows)


async def learned_from(tx: Transaction, version: int) -> frozenset[UUID]:
    """The tickets among a model's examples."""
    rows = await tx.fetch(
        """
        SELECT c.ticket
          FROM model_example e
          JOIN correction c ON c.id = e.correction
         WHERE e.model = $1
        """,
        version,
    )
    return frozenset(r["ticket"] for r in rows)


# -- Which is live -----------------------------------------------------------------------------------------------


async def live(tx: Transaction) -> Live | None:
    """The stretch that holds now."""
    row = await tx.fetchrow(f"SELECT {_LIVE} FROM model_live WHERE till IS NULL")  # noqa: S608 -- as above
    return Live(*row) if row else None


async def stretch(tx: Transaction, identifier: UUID) -> Live | None:
    """An earlier stretch."""
    row = await tx.fetchrow(f"SELECT {_LIVE} FROM model_live WHERE id = $1", identifier)  # noqa: S608 -- as above
    return Live(*row) if row else None


async def lives(tx: Transaction, limit: int) -> tuple[Live, ...]:
    """The newest stretches, newest first."""
    rows = await tx.fetch(f"SELECT {_LIVE} FROM model_live ORDER BY since DESC, id DESC LIMIT $1", limit)  # noqa: S608 -- as above
    return tuple(Live(*r) for r in rows)


async def end_live(tx: Transaction, identifier: UUID, till: datetime) -> None:
    """Ends a stretch."""
    await tx.execute("UPDATE model_live SET till = $2 WHERE id = $1", identifier, till)


async def begin_live(tx: Transaction, row: Live) -> None:
    """Begins a stretch; the database refuses a second one."""
    await tx.execute(
        f"INSERT INTO model_live ({_LIVE}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",  # noqa: S608 -- as above
        *msgspec.structs.astuple(row),
    )


# -- The watch ---------------------------------------------------------------------------------------------------


async def put_dispatched(tx: Transaction, tickets: Sequence[Dispatched]) -> tuple[tuple[UUID, str], ...]:
    """Keeps tickets that were dispatched at once, with the model that is live; returns `(ticket, matter)` of those not known before."""
    rows = await tx.fetch(
        """
        INSERT INTO auto_dispatch (ticket, number, matter, unit, at, model)
        SELECT ticket, number, matter, unit, at, (SELECT model FROM model_live WHERE till IS NULL)
          FROM jsonb_to_recordset($1) AS d (ticket uuid, number text, matter text, unit text, at timestamptz)
         ORDER BY at, ticket
            ON CONFLICT (ticket) DO NOTHING
        RETURNING ticket, matter
        """,
        [msgspec.structs.asdict(d) for d in tickets],
    )
    return tuple((r["ticket"], r["matter"]) for r in rows)


async def count_in(tx: Transaction, by_matter: Mapping[str, int], round_: UUID, now: datetime) -> dict[str, Watched]:
    """Adds so many tickets to each matter's round, which is begun with `round_` where none runs; the rounds as they stand then."""
    rows = await tx.fetch(
        f"""
        INSERT INTO matter_watch AS w (matter, since, round, tickets)
        SELECT matter, $3, $4, tickets
          FROM unnest($1::text[], $2::integer[]) AS n (matter, tickets)
         ORDER BY matter
            ON CONFLICT (matter) DO UPDATE
           SET tickets = w.tickets + excluded.tickets
        RETURNING {_WATCHED}
        """,  # noqa: S608 -- as above
        list(by_matter),
        list(by_matter.values()),
        now,
        round_,
    )
    return {r["matter"]: Watched(*r) for r in rows}


async def put_blocks(tx: Transaction, places: Sequence[tuple[UUID, str, UUID, int]]) -> None:
    """Puts tickets `(ticket, matter, round, block)` into the blocks in which they are counted."""
    await tx.execute(
        """
        WITH given AS (
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::integer[]) AS g (ticket, matter, round, block)
        ), placed AS (
            UPDATE auto_dispatch d
               SET round = g.round, block = g.block
              FROM given g
             WHERE d.ticket = g.ticket
        )
        INSERT INTO matter_block AS b (matter, block, tickets)
        SELECT matter, block, count(*)
          FROM given
         GROUP BY matter, block
         ORDER BY matter, block
            ON CONFLICT (matter, block) DO UPDATE
           SET tickets = b.tickets + excluded.tickets
        """,
        [p[0] for p in places],
        [p[1] for p in places],
        [p[2] for p in places],
        [p[3] for p in places],
    )


async def judge(tx: Transaction, judged: Sequence[Judged]) -> tuple[str, ...]:
    """Keeps the first verdict on each ticket, counted where its round still runs; the matters for which one went wrong, sorted."""
    rows = await tx.fetch(
        """
        WITH given AS (
            SELECT DISTINCT ON (ticket) *
              FROM jsonb_to_recordset($1) AS g (ticket uuid, verdict text, at timestamptz, why text)
             ORDER BY ticket, at
        ), settled AS (
            UPDATE auto_dispatch d
               SET verdict = g.verdict, verdict_at = g.at, why = g.why
              FROM given g
             WHERE d.ticket = g.ticket
               AND d.verdict IS NULL
            RETURNING d.matter, d.round, d.block, d.verdict
        ), counted AS (
            UPDATE matter_watch w
               SET rights = w.rights + s.rights, wrongs = w.wrongs + s.wrongs
              FROM (SELECT matter, round, count(*) FILTER (WHERE verdict = 'right') AS rights,
                           count(*) FILTER (WHERE verdict = 'wrong') AS wrongs
                      FROM settled
                     GROUP BY 1, 2) s
             WHERE w.matter = s.matter
               AND w.round = s.round
            RETURNING w.matter, w.round, s.wrongs
        ), blocks AS (
            UPDATE matter_block b
               SET wrongs = b.wrongs + s.wrongs
              FROM (SELECT s.matter, s.block, count(*) AS wrongs
                      FROM settled s
                      JOIN counted c ON c.matter = s.matter AND c.round = s.round
                     WHERE s.verdict = 'wrong'
                     GROUP BY 1, 2) s
             WHERE b.matter = s.matter
               AND b.block = s.block
        )
        SELECT matter
          FROM counted
         WHERE wrongs > 0
         ORDER BY matter
        """,
        [msgspec.structs.asdict(j) for j in judged],
    )
    return tuple(r["matter"] for r in rows)


async def blocks(tx: Transaction, matters: Sequence[str]) -> dict[str, list[tuple[int, int]]]:
    """Tickets and wrong ones of each block of these matters, in the order of dispatch."""
    rows = await tx.fetch(
        """
        SELECT matter, tickets, wrongs
          FROM matter_block
         WHERE matter = ANY ($1)
         ORDER BY matter, block
        """,
        list(matters),
    )
    found: dict[str, list[tuple[int, int]]] = {}
    for row in rows:
        found.setdefault(row["matter"], []).append((row["tickets"], row["wrongs"]))
    return found


async def watched(tx: Transaction, matters: Sequence[str] | None = None) -> tuple[Watched, ...]:
    """The rounds that run, of these matters or all, those with most wrong ones first."""
    rows = await tx.fetch(
        f"""
        SELECT {_WATCHED}
          FROM matter_watch
         WHERE $1::text[] IS NULL OR matter = ANY ($1)
         ORDER BY wrongs DESC, tickets DESC, matter
        """,  # noqa: S608 -- as above
        list(matters) if matters is not None else None,
    )
    return tuple(Watched(*r) for r in rows)


async def begin_rounds(tx: Transaction, matters: Sequence[str] | None = None) -> None:
    """Forgets what the running rounds counted, of these matters or all: the next ticket begins another."""
    chosen = list(matters) if matters is not None else None
    await tx.execute("DELETE FROM matter_watch WHERE $1::text[] IS NULL OR matter = ANY ($1)", chosen)


async def suspend(tx: Transaction, suspension: Suspension) -> bool:
    """Suspends a matter; False when it is suspended already."""
    done = await tx.execute(
        """
        INSERT INTO matter_suspension (id, matter, at, model, tickets, rights, wrongs, target, evidence)
        VALUES ($1, $2, $3, (SELECT model FROM model_live WHERE till IS NULL), $4, $5, $6, $7, $8)
            ON CONFLICT (matter) WHERE lifted_at IS NULL DO NOTHING
        """,
        suspension.id,
        suspension.matter,
        suspension.at,
        suspension.tickets,
        suspension.rights,
        suspension.wrongs,
        suspension.target,
        suspension.evidence,
    )
    return done.endswith("1")


async def suspensions(tx: Transaction) -> tuple[Suspension, ...]:
    """Those in force, newest first."""
    rows = await tx.fetch(f"SELECT {_SUSPENSION} FROM matter_suspension WHERE lifted_at IS NULL ORDER BY at DESC, id DESC")  # noqa: S608 -- as above
    return tuple(Suspension(*r) for r in rows)


async def past_suspensions(tx: Transaction, limit: int) -> tuple[Suspension, ...]:
    """The newest that were lifted."""
    rows = await tx.fetch(
        f"SELECT {_SUSPENSION} FROM matter_suspension WHERE lifted_at IS NOT NULL ORDER BY lifted_at DESC, id DESC LIMIT $1",  # noqa: S608 -- as above
        limit,
    )
    return tuple(Suspension(*r) for r in rows)


async def lift(tx: Transaction, matter: str, by: str, role: str, why: str, now: datetime) -> UUID | None:
    """Lifts a matter's suspension; None when it is not suspended."""
    return await tx.fetchval(
        """
        UPDATE matter_suspension
           SET lifted_at = $5, lifted_by = $2, lifted_role = $3, lifted_why = $4
         WHERE matter = $1
           AND lifted_at IS NULL
        RETURNING id
        """,
        matter,
        by,
        role,
        why,
        now,
    )


async def lift_all(tx: Transaction, with_: Live, why: str) -> None:
    """Lifts every suspension with a model that goes live."""
    await tx.execute(
        """
        UPDATE matter_suspension
           SET lifted_at = $1, lifted_by = $2, lifted_role = $3, lifted_why = $4, lifted_with = $5
         WHERE lifted_at IS NULL
        """,
        with_.since,
        with_.actor,
        with_.role,
        why,
        with_.id,
    )


async def suspend_again(tx: Transaction, undone: UUID, now: datetime) -> tuple[str, ...]:
    """Puts in force again what the going live `undone` lifted; the matters."""
    rows = await tx.fetch(
        """
        INSERT INTO matter_suspension (id, matter, at, model, tickets, rights, wrongs, target, evidence)
        SELECT gen_random_uuid(), matter, $2, model, tickets, rights, wrongs, target, evidence
          FROM matter_suspension
         WHERE lifted_with = $1
            ON CONFLICT (matter) WHERE lifted_at IS NULL DO NOTHING
        RETURNING matter
        """,
        undone,
        now,
    )
    return tuple(sorted(r["matter"] for r in rows))


async def mark(tx: Transaction) -> str:
    """What changes when a model goes live or a matter is suspended or lifted: cheap, to see whether to read again."""
    found = await tx.fetchval(
        """
        SELECT coalesce((SELECT model::text FROM model_live WHERE till IS NULL), '') || '/'
               || coalesce((SELECT string_agg(matter, ' ' ORDER BY matter) FROM matter_suspension WHERE lifted_at IS NULL), '')
        """
    )
    return found or ""
