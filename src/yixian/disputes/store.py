"""All SQL of disputes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec

from yixian.db.ids import new_id
from yixian.db.pool import Transaction
from yixian.disputes.model import (
    Case,
    Consultation,
    ConsultationSeat,
    Consulted,
    Consulting,
    Counts,
    Dispute,
    Ended,
    Entry,
    Filters,
    Line,
    Notice,
    Opinion,
    Panel,
    Party,
    Precedent,
    Ruling,
    Rung,
    Said,
    Seat,
    Word,
)

S = TypeVar("S", bound=msgspec.Struct)


def _columns(struct: type[msgspec.Struct], of: str = "") -> str:
    return ", ".join(f"{of}.{f.name}" if of else f.name for f in msgspec.structs.fields(struct))


def _plain(row: msgspec.Struct, **more: Any) -> dict[str, Any]:
    """A struct as the database's JSON reads it, with what is not there left out."""
    values = msgspec.structs.asdict(row) | more
    return {name: value for name, value in values.items() if value is not None}


# -- One dispute -------------------------------------------------------------------------------------------------


async def find(tx: Transaction, dispute: UUID) -> Case | None:
    """The dispute with all that belongs to it, as far as the acting person may see it; None when they may not. One statement."""
    row = await tx.fetchrow(
        f"""
        SELECT to_json(d) AS dispute,
               (SELECT json_agg(p ORDER BY p.side, p.unit) FROM dispute_party p WHERE p.dispute = d.id) AS parties,
               (SELECT json_agg(w ORDER BY w.at, w.seq, w.id) FROM dispute_word w WHERE w.ticket = d.ticket) AS words,
               (SELECT json_agg(p ORDER BY p.convened_at, p.id) FROM dispute_panel p WHERE p.dispute = d.id) AS panels,
               (SELECT json_agg(s ORDER BY s.votes DESC, s.unit) FROM dispute_seat s WHERE s.dispute = d.id) AS seats,
               (SELECT json_agg(o ORDER BY o.unit, o.seq) FROM dispute_opinion o WHERE o.dispute = d.id) AS opinions,
               (SELECT json_agg(e ORDER BY e.seq) FROM dispute_step e WHERE e.dispute = d.id) AS entries,
               (SELECT to_json(r) FROM dispute_ruling r WHERE r.dispute = d.id) AS ruling
          FROM (SELECT {_columns(Dispute)} FROM dispute WHERE id = $1) d
        """,  # noqa: S608 -- the columns are the struct's own
        dispute,
    )
    if row is None:
        return None
    return msgspec.convert({name: value for name, value in dict(row).items() if value is not None}, Case)


async def hold(tx: Transaction, dispute: UUID) -> bool:
    """Waits for whoever else changes this dispute, and keeps others waiting until the transaction ends; False when there is none.

    Only for the hotline and the system: a unit's rights do not reach that far.
    """
    return await tx.fetchval("SELECT true FROM dispute WHERE id = $1 FOR UPDATE", dispute) is not None


async def open_of(tx: Transaction, tickets: Sequence[UUID]) -> dict[UUID, UUID]:
    """The open dispute of each of these tickets, where there is one."""
    rows = await tx.fetch("SELECT ticket, id FROM dispute WHERE ticket = ANY ($1) AND ended_at IS NULL", list(tickets))
    return {r["ticket"]: r["id"] for r in rows}


async def had(tx: Transaction, ticket: UUID, at: datetime) -> bool:
    """Whether a dispute of this ticket was opened then."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM dispute WHERE ticket = $1 AND opened_at = $2)", ticket, at))


async def standing_of(tx: Transaction, number: str) -> tuple[Rung, bool] | None:
    """Rung of a ticket's open dispute, and whether a panel sits; None when there is no open dispute."""
    row = await tx.fetchrow(
        """
        SELECT d.rung, EXISTS (SELECT FROM dispute_panel p WHERE p.dispute = d.id AND p.closed_at IS NULL) AS sits
          FROM dispute d
         WHERE d.number = $1
           AND d.ended_at IS NULL
        """,
        number,
    )
    return (Rung(row["rung"]), row["sits"]) if row else None


