"""All SQL of groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from yixian.db.pool import Transaction
from yixian.groups.joining import CANDIDATES
from yixian.groups.model import Done, Earlier, Figures, Growing, Line, Member, Nearby, New, Standing, Telling, Tied, Ties, Which
from yixian.language.sameness import Print, Told

PER_KEY = 20
"""So many of the newest tickets under one key are looked at: of an event with more, the newest will do."""


async def take_turns(tx: Transaction) -> None:
    """Waits until nobody else puts tickets into groups: two contacts about one event at once make one group."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('ticket groups'))")


async def news(tx: Transaction, tickets: Sequence[UUID], repeat_from: str) -> tuple[New, ...]:
    """Those of these tickets that are not tied yet, with what their callers said before; one statement, however many.

    `repeat_from`: how far back a closed ticket makes a repeat, as an interval.
    """
    rows = await tx.fetch(
        """
        SELECT t.id AS ticket, t.created_at AS at, t.title, t.text, t.place, t.matter, t.region, t.merged_into,
               CASE WHEN c.phone_hash IS NOT NULL OR c.identity_hash IS NOT NULL THEN c.id END AS caller,
               ARRAY(SELECT s ->> 'matter' FROM jsonb_array_elements(t.suggestions) s WHERE s ->> 'matter' IS NOT NULL) AS matters,
               coalesce(r.repeats, 0) AS repeats, r.repeat_of
          FROM ticket t
          LEFT JOIN caller c ON c.id = t.caller
          LEFT JOIN LATERAL (
               SELECT count(*) AS repeats, (array_agg(p.id ORDER BY p.closed_at DESC))[1] AS repeat_of
                 FROM ticket p
                WHERE p.caller = t.caller
                  AND p.matter = t.matter
                  AND p.state = 'closed'
                  AND p.created_at < t.created_at
                  AND p.closed_at BETWEEN t.created_at - $2::text::interval AND t.created_at) r ON true
         WHERE t.id = ANY ($1)
           AND NOT EXISTS (SELECT FROM ticket_tie i WHERE i.ticket = t.id)
        """,
        list(tickets),
        repeat_from,
    )
    return tuple(msgspec.convert(dict(r), New) for r in rows)


async def known(
    tx: Transaction, keys: Sequence[Sequence[int]], since: datetime, tickets: Sequence[UUID] = ()
) -> tuple[list[Tied], list[Growing]]:
    """For each message, given by its keys, the tickets that share most of them; these `tickets` too; and the groups they belong to.

    Index look-ups, no scan, and one statement: `PER_KEY` of the newest tickets under each key, `CANDIDATES` a message.
    """
    rows = await tx.fetch(
        """
        WITH found AS (
            SELECT ticket
              FROM tickets_by_keys($1::integer[], $2::integer[], $3, $4, $5) AS ticket
             UNION
            SELECT unnest($6::uuid[])
        )
        SELECT i.ticket, i.at, i.caller, i.member_of, i.apart, p.matter, p.topics, p.regions, p.head, p.words, p.names, p.numbers, p.keys,
               g.matter AS group_matter, g.region AS group_region, g.numbers AS group_numbers, g.first_at, g.last_at
          FROM found f
          JOIN ticket_tie i ON i.ticket = f.ticket
          LEFT JOIN ticket_print p ON p.ticket = f.ticket
          LEFT JOIN ticket_group g ON g.id = i.member_of
        """,
        [number for number, message in enumerate(keys) for _ in message],
        [key for message in keys for key in message],
        since,
        PER_KEY,
        CANDIDATES,
        list(tickets),
    )
    groups = {r["member_of"]: _growing(r) for r in rows if r["member_of"] is not None}
    return [_tied(r) for r in rows], list(groups.values())


def _growing(row: Any) -> Growing:
    numbers = frozenset(row["group_numbers"])
    return Growing(row["member_of"], row["group_matter"], row["group_region"], numbers, row["first_at"], row["last_at"], fresh=False)