async def put_dispute(tx: Transaction, dispute: Dispute, parties: Sequence[Party]) -> bool:
    """Opens a dispute with its sides; False when the ticket has one that is open."""
    made = await tx.fetchval(
        f"""
        WITH opened AS (
            INSERT INTO dispute ({_columns(Dispute)})
            SELECT {_columns(Dispute)}
              FROM jsonb_populate_record(NULL::dispute, $1)
                ON CONFLICT (ticket) WHERE ended_at IS NULL DO NOTHING
            RETURNING id
        ), sides AS (
            INSERT INTO dispute_party (dispute, unit, unit_path, side, due)
            SELECT o.id, p.unit, p.unit_path, p.side, p.due
              FROM opened o, jsonb_to_recordset($2) AS p (unit text, unit_path text, side text, due timestamptz)
        )
        SELECT id FROM opened
        """,  # noqa: S608 -- the columns are the struct's own
        _plain(dispute),
        [_plain(p) for p in parties],
    )
    return made is not None


async def put_word(tx: Transaction, ticket: UUID, dispute: UUID | None, word: Word) -> bool:
    """Keeps what a unit said; False when the ticket's step it was said with is kept already."""
    kept = await tx.fetchval(
        """
        INSERT INTO dispute_word (id, ticket, dispute, seq, at, kind, unit, unit_path, actor, words, basis, ordered_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            ON CONFLICT (ticket, seq) DO NOTHING
        RETURNING id
        """,
        word.id, ticket, dispute, word.seq, word.at, word.kind, word.unit, word.unit_path, word.actor, word.words, word.basis,
        word.ordered_at,
    )  # fmt: skip
    return kept is not None