def _tied(row: Any) -> Tied:
    print = Print(
        head=frozenset(row["head"] or ()),
        words=frozenset(row["words"] or ()),
        names=frozenset(row["names"] or ()),
        numbers=frozenset(row["numbers"] or ()),
        keys=tuple(row["keys"] or ()),
    )
    told = Told(print, row["at"], row["matter"], tuple(row["topics"] or ()), tuple(row["regions"] or ()))
    return Tied(row["ticket"], told, row["caller"], row["member_of"], frozenset(row["apart"]))


async def keep(tx: Transaction, ties: Sequence[Tied], moved: dict[UUID, UUID], groups: Sequence[Growing]) -> None:
    """Writes new tickets with their prints and keys, the groups that they made or made grow, and who moved into them; one statement."""
    await tx.execute(
        """
        WITH grown AS (
            INSERT INTO ticket_group AS g (id, made_at, matter, region, numbers, first_at, last_at, tickets, callers, anonymous)
            SELECT n.id, n.last_at, n.matter, n.region, n.numbers, n.first_at, n.last_at, 0, 0, 0
              FROM jsonb_to_recordset($4) AS n (id uuid, matter text, region text, numbers text[],
                                                first_at timestamptz, last_at timestamptz)
                ON CONFLICT (id) DO UPDATE
               SET numbers = excluded.numbers, first_at = excluded.first_at, last_at = excluded.last_at
            RETURNING id
        ), tied AS (
            INSERT INTO ticket_tie (ticket, at, caller, member_of, repeats, repeat_of)
            SELECT n.ticket, n.at, n.caller, n.member_of, n.repeats, n.repeat_of
              FROM jsonb_to_recordset($1) AS n (ticket uuid, at timestamptz, caller uuid, member_of uuid, repeats integer, repeat_of uuid),
                   (SELECT count(*) FROM grown) AS after
                ON CONFLICT (ticket) DO NOTHING
            RETURNING ticket
        ), printed AS (
            INSERT INTO ticket_print (ticket, at, matter, topics, regions, head, words, names, numbers, keys)
            SELECT p.ticket, p.at, p.matter, p.topics, p.regions, p.head::integer[], p.words::integer[], p.names, p.numbers,
                   p.keys::integer[]
              FROM jsonb_to_recordset($2) AS p (ticket uuid, at timestamptz, matter text, topics text[], regions text[], head text,
                                                words text, names text[], numbers text[], keys text)
              JOIN tied USING (ticket)
            RETURNING ticket, at, keys
        ), keyed AS (
            INSERT INTO ticket_print_key (key, at, ticket)
            SELECT unnest(keys), at, ticket
              FROM printed
        )
        UPDATE ticket_tie i
           SET member_of = m.value::uuid
          FROM jsonb_each_text($3) m, (SELECT count(*) FROM grown) AS after
         WHERE i.ticket = m.key::uuid
        """,
        [_tie(t) for t in ties],
        [_print(t) for t in ties],
        {str(ticket): str(group) for ticket, group in moved.items()},
        [msgspec.to_builtins(g) for g in groups],
    )


def _tie(tied: Tied) -> dict[str, Any]:
    return {
        "ticket": tied.ticket,
        "at": tied.told.at,
        "caller": tied.caller,
        "member_of": tied.member_of,
        "repeats": tied.repeats,
        "repeat_of": tied.repeat_of,
    }


def _print(tied: Tied) -> dict[str, Any]:
    told, print = tied.told, tied.told.print
    return {
        "ticket": tied.ticket,
        "at": told.at,
        "matter": told.matter,
        "topics": told.topics,
        "regions": told.regions,
        "head": _array(print.head),
        "words": _array(print.words),
        "names": sorted(print.names),
        "numbers": sorted(print.numbers),
        "keys": _array(print.keys),
    }


def _array(numbers: Iterable[int]) -> str:
    """Numbers as PostgreSQL writes an array: read five times as fast as an array of JSON."""
    return f"{{{','.join(map(str, numbers))}}}"


async def standing(tx: Transaction, groups: Sequence[UUID]) -> list[Standing]:
    """Who told of these groups' events when, and what was reported of them; one statement, however many."""
    rows = await tx.fetch(
        """
        SELECT g.id, g.raised, g.dismissed_at IS NOT NULL AS dismissed,
               (SELECT coalesce(array_agg(i.at ORDER BY i.at, i.ticket), '{}') FROM ticket_tie i WHERE i.member_of = g.id) AS at,
               (SELECT coalesce(array_agg(i.caller ORDER BY i.at, i.ticket), '{}') FROM ticket_tie i WHERE i.member_of = g.id) AS callers
          FROM ticket_group g
         WHERE g.id = ANY ($1)
        """,
        list(groups),
    )
    return [
        Standing(r["id"], tuple(Telling(at, who) for at, who in zip(r["at"], r["callers"], strict=True)), r["raised"], r["dismissed"])
        for r in rows
    ]


async def put_figures(tx: Transaction, figures: Sequence[Figures], raised: dict[UUID, int], now: datetime) -> None:
    """Writes the groups' numbers, and the alerts: a higher one is to be taken note of again."""
    await tx.execute(
        """
        UPDATE ticket_group g
           SET tickets = n.tickets, callers = n.callers, anonymous = n.anonymous, first_at = n.first_at, last_at = n.last_at,
               raised = coalesce(r.value::integer, g.raised),
               raised_at = CASE WHEN r.key IS NULL THEN g.raised_at ELSE $3 END,
               acknowledged_at = CASE WHEN r.key IS NULL THEN g.acknowledged_at END,
               acknowledged_by = CASE WHEN r.key IS NULL THEN g.acknowledged_by END
          FROM jsonb_to_recordset($1) AS n (id uuid, tickets integer, callers integer, anonymous integer,
                                            first_at timestamptz, last_at timestamptz)
          LEFT JOIN jsonb_each_text($2) r ON r.key::uuid = n.id
         WHERE g.id = n.id
        """,
        [msgspec.to_builtins(f) for f in figures],
        {str(group): level for group, level in raised.items()},
        now,
    )


async def forget(tx: Transaction, before: datetime) -> int:
    """Removes prints that nothing can join any more; returns how many. Who belongs to which group stays."""
    await tx.execute("DELETE FROM ticket_print_key WHERE at < $1", before)
    done = await tx.execute("DELETE FROM ticket_print WHERE at < $1", before)
    return int(done.split()[-1])


# -- For people --------------------------------------------------------------------------------------------------

_LINE = """
       g.id, g.name, CASE WHEN f.title <> '' THEN f.title ELSE left(f.text, 40) END AS title, coalesce(g.matter, f.matter) AS matter,
       coalesce(g.region, f.region) AS region, f.place, g.first_at, g.last_at, g.tickets, m.open, g.callers, g.anonymous,
       g.raised, g.raised_at, g.acknowledged_at, g.dismissed_at, p.number AS main, coalesce(p.lead, f.lead) AS lead,
       coalesce(p.state, f.state) AS state, m.days
  FROM ticket_group g
  LEFT JOIN ticket p ON p.id = g.main
  JOIN LATERAL (
       SELECT t.title, t.text, t.matter, t.region, t.place, t.lead, t.state
         FROM ticket_tie i
         JOIN ticket t ON t.id = i.ticket
        WHERE i.member_of = g.id
        ORDER BY t.state IN ('merged', 'withdrawn', 'terminated'), i.at, i.ticket
        LIMIT 1) f ON true
  JOIN LATERAL (
       SELECT count(*) FILTER (WHERE t.state NOT IN ('closed', 'merged', 'withdrawn', 'terminated')) AS open,
              ARRAY[{days}] AS days
         FROM ticket_tie i
         JOIN ticket t ON t.id = i.ticket
        WHERE i.member_of = g.id) m ON true"""

_DAY = "count(*) FILTER (WHERE i.at > $1::timestamptz - interval '{} days' AND i.at <= $1 - interval '{} days')"
_DAYS = ", ".join(_DAY.format(n + 1, n) for n in reversed(range(7)))

_WHICH = {
    Which.WAITING: "g.raised > 0 AND g.acknowledged_at IS NULL AND g.dismissed_at IS NULL",
    Which.RAISED: "g.raised > 0 AND g.dismissed_at IS NULL",
    Which.ALL: "g.tickets > 1",
}