async def put_entry(tx: Transaction, dispute: UUID, entry: Entry) -> None:
    """Adds a step to the time line."""
    await tx.execute(
        """
        INSERT INTO dispute_step (dispute, at, actor, role, unit, action, note, detail)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        dispute, entry.at, entry.actor, entry.role, entry.unit, entry.action, entry.note, entry.detail,
    )  # fmt: skip


async def put_panel(tx: Transaction, dispute: UUID, panel: Panel, seats: Sequence[Seat]) -> None:
    """Convenes a panel; the one before closes."""
    await close_panels(tx, dispute, panel.convened_at)
    await tx.execute(
        """
        WITH convened AS (
            INSERT INTO dispute_panel (id, dispute, rung, question, convened_at, convened_by, due)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            RETURNING id
        )
        INSERT INTO dispute_seat (panel, dispute, unit, unit_path, votes)
        SELECT c.id, $2, s.unit, s.unit_path, s.votes
          FROM convened c, unnest($8::text[], $9::text[], $10::boolean[]) AS s (unit, unit_path, votes)
        """,
        panel.id, dispute, panel.rung, panel.question, panel.convened_at, panel.convened_by, panel.due,
        [s.unit for s in seats], [s.unit_path for s in seats], [s.votes for s in seats],
    )  # fmt: skip


async def close_panels(tx: Transaction, dispute: UUID, now: datetime) -> None:
    """Closes the panel that sits; votes on their way are waited for, later ones are not taken."""
    await tx.execute("UPDATE dispute_panel SET closed_at = $2 WHERE dispute = $1 AND closed_at IS NULL", dispute, now)


async def lock_panel(tx: Transaction, dispute: UUID) -> None:
    """Lets no vote in until the transaction ends."""
    await tx.execute("SELECT FROM dispute_panel WHERE dispute = $1 AND closed_at IS NULL FOR UPDATE", dispute)


async def put_opinion(tx: Transaction, dispute: UUID, opinion: Opinion) -> bool:
    """Gives or changes a unit's opinion; False when the panel has closed meanwhile, or a colleague was faster."""
    given = await tx.fetchval(
        """
        INSERT INTO dispute_opinion (panel, dispute, unit, unit_path, seq, at, actor, lead, co, basis, words)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            ON CONFLICT (panel, unit, seq) DO NOTHING
        RETURNING seq
        """,
        opinion.panel, dispute, opinion.unit, opinion.unit_path, opinion.seq, opinion.at, opinion.actor, opinion.lead,
        list(opinion.co), opinion.basis, opinion.words,
    )  # fmt: skip
    return given is not None


async def climb(tx: Transaction, dispute: UUID, rung: Rung, due: datetime) -> None:
    """Takes a dispute to a rung, with time of its own."""
    await tx.execute("UPDATE dispute SET rung = $2, due = $3, overdue_at = NULL WHERE id = $1", dispute, rung, due)


async def allow_until(tx: Transaction, dispute: UUID, due: datetime) -> None:
    """Gives the rung until `due`; time that it has anyway is not taken from it."""
    await tx.execute("UPDATE dispute SET due = $2, overdue_at = NULL WHERE id = $1 AND due < $2", dispute, due)


async def end(tx: Transaction, dispute: UUID, how: Ended, now: datetime) -> None:
    """Ends a dispute, and the panel that sits with it."""
    await close_panels(tx, dispute, now)
    await tx.execute("UPDATE dispute SET ended_at = $2, ended_how = $3 WHERE id = $1", dispute, now, how)


async def put_ruling(tx: Transaction, ruling: Ruling) -> None:
    """Writes a ruling, once and for all."""
    await tx.execute(
        """
        INSERT INTO dispute_ruling (dispute, ticket, at, actor, role, rung, lead, co, basis, reason, how, tally, matter, region, audience,
                                    units)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        """,
        ruling.dispute, ruling.ticket, ruling.at, ruling.actor, ruling.role, ruling.rung, ruling.lead, list(ruling.co), ruling.basis,
        ruling.reason, ruling.how, ruling.tally, ruling.matter, ruling.region, ruling.audience, list(ruling.units),
    )  # fmt: skip


PRECEDENTS: Final = 5


async def precedents(tx: Transaction, matter: str, but: UUID) -> tuple[Precedent, ...]:
    """The newest rulings about a matter, in other disputes."""
    rows = await tx.fetch(
        f"""
        SELECT r.dispute, d.number, r.at, r.region, r.lead, r.basis
          FROM dispute_ruling r
          JOIN dispute d ON d.id = r.dispute
         WHERE r.matter = $1
           AND r.dispute <> $2
         ORDER BY r.at DESC
         LIMIT {PRECEDENTS}
        """,  # noqa: S608
        matter,
        but,
    )
    return tuple(Precedent(*r) for r in rows)


# -- Lists -------------------------------------------------------------------------------------------------------

_OF_A_BRANCH: Final = """
       d.id IN (SELECT p.dispute FROM dispute_party p WHERE p.unit_path ~>=~ $2 AND p.unit_path ~<~ $3
                 UNION
                SELECT s.dispute FROM dispute_seat s WHERE s.unit_path ~>=~ $2 AND s.unit_path ~<~ $3)"""
"""The disputes of a branch of units: a range of paths, so that the index serves before any policy is asked."""

_WITH_UNIT: Final = """
       (EXISTS (SELECT FROM dispute_party p WHERE p.dispute = d.id AND p.unit = {unit})
        OR EXISTS (SELECT FROM dispute_seat s WHERE s.dispute = d.id AND s.unit = {unit}))"""


def _branch(path: str) -> tuple[str, str]:
    """The range of paths at and below `path`."""
    return path, path[:-1] + chr(ord("/") + 1)


async def lines(
    tx: Transaction, filters: Filters, unit_path: str, after: tuple[datetime, UUID] | None, limit: int, now: datetime
) -> tuple[Line, ...]:
    """A stretch of the list, in one statement: open ones by the clock, ended ones newest first.

    `unit_path`: only what this branch is a side of, or sits on the panel of. `after`: due time and id of the last line before.
    """
    arguments: list[Any] = [now]
    conditions = [f"d.ended_at IS {'NOT ' if filters.ended else ''}NULL"]

    def given(value: Any) -> str:
        arguments.append(value)
        return f"${len(arguments)}"

    if unit_path:
        arguments += _branch(unit_path)
        conditions.append(_OF_A_BRANCH)
    if filters.overdue:
        conditions.append("d.due < $1")
    if filters.rung:
        conditions.append(f"d.rung = {given(filters.rung)}")
    if filters.unit:
        unit = given(filters.unit)
        conditions.append(_WITH_UNIT.format(unit=unit))
    if filters.number:
        conditions.append(f"d.number = {given(filters.number)}")
    if after is not None:
        due, identifier = after
        last = given(identifier)
        conditions.append(f"d.id < {last}" if filters.ended else f"(d.due, d.id) > ({given(due)}, {last})")
    rows = await tx.fetch(
        f"""
        SELECT d.id, d.number, d.opened_at, CASE WHEN d.title <> '' THEN d.title ELSE left(d.text, 40) END AS title,
               d.matter, d.region, d.acting, d.rung, d.due,
               d.due < coalesce(d.ended_at, $1) AS overdue, d.ended_at, d.ended_how,
               ARRAY(SELECT p.unit FROM dispute_party p WHERE p.dispute = d.id ORDER BY p.side, p.unit) AS parties,
               (SELECT count(*) FROM dispute_seat s WHERE s.panel = sits.id AND s.votes) AS voting,
               CASE WHEN acting_scope() = 'unit' THEN NULL ELSE
               (SELECT count(*) FROM dispute_seat s
                 WHERE s.panel = sits.id
                   AND s.votes
                   AND EXISTS (SELECT FROM dispute_opinion o WHERE o.panel = s.panel AND o.unit = s.unit)) END AS voted,
               sits.due AS panel_due,
               (SELECT r.lead FROM dispute_ruling r WHERE r.dispute = d.id) AS ruled_lead
          FROM dispute d
          LEFT JOIN dispute_panel sits ON sits.dispute = d.id AND sits.closed_at IS NULL
         WHERE {" AND ".join(conditions)}
         ORDER BY {"d.id DESC" if filters.ended else "d.due, d.id"}
         LIMIT {given(limit)}
        """,  # noqa: S608 -- every piece is written here
        *arguments,
    )
    return tuple(msgspec.convert(dict(r), Line) for r in rows)


async def counts(tx: Transaction, unit_path: str, now: datetime) -> Counts:
    """How many are open and how many late, by rung and by acting unit, in one statement."""
    arguments: list[Any] = [now, *(_branch(unit_path) if unit_path else ())]
    rows = await tx.fetch(
        f"""
        SELECT d.rung, d.acting, count(*) AS open, count(*) FILTER (WHERE d.due < $1) AS overdue
          FROM dispute d
         WHERE d.ended_at IS NULL
           AND {_OF_A_BRANCH if unit_path else "true"}
         GROUP BY d.rung, d.acting
        """,  # noqa: S608 -- every piece is written here
        *arguments,
    )
    by_rung, late, units = dict.fromkeys(Rung, 0), dict.fromkeys(Rung, 0), dict[str, int]()
    for r in rows:
        by_rung[Rung(r["rung"])] += r["open"]
        late[Rung(r["rung"])] += r["overdue"]
        if r["overdue"]:
            units[r["acting"]] = units.get(r["acting"], 0) + r["overdue"]
    ranked = dict(sorted(units.items(), key=lambda item: (-item[1], item[0])))
    return Counts(sum(by_rung.values()), sum(late.values()), _named(by_rung), _named(late), ranked)


def _named(counted: Mapping[Rung, int]) -> dict[str, int]:
    return {rung.value: count for rung, count in counted.items()}


async def doubted_since(tx: Transaction, since: datetime) -> dict[str, int]:
    """Of the tickets that each unit was given from `since` on: how many it returned or objected to, by unit."""
    rows = await tx.fetch(
        """
        SELECT unit, count(DISTINCT ticket)
          FROM dispute_word
         WHERE kind IN ('return', 'object')
           AND ordered_at >= $1
         GROUP BY unit
        """,
        since,
    )
    return {r[0]: r[1] for r in rows}


class Asked(msgspec.Struct, frozen=True):
    """A ticket of which is asked whether its like is often disputed."""

    id: UUID
    matter: str | None
    region: str | None
    owners: tuple[str, ...]


async def often_disputed(tx: Transaction, asked: Sequence[Asked], since: datetime) -> frozenset[UUID]:
    """Those of them whose matter was disputed at that place since then, or whose two best owners were ruled now one, now the other.

    One statement, however many are asked about.
    """
    rows = await tx.fetch(
        """
        SELECT a.id
          FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) AS a (id, matter, region, first, second)
         WHERE EXISTS (SELECT
                         FROM dispute d
                        WHERE d.matter = a.matter
                          AND d.region IS NOT DISTINCT FROM a.region
                          AND d.opened_at >= $6
                          AND d.ticket <> a.id)
            OR (SELECT count(DISTINCT r.lead)
                  FROM dispute_ruling r
                 WHERE r.at >= $6
                   AND r.units @> ARRAY[a.first, a.second]
                   AND r.lead IN (a.first, a.second)) = 2
        """,
        [a.id for a in asked],
        [a.matter for a in asked],
        [a.region for a in asked],
        [a.owners[0] if len(a.owners) > 1 else None for a in asked],
        [a.owners[1] if len(a.owners) > 1 else None for a in asked],
        since,
    )
    return frozenset(r["id"] for r in rows)


# -- What units are told -----------------------------------------------------------------------------------------


async def put_notices(tx: Transaction, dispute: UUID, told: Sequence[tuple[str, str, str]], now: datetime) -> None:
    """Writes what units are told: `(unit, path, kind)` each."""
    await tx.execute(
        """
        INSERT INTO dispute_notice (id, dispute, unit, unit_path, at, kind)
        SELECT id, $1, unit, unit_path, $2, kind
          FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[]) AS n (id, unit, unit_path, kind)
        """,
        dispute,
        now,
        [new_id(now) for _ in told],
        [unit for unit, _, _ in told],
        [path for _, path, _ in told],
        [kind for _, _, kind in told],
    )


MOST_NOTICES: Final = 50


async def notices(tx: Transaction, unit_path: str) -> tuple[Notice, ...]:
    """What a unit was told and has not acknowledged yet, newest first."""
    rows = await tx.fetch(
        f"""
        SELECT n.id, n.dispute, d.number, n.unit, n.at, n.kind
          FROM dispute_notice n
          JOIN dispute d ON d.id = n.dispute
         WHERE n.unit_path = $1
           AND n.seen_at IS NULL
         ORDER BY n.at DESC, n.id DESC
         LIMIT {MOST_NOTICES}
        """,  # noqa: S608
        unit_path,
    )
    return tuple(Notice(*r) for r in rows)


async def acknowledge(tx: Transaction, unit_path: str, until: UUID, actor: str, now: datetime) -> int:
    """Takes down what the unit was told up to the notice `until`; returns how many."""
    done = await tx.execute(
        """
        UPDATE dispute_notice
           SET seen_at = $3, seen_by = $4
         WHERE unit_path = $1
           AND at <= (SELECT at FROM dispute_notice WHERE id = $2)
           AND seen_at IS NULL
        """,
        unit_path, until, now, actor,
    )  # fmt: skip
    return int(done.split()[-1])


# -- Marks by the clock ------------------------------------------------------------------------------------------

MARKED_AT_ONCE: Final = 200


class Late(msgspec.Struct, frozen=True):
    """A dispute in which something is late, and who owes it."""

    dispute: UUID
    number: str
    rung: Rung
    due: datetime
    units: tuple[tuple[str, str], ...] = ()
    """Units that owe it, with their paths; none when the hotline does."""


async def mark_disputes(tx: Transaction, now: datetime) -> tuple[Late, ...]:
    """Marks disputes whose rung has had its time, `MARKED_AT_ONCE` at most, and returns them."""
    rows = await tx.fetch(
        f"""
        UPDATE dispute d
           SET overdue_at = $1
         WHERE d.id IN (
               SELECT id
                 FROM dispute
                WHERE ended_at IS NULL
                  AND overdue_at IS NULL
                  AND due < $1
                ORDER BY due
                LIMIT {MARKED_AT_ONCE}
                  FOR UPDATE SKIP LOCKED)
        RETURNING d.id AS dispute, d.number, d.rung, d.due
        """,  # noqa: S608
        now,
    )
    return tuple(msgspec.convert(dict(r), Late) for r in rows)


async def mark_panels(tx: Transaction, now: datetime) -> tuple[Late, ...]:
    """Marks panels whose time is up, `MARKED_AT_ONCE` at most, and returns them with the units that have not given their opinion."""
    rows = await tx.fetch(
        f"""
        WITH marked AS (
            UPDATE dispute_panel p
               SET overdue_at = $1
             WHERE p.id IN (
                   SELECT id
                     FROM dispute_panel
                    WHERE closed_at IS NULL
                      AND overdue_at IS NULL
                      AND due < $1
                    ORDER BY due
                    LIMIT {MARKED_AT_ONCE}
                      FOR UPDATE SKIP LOCKED)
            RETURNING p.id, p.dispute, p.due
        )
        SELECT m.dispute, d.number, d.rung, m.due,
               coalesce((SELECT json_agg(json_build_array(s.unit, s.unit_path) ORDER BY s.unit)
                  FROM dispute_seat s
                 WHERE s.panel = m.id
                   AND NOT EXISTS (SELECT FROM dispute_opinion o WHERE o.panel = m.id AND o.unit = s.unit)), '[]') AS units
          FROM marked m
          JOIN dispute d ON d.id = m.dispute
        """,  # noqa: S608
        now,
    )
    return tuple(msgspec.convert(dict(r), Late) for r in rows)


async def mark_words(tx: Transaction, now: datetime) -> tuple[Late, ...]:
    """Marks units that were asked for their words and have not said them in time, and returns them by dispute."""
    rows = await tx.fetch(
        f"""
        WITH marked AS (
            UPDATE dispute_party p
               SET overdue_at = $1
             WHERE (p.dispute, p.unit) IN (
                   SELECT w.dispute, w.unit
                     FROM dispute_party w
                     JOIN dispute d ON d.id = w.dispute AND d.ended_at IS NULL
                    WHERE w.due < $1
                      AND w.overdue_at IS NULL
                      AND NOT EXISTS (SELECT FROM dispute_word s WHERE s.dispute = w.dispute AND s.unit = w.unit)
                    LIMIT {MARKED_AT_ONCE}
                      FOR UPDATE OF w SKIP LOCKED)
            RETURNING p.dispute, p.unit, p.unit_path, p.due
        )
        SELECT m.dispute, d.number, d.rung, min(m.due) AS due,
               json_agg(json_build_array(m.unit, m.unit_path) ORDER BY m.unit) AS units
          FROM marked m
          JOIN dispute d ON d.id = m.dispute
         GROUP BY m.dispute, d.number, d.rung
        """,  # noqa: S608
        now,
    )
    return tuple(msgspec.convert(dict(r), Late) for r in rows)


# -- Consultation before a first dispatch ------------------------------------------------------------------------

_CONSULTATION: Final = _columns(Consultation)


def _consulted(row: Any) -> Consulted:
    values = dict(row)
    seats = msgspec.convert(values.pop("seats"), tuple[ConsultationSeat, ...])
    return Consulted(msgspec.convert(values, Consultation), seats)


_SEATS: Final = """
       (SELECT coalesce(json_agg(s ORDER BY s.unit), '[]')
          FROM consultation_seat s
         WHERE s.consultation = c.id) AS seats"""


async def put_consultation(tx: Transaction, asked: Consultation) -> UUID:
    """Opens a consultation, or finds the one that is open for the ticket; its id."""
    made = await tx.fetchval(
        """
        INSERT INTO consultation (id, ticket, number, asked_at, asked_by, question, due, matter, region, place, title, text)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            ON CONFLICT (ticket) WHERE ended_at IS NULL DO NOTHING
        RETURNING id
        """,
        asked.id, asked.ticket, asked.number, asked.asked_at, asked.asked_by, asked.question, asked.due, asked.matter, asked.region,
        asked.place, asked.title, asked.text,
    )  # fmt: skip
    if made is not None:
        return made
    found = await tx.fetchval("SELECT id FROM consultation WHERE ticket = $1 AND ended_at IS NULL", asked.ticket)
    assert found is not None, "its conflict is held until this transaction ends"
    return found


async def put_seats(tx: Transaction, consultation: UUID, units: Sequence[tuple[str, str]]) -> None:
    """Asks units `(unit, path)`; who is asked already is not asked twice."""
    await tx.execute(
        """
        INSERT INTO consultation_seat (consultation, unit, unit_path)
        SELECT $1, unit, unit_path
          FROM unnest($2::text[], $3::text[]) AS u (unit, unit_path)
            ON CONFLICT DO NOTHING
        """,
        consultation,
        [unit for unit, _ in units],
        [path for _, path in units],
    )


async def consultation(tx: Transaction, identifier: UUID) -> Consulted | None:
    """A consultation with the answers that the acting person may see; None when they may not see it."""
    row = await tx.fetchrow(f"SELECT {_CONSULTATION}, {_SEATS} FROM consultation c WHERE c.id = $1", identifier)  # noqa: S608 -- the struct's columns
    return _consulted(row) if row else None


async def consultations_of(tx: Transaction, number: str) -> tuple[Consulted, ...]:
    """What units were asked about a ticket, newest first."""
    rows = await tx.fetch(
        f"SELECT {_CONSULTATION}, {_SEATS} FROM consultation c WHERE c.number = $1 ORDER BY c.asked_at DESC, c.id DESC",  # noqa: S608 -- as above
        number,
    )
    return tuple(_consulted(r) for r in rows)


async def consultations(
    tx: Transaction, unit_path: str, which: Consulting, after: tuple[datetime, UUID] | None, limit: int, now: datetime
) -> tuple[Consulted, ...]:
    """A stretch of the list: open ones by the clock, ended ones newest first. `unit_path`: those that this unit was asked in."""
    arguments: list[Any] = [unit_path, limit]
    conditions = [f"c.ended_at IS {'NOT ' if which is Consulting.ENDED else ''}NULL"]
    if unit_path:
        waiting = "AND s.said IS NULL AND s.released_at IS NULL" if which is Consulting.WAITING else ""
        conditions.append(f"c.id IN (SELECT s.consultation FROM consultation_seat s WHERE s.unit_path = $1 {waiting})")  # noqa: S608 -- as above
    else:
        conditions.append("$1::text = ''")
    if which is Consulting.OVERDUE:
        arguments.append(now)
        conditions.append("c.due < $3 AND EXISTS (SELECT FROM consultation_seat s WHERE s.consultation = c.id AND s.said IS NULL)")
    if after is not None:
        arguments += list(after)
        due, identifier = len(arguments) - 1, len(arguments)
        conditions.append(
            f"c.id < ${identifier} AND ${due}::timestamptz IS NOT NULL"
            if which is Consulting.ENDED
            else f"(c.due, c.id) > (${due}, ${identifier})"
        )
    rows = await tx.fetch(
        f"""
        SELECT {_CONSULTATION}, {_SEATS}
          FROM consultation c
         WHERE {" AND ".join(conditions)}
         ORDER BY {"c.id DESC" if which is Consulting.ENDED else "c.due, c.id"}
         LIMIT $2
        """,  # noqa: S608 -- every piece is written here
        *arguments,
    )
    return tuple(_consulted(r) for r in rows)


async def answer_consultation(
    tx: Transaction, identifier: UUID, unit_path: str, said: Said, basis: str, words: str, actor: str, now: datetime
) -> bool:
    """Writes a unit's answer; False when it was not asked, has answered, or need not answer any more."""
    done = await tx.execute(
        """
        UPDATE consultation_seat
           SET said = $3, basis = $4, words = $5, at = $7, by = $6
         WHERE consultation = $1
           AND unit_path = $2
           AND said IS NULL
           AND released_at IS NULL
        """,
        identifier, unit_path, said, basis, words, actor, now,
    )  # fmt: skip
    return done.endswith("1")


async def end_consultations(
    tx: Transaction, ended: Sequence[tuple[UUID, str, str | None, int | None]], now: datetime
) -> tuple[Consulted, ...]:
    """Ends the open consultations of tickets `(ticket, how, lead, seq)`; who has not answered need not any more."""
    rows = await tx.fetch(
        f"""
        WITH over AS (
            UPDATE consultation c
               SET ended_at = $5, ended_how = e.how, lead = e.lead, seq = e.seq
              FROM unnest($1::uuid[], $2::text[], $3::text[], $4::integer[]) AS e (ticket, how, lead, seq)
             WHERE c.ticket = e.ticket
               AND c.ended_at IS NULL
            RETURNING {_columns(Consultation, "c")}
        ), released AS (
            UPDATE consultation_seat s
               SET released_at = $5
              FROM over o
             WHERE s.consultation = o.id
               AND s.said IS NULL
        )
        SELECT c.*, {_SEATS}
          FROM over c
        """,  # noqa: S608 -- as above
        [ticket for ticket, _, _, _ in ended],
        [how for _, how, _, _ in ended],
        [lead for _, _, lead, _ in ended],
        [seq for _, _, _, seq in ended],
        now,
    )
    return tuple(_consulted(r) for r in rows)


async def mark_consultations(tx: Transaction, now: datetime) -> tuple[Consulted, ...]:
    """Marks consultations whose time is up with answers missing, `MARKED_AT_ONCE` at most, and returns them."""
    rows = await tx.fetch(
        f"""
        WITH late AS (
            UPDATE consultation c
               SET overdue_at = $1
             WHERE c.id IN (
                   SELECT o.id
                     FROM consultation o
                    WHERE o.ended_at IS NULL
                      AND o.overdue_at IS NULL
                      AND o.due < $1
                      AND EXISTS (SELECT FROM consultation_seat s WHERE s.consultation = o.id AND s.said IS NULL)
                    ORDER BY o.due
                    LIMIT {MARKED_AT_ONCE}
                      FOR UPDATE SKIP LOCKED)
            RETURNING {_columns(Consultation, "c")}
        )
        SELECT c.*, {_SEATS}
          FROM late c
        """,  # noqa: S608 -- as above
        now,
    )
    return tuple(_consulted(r) for r in rows)


async def overdue_answers(tx: Transaction, now: datetime) -> int:
    """How many answers of units are late just now."""
    counted = await tx.fetchval(
        """
        SELECT count(*)
          FROM consultation c
          JOIN consultation_seat s ON s.consultation = c.id AND s.said IS NULL
         WHERE c.ended_at IS NULL
           AND c.due < $1
        """,
        now,
    )
    return counted or 0


async def unread(tx: Transaction, unit_path: str) -> tuple[int, int]:
    """What this unit has not looked at: notices of disputes, and consultations that it has not answered. One statement, two indexes."""
    row = await tx.fetchrow(
        """
        SELECT (SELECT count(*) FROM dispute_notice n WHERE n.unit_path = $1 AND n.seen_at IS NULL) AS notices,
               (SELECT count(*) FROM consultation_seat s WHERE s.unit_path = $1 AND s.said IS NULL AND s.released_at IS NULL) AS asked
        """,
        unit_path,
    )
    return (row["notices"], row["asked"]) if row else (0, 0)