async def lines(tx: Transaction, which: Which, after: tuple[datetime, UUID] | None, limit: int, now: datetime) -> tuple[Line, ...]:
    """A stretch of groups in one statement: those raised by when they were, all by when they last grew, newest first."""
    by = "g.last_at" if which is Which.ALL else "g.raised_at"
    rows = await tx.fetch(
        f"""
        SELECT {_LINE.format(days=_DAYS)}
         WHERE {_WHICH[which]}
           AND ($2::timestamptz IS NULL OR ({by}, g.id) < ($2, $3::uuid))
         ORDER BY {by} DESC, g.id DESC
         LIMIT $4
        """,
        now,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return tuple(msgspec.convert(dict(r), Line) for r in rows)


async def line(tx: Transaction, group: UUID, now: datetime) -> Line | None:
    """One group, as a list shows it."""
    row = await tx.fetchrow(
        f"""
        SELECT {_LINE.format(days=_DAYS)}
         WHERE g.id = $2
        """,
        now,
        group,
    )
    return msgspec.convert(dict(row), Line) if row else None


async def tickets_of(tx: Transaction, group: UUID) -> tuple[UUID, ...]:
    """The tickets of a group."""
    return tuple(r[0] for r in await tx.fetch("SELECT ticket FROM ticket_tie WHERE member_of = $1", group))


async def members(tx: Transaction, group: UUID) -> tuple[Member, ...]:
    """The tickets of a group, oldest first."""
    rows = await tx.fetch(
        """
        SELECT t.number, i.at, CASE WHEN t.title <> '' THEN t.title ELSE left(t.text, 80) END AS title, t.place, t.state, t.lead, t.urgency,
               t.supervision, t.merged_into IS NOT NULL AS merged, i.caller IS NOT NULL AS known, i.repeats
          FROM ticket_tie i
          JOIN ticket t ON t.id = i.ticket
         WHERE i.member_of = $1
         ORDER BY i.at, i.ticket
        """,
        group,
    )
    return tuple(msgspec.convert(dict(r), Member) for r in rows)


async def done(tx: Transaction, group: UUID) -> tuple[Done, ...]:
    """What was done with a group, oldest first."""
    rows = await tx.fetch(
        """
        SELECT h.at, coalesce(s.name, h.actor) AS actor, h.deed, h.note
          FROM group_history h
          LEFT JOIN staff s ON s.id::text = h.actor
         WHERE h.member_of = $1
         ORDER BY h.at, h.id
        """,
        group,
    )
    return tuple(Done(*r) for r in rows)


async def put_done(
    tx: Transaction, identifier: UUID, group: UUID, actor: str, deed: str, note: str, detail: dict[str, Any], at: datetime
) -> None:
    """Writes down what was done with a group."""
    await tx.execute(
        "INSERT INTO group_history (id, member_of, at, actor, deed, note, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        identifier,
        group,
        at,
        actor,
        deed,
        note,
        detail,
    )


async def acknowledge(tx: Transaction, group: UUID, actor: str, at: datetime) -> bool:
    """Takes note of an alert; False when somebody was faster, or there is none."""
    return (
        await tx.fetchval(
            """
        UPDATE ticket_group
           SET acknowledged_at = $3, acknowledged_by = $2
         WHERE id = $1
           AND raised > 0
           AND acknowledged_at IS NULL
        RETURNING true
        """,
            group,
            actor,
            at,
        )
        is True
    )


async def dismiss(tx: Transaction, group: UUID, actor: str, at: datetime) -> bool:
    """Dismisses a group; False when it is already."""
    return (
        await tx.fetchval(
            "UPDATE ticket_group SET dismissed_at = $3, dismissed_by = $2 WHERE id = $1 AND dismissed_at IS NULL RETURNING true",
            group,
            actor,
            at,
        )
        is True
    )


async def name(tx: Transaction, group: UUID, name: str) -> None:
    """Names a group."""
    await tx.execute("UPDATE ticket_group SET name = $2 WHERE id = $1", group, name)


async def put_main(tx: Transaction, group: UUID, number: str) -> None:
    """Says into which ticket the others were merged."""
    await tx.execute("UPDATE ticket_group SET main = (SELECT id FROM ticket WHERE number = $2) WHERE id = $1", group, number)


async def take_out(tx: Transaction, group: UUID, number: str) -> UUID | None:
    """Takes a ticket out of a group, for good; None when it does not belong to it."""
    return await tx.fetchval(
        """
        UPDATE ticket_tie i
           SET member_of = NULL, apart = array_append(i.apart, $1)
          FROM ticket t
         WHERE t.number = $2
           AND i.ticket = t.id
           AND i.member_of = $1
        RETURNING i.ticket
        """,
        group,
        number,
    )


async def put_in(tx: Transaction, group: UUID, ticket: UUID) -> None:
    """Puts a ticket into a group, whatever was said before."""
    await tx.execute("UPDATE ticket_tie SET member_of = $1, apart = array_remove(apart, $1) WHERE ticket = $2", group, ticket)


async def renumber(tx: Transaction, group: UUID) -> None:
    """Reads anew what the tickets of a group name, as far as their prints are kept."""
    await tx.execute(
        """
        UPDATE ticket_group g
           SET numbers = ARRAY(
               SELECT DISTINCT array_to_string(p.numbers, '|')
                 FROM ticket_tie i
                 JOIN ticket_print p ON p.ticket = i.ticket
                WHERE i.member_of = g.id
                  AND p.numbers <> '{}')
         WHERE g.id = $1
        """,
        group,
    )


async def tie_of(tx: Transaction, number: str) -> tuple[UUID, UUID | None, bool] | None:
    """A ticket's id, its group, and whether the worker has tied it yet; None when there is no such ticket that the person may see."""
    row = await tx.fetchrow(
        """
        SELECT t.id, i.member_of, i.ticket IS NOT NULL AS tied
          FROM ticket t
          LEFT JOIN ticket_tie i ON i.ticket = t.id
         WHERE t.number = $1
        """,
        number,
    )
    return (row["id"], row["member_of"], row["tied"]) if row else None


async def ties(tx: Transaction, number: str) -> Ties:
    """Numbers about a ticket that the acting person sees; a unit too."""
    row = await tx.fetchrow("SELECT callers, tickets, repeats FROM ticket_ties($1)", number)
    return Ties(*(value or 0 for value in row)) if row else Ties()


async def earlier(tx: Transaction, number: str) -> Earlier | None:
    """What the hotline sees beside a ticket; None when nothing is tied to it."""
    row = await tx.fetchrow(
        """
        SELECT i.member_of, coalesce(g.name, '') AS name, coalesce(b.number, '') AS repeat_of
          FROM ticket t
          JOIN ticket_tie i ON i.ticket = t.id
          LEFT JOIN ticket_group g ON g.id = i.member_of
          LEFT JOIN ticket b ON b.id = i.repeat_of
         WHERE t.number = $1
        """,
        number,
    )
    return Earlier(Ties(), row["member_of"], row["name"], row["repeat_of"]) if row else None


async def open_ones(tx: Transaction, scores: dict[UUID, float], most: int) -> tuple[Nearby, ...]:
    """Those of these tickets that are still open, the likeliest first; of one group only the one that goes on."""
    rows = await tx.fetch(
        """
        SELECT *
          FROM (SELECT DISTINCT ON (coalesce(i.member_of, t.id))
                       t.number, CASE WHEN t.title <> '' THEN t.title ELSE left(t.text, 60) END AS title, t.place, t.state, t.lead,
                       t.created_at, t.hides_identity AS sensitive, coalesce(g.callers + g.anonymous, 1) AS callers,
                       max(s.value::real) OVER w AS score
                  FROM jsonb_each_text($1) s
                  JOIN ticket_tie i ON i.ticket = s.key::uuid
                  LEFT JOIN ticket_group g ON g.id = i.member_of
                  JOIN ticket t ON t.id = coalesce(g.main, i.ticket)
                 WHERE t.state NOT IN ('closed', 'merged', 'withdrawn', 'terminated')
                WINDOW w AS (PARTITION BY coalesce(i.member_of, t.id))
                 ORDER BY coalesce(i.member_of, t.id), s.value::real DESC, t.created_at) AS one
         ORDER BY score DESC, created_at
         LIMIT $2
        """,
        {str(ticket): score for ticket, score in scores.items()},
        most,
    )
    return tuple(msgspec.convert(dict(r), Nearby) for r in rows)
