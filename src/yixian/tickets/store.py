"""All SQL of tickets, their orders and their history."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from yixian.db.ids import first_id
from yixian.db.pool import Transaction
from yixian.tickets import deadlines
from yixian.tickets.model import (
    OPEN,
    AnswerTemplate,
    Count,
    Facet,
    Filters,
    GivenBack,
    HistoryRow,
    Light,
    Line,
    Order,
    OrderRole,
    Own,
    Rated,
    Seal,
    State,
    Tally,
    Ticket,
    Written,
)  # fmt: skip

COLUMNS = ", ".join(f.name for f in msgspec.structs.fields(Ticket))
"""Of table `ticket`, in the struct's order; a test keeps the two equal."""

FIXED = frozenset(
    {
        "id",
        "number",
        "contact",
        "caller",
        "created_at",
        "channel",
        "title",
        "text",
        "audience",
        "hides_identity",
        "complained_unit",
        "split_from",
        "latitude",
        "longitude",
        "session",
    }
)
"""What no step changes; the application's role may not either."""

_CHANGEABLE = [f.name for f in msgspec.structs.fields(Ticket) if f.name not in FIXED]
_MARKS = ("warned_at", "overdue_at")
# The job sets marks without a step, so a step that read the ticket before must not put back what it read.
_SET = ",\n                   ".join(
    f"{name} = CASE WHEN n.next_due <> t.next_due THEN n.{name} ELSE t.{name} END" if name in _MARKS else f"{name} = n.{name}"
    for name in _CHANGEABLE
)


def _plain(row: msgspec.Struct, **more: Any) -> dict[str, Any]:
    """A struct as the database's JSON reads it: bytes as `\\x…`, and what is not there left out."""
    values = msgspec.structs.asdict(row) | more
    return {name: f"\\x{value.hex()}" if isinstance(value, bytes) else value for name, value in values.items() if value is not None}


def written(
    tickets: Sequence[Ticket], orders: Sequence[tuple[UUID, Order]], rows: Sequence[HistoryRow], events: Sequence[dict[str, Any]]
) -> Written:
    """New tickets with their orders `(ticket, order)`, their first rows of history and their events."""
    made = [_plain(o, ticket=ticket) for ticket, o in orders]
    return Written([_plain(t) for t in tickets], made, [_plain(r) for r in rows], list(events))


async def create(tx: Transaction, new: Written) -> None:
    """Writes new tickets, in one statement."""
    await tx.execute("SELECT open_tickets($1, $2, $3, $4)", new.tickets, new.orders, new.rows, new.events)


async def find_all(tx: Transaction, tickets: Sequence[UUID]) -> tuple[tuple[Ticket, tuple[Order, ...]], ...]:
    """These tickets with all their orders, in one statement; nobody else changes them until the transaction ends."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS},
               (SELECT coalesce(json_agg(o ORDER BY o.since, o.ended_at NULLS LAST, o.id), '[]')
                  FROM unit_order o
                 WHERE o.ticket = t.id) AS orders
          FROM ticket t
         WHERE t.id = ANY ($1)
         ORDER BY t.id
           FOR UPDATE
        """,  # noqa: S608 -- the columns are the struct's own
        list(tickets),
    )
    return tuple(_found(dict(row)) for row in rows)


def _found(values: dict[str, Any]) -> tuple[Ticket, tuple[Order, ...]]:
    orders = msgspec.convert(values.pop("orders"), tuple[Order, ...])
    return msgspec.convert(values, Ticket), orders


async def find(tx: Transaction, number: str) -> tuple[Ticket, tuple[Order, ...]] | None:
    """The ticket with all its orders, oldest first; None when there is none that the acting person may see."""
    row = await tx.fetchrow(
        f"""
        SELECT {COLUMNS},
               (SELECT coalesce(json_agg(o ORDER BY o.since, o.ended_at NULLS LAST, o.id), '[]')
                  FROM unit_order o
                 WHERE o.ticket = t.id) AS orders
          FROM ticket t
         WHERE t.number = $1
        """,  # noqa: S608 -- the columns are the struct's own
        number,
    )
    return _found(dict(row)) if row else None


async def take_edge(
    tx: Transaction,
    ticket: Ticket,
    seen_version: int,
    ended: Sequence[UUID],
    ended_how: str,
    made: Sequence[Order],
    part: tuple[UUID, str] | None,
    row: HistoryRow,
    events: Sequence[dict[str, Any]],
) -> bool:
    """Moves a ticket from `seen_version` to what `ticket` says, with everything that goes with the step, in one statement.

    False when it no longer stands at `seen_version` (someone was faster): then nothing is written.
    Orders end before new ones are made: at most one lead is live at any time, also within the statement.
    """
    moved = await tx.fetchval(
        f"""
        WITH moved AS (
            UPDATE ticket t
               SET {_SET}
              FROM jsonb_populate_record(NULL::ticket, $1) n
             WHERE t.id = n.id
               AND t.version = $2
            RETURNING t.id
        ), ended AS (
            UPDATE unit_order o
               SET ended_at = $5, ended_how = $4
              FROM moved
             WHERE o.ticket = moved.id
               AND o.id = ANY ($3)
            RETURNING o.id
        ), part AS (
            UPDATE unit_order o
               SET part = $8, part_at = $5
              FROM moved
             WHERE o.ticket = moved.id
               AND o.id = $7
        ), made AS (
            INSERT INTO unit_order
            SELECT o.*
              FROM jsonb_populate_recordset(NULL::unit_order, $6) o, moved, (SELECT count(*) FROM ended) AS after
        ), told AS (
            INSERT INTO event (at, kind, subject, body)
            SELECT e.at, e.kind, e.subject, e.body
              FROM jsonb_to_recordset($10) AS e (at timestamptz, kind text, subject uuid, body jsonb), moved
        ), written AS (
            INSERT INTO history
            SELECT h.*
              FROM jsonb_populate_record(NULL::history, $9) h, moved
        )
        SELECT id FROM moved
        """,  # noqa: S608 -- the columns are the struct's own
        _plain(ticket),
        seen_version,
        list(ended),
        ended_how,
        row.at,
        [_plain(o, ticket=ticket.id) for o in made],
        part[0] if part else None,
        part[1] if part else None,
        _plain(row),
        list(events),
    )
    return moved is not None


async def take_edges(tx: Transaction, tickets: Sequence[Ticket], rows: Sequence[HistoryRow], events: Sequence[dict[str, Any]]) -> None:
    """Moves tickets that `find_all` gave to what they now are, each with its row of history and its event, in one statement.

    For steps that neither end nor make an order.
    """
    await tx.execute(
        f"""
        WITH moved AS (
            UPDATE ticket t
               SET {_SET}
              FROM jsonb_populate_recordset(NULL::ticket, $1) n
             WHERE t.id = n.id
        ), told AS (
            INSERT INTO event (at, kind, subject, body)
            SELECT at, kind, subject, body
              FROM jsonb_to_recordset($3) AS e (at timestamptz, kind text, subject uuid, body jsonb)
        )
        INSERT INTO history
        SELECT *
          FROM jsonb_populate_recordset(NULL::history, $2)
        """,  # noqa: S608 -- the columns are the struct's own
        [_plain(t) for t in tickets],
        [_plain(r) for r in rows],
        list(events),
    )


async def suggest(tx: Transaction, ticket: UUID, version: int, suggestions: Sequence[dict[str, Any]], confidence: float) -> bool:
    """Replaces the suggestions of a ticket that waits, and the matter taken for the likeliest; False when it no longer does."""
    done = await tx.fetchval(
        """
        UPDATE ticket
           SET suggestions = $3, confidence = $4, matter = $3::jsonb -> 0 ->> 'matter'
         WHERE id = $1
           AND version = $2
           AND state = 'awaiting_dispatch'
        RETURNING true
        """,
        ticket,
        version,
        list(suggestions),
        confidence,
    )
    return bool(done)


async def history(tx: Transaction, ticket: UUID, since: datetime) -> tuple[HistoryRow, ...]:
    """A ticket's rows in order; `since`: when it was made, so that older partitions are not looked into."""
    rows = await tx.fetch(
        """
        SELECT ticket, seq, at, actor, role, unit, action, source, target, note, detail, public, previous, hash
          FROM history
         WHERE ticket = $1
           AND at >= $2
         ORDER BY seq
        """,
        ticket,
        since,
    )
    return tuple(msgspec.convert(dict(r), HistoryRow) for r in rows)


STREAMED = 2000
"""Rows fetched at once when everything is read."""

_LIST = """
       t.id, t.number, t.kind, CASE WHEN t.title <> '' THEN t.title ELSE left(t.text, 40) END AS title, t.matter, t.region, t.place,
       t.urgency, t.state, t.lead, {role} AS role, t.created_at, t.answer_due, t.next_due, t.amber_at, t.urged, t.supervision,
       t.returns, t.rounds, t.extension_asked, t.hides_identity, t.version, coalesce(t.special ->> 'name', '') AS special,
       t.session IS NOT NULL AS session,
       ARRAY(SELECT s ->> 'unit' FROM jsonb_array_elements(t.suggestions) WITH ORDINALITY AS e (s, n)
              WHERE n <= 2 AND s ->> 'unit' IS NOT NULL ORDER BY n) AS owners"""

_IN_HAND = """
       (SELECT o.ticket,
               CASE WHEN bool_or(o.role = 'lead') THEN 'lead' WHEN bool_or(o.role = 'co') THEN 'co' ELSE 'panel' END AS role
          FROM unit_order o
         WHERE o.unit_path ~>=~ $1
           AND o.unit_path ~<~ $2
           AND {which}
         GROUP BY o.ticket)"""
"""The tickets of a branch of units. A range of paths and not LIKE, so that the index serves under any plan and before any policy."""

_LIVE = "o.ended_at IS NULL"
_ENDED = "o.ended_how IN ('closed', 'merge', 'withdraw', 'terminate')"
_ASSISTS = "(o.role = 'panel' OR (o.role = 'co' AND o.part_at IS NULL))"
_CONTACTED = "(t.contacted_at IS NOT NULL OR t.caller IS NULL)"
_AS: dict[OrderRole | None, str] = {
    None: "",
    OrderRole.LEAD: " AND o.role = 'lead'",
    OrderRole.CO: f" AND {_ASSISTS}",
    OrderRole.PANEL: " AND o.role = 'panel'",
}

PARKED = """
       EXISTS (SELECT FROM parking k WHERE k.ticket = t.id AND k.until > {} AND k.version = t.version AND k.ended_at IS NULL)"""
"""Put aside; until its time, or until anything happens to it."""

_DUE = "coalesce(t.next_due, 'infinity'::timestamptz)"

_LIGHT = """
       CASE WHEN t.next_due IS NULL THEN 'none'
            WHEN t.next_due < {now} THEN 'red'
            WHEN t.amber_at <= {now} THEN 'amber'
            ELSE 'green' END"""


def _branch(path: str) -> tuple[str, str]:
    """The range of paths at and below `path`: from it to the first string after all that begin with it."""
    return path, path[:-1] + chr(ord("/") + 1)


class _Asked:
    """A statement's conditions and arguments as they come together."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments: list[Any] = list(arguments)
        self.conditions: list[str] = []

    def given(self, value: Any) -> str:
        """The placeholder of a further argument."""
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def that(self, condition: str, value: Any) -> None:
        """A condition with its argument at `{}`."""
        self.conditions.append(condition.format(self.given(value)))


async def worklist(
    tx: Transaction, filters: Filters, after: tuple[datetime | None, UUID] | None, limit: int, now: datetime
) -> tuple[Line, ...]:
    """A stretch of a list, in one statement: open tickets by what is owed next, ended ones newest first.

    `after`: what is owed next on, and id of, the last line before. `filters.states` are all open ones or all ended ones.
    """
    live = set(filters.states) <= OPEN and filters.flow is None
    asked = _Asked(*_branch(filters.unit_path)) if filters.unit_path else _Asked()
    which = (_LIVE if live else _ENDED if filters.flow is None else "true") + _AS[filters.role]
    source = f"{_IN_HAND.format(which=which)} h JOIN ticket t ON t.id = h.ticket" if filters.unit_path else "ticket t"
    _narrow(asked, filters, now, live=live)
    if after is not None and live:
        due, identifier = after
        first = asked.given(due) if due else "'infinity'::timestamptz"
        asked.conditions.append(f"({_DUE}, t.id) > ({first}, {asked.given(identifier)})")
    elif after is not None:
        asked.that("t.id < {}", after[1])
    statement = f"""
        SELECT {_LIST.format(role="h.role" if filters.unit_path else "''")}
          FROM {source}
         WHERE {" AND ".join(asked.conditions)}
         ORDER BY {f"{_DUE}, t.id" if live else "t.id DESC"}
         LIMIT {asked.given(limit)}
        """  # noqa: S608 -- every piece is written here
    rows = await tx.fetch(statement, *asked.arguments)
    return tuple(msgspec.convert(dict(r) | {"light": deadlines.light(r["next_due"], r["amber_at"], now)}, Line) for r in rows)


def _narrow(asked: _Asked, filters: Filters, now: datetime, *, live: bool) -> None:
    if live:
        asked.conditions.append("t.closed_at IS NULL")
    if filters.flow:
        given = [asked.given(value) for value in (filters.flow.since, filters.flow.till, filters.flow.what)]
        asked.conditions.append("t.id IN (SELECT f FROM tickets_of_flow({}, {}, {}) f)".format(*given))  # noqa: S608 -- placeholders
    if len(filters.states) == 1:
        asked.that("t.state = {}", filters.states[0])
    elif filters.states:
        asked.that("t.state = ANY ({})", list(filters.states))
    if filters.regions:
        asked.that("t.region = ANY ({})", list(filters.regions))
    if filters.matter:
        asked.that("starts_with(t.matter, {})", filters.matter)
    if filters.kind:
        asked.that("t.kind = {}", filters.kind)
    if filters.urgency:
        asked.that("t.urgency = {}", filters.urgency)
    if filters.supervision:
        asked.that("t.supervision = {}", filters.supervision)
    if filters.number:
        asked.that("t.number = {}", filters.number)
    if filters.urged:
        asked.conditions.append("t.urged > 0")
    if filters.campaign:
        asked.that("t.campaign = {}", filters.campaign)
    if filters.extension_asked:
        asked.conditions.append("t.extension_asked IS NOT NULL")
    if filters.contacted is not None:
        asked.conditions.append(_CONTACTED if filters.contacted else f"NOT {_CONTACTED}")
    if filters.answered is not None:
        asked.conditions.append(f"t.replied_at IS {'NOT ' if filters.answered else ''}NULL")
    if filters.written:
        asked.that("strpos(t.number, {}) > 0", filters.written)
    if filters.lead:
        asked.that("t.lead = {}", filters.lead)
    if filters.before:
        asked.that("t.created_at < {}", filters.before)
    if filters.ids is not None:
        asked.that("t.id = ANY ({})", list(filters.ids))
    if filters.returned:
        asked.conditions.append("t.returns > 0")
    if filters.parked is not None:
        asked.that(f"{'' if filters.parked else 'NOT '}{PARKED}", now)
    if filters.channel:
        asked.that("t.channel = {}", filters.channel)
    if filters.matters is not None:
        unknown = " OR t.matter IS NULL" if "" in filters.matters else ""
        asked.that(f"(t.matter = ANY ({{}}){unknown})", list(filters.matters))
    match filters.rating:
        case Rated.GOOD:
            asked.conditions.append("t.rated_solution >= 3")
        case Rated.BAD:
            asked.conditions.append("t.rated_solution < 3")
        case Rated.NONE:
            asked.conditions.append("t.rated_solution IS NULL")
        case None:
            pass
    match filters.light:
        case Light.RED:
            asked.that("t.next_due < {}", now)
        case Light.AMBER:
            asked.conditions.append("t.amber_at <= {0} AND t.next_due >= {0}".format(asked.given(now)))
        case Light.GREEN:
            asked.that("t.amber_at > {}", now)
        case Light.NONE:
            asked.conditions.append("t.next_due IS NULL")
        case None:
            pass


async def sums(tx: Transaction, many: Sequence[Filters], now: datetime) -> tuple[int, ...]:
    """How many open tickets each of these lists has; one statement, however many lists."""
    asked = _Asked()
    columns: list[str] = []
    for filters in many:
        asked.conditions = []
        _narrow(asked, filters, now, live=True)
        if filters.unit_path:
            low, high = (asked.given(bound) for bound in _branch(filters.unit_path))
            asked.conditions.append(
                f"EXISTS (SELECT FROM unit_order o WHERE o.ticket = t.id AND {_LIVE} AND o.unit_path ~>=~ {low} AND o.unit_path ~<~ {high})"
            )
        columns.append(f"count(*) FILTER (WHERE {' AND '.join(asked.conditions)})")
    row = await tx.fetchrow(f"SELECT {', '.join(columns)} FROM ticket t WHERE t.closed_at IS NULL", *asked.arguments)  # noqa: S608 -- as above
    assert row is not None, "a sum is always there"
    return tuple(row)


async def counts(tx: Transaction, unit_path: str, now: datetime) -> tuple[Count, ...]:
    """How many open tickets stand in each state under each light, in one statement; of one branch of units, or all."""
    asked = _Asked(*_branch(unit_path)) if unit_path else _Asked()
    source = f"{_IN_HAND.format(which=_LIVE)} h JOIN ticket t ON t.id = h.ticket" if unit_path else "ticket t"
    rows = await tx.fetch(
        f"""
        SELECT t.state, {_LIGHT.format(now=asked.given(now))} AS light, count(*)
          FROM {source}
         WHERE t.closed_at IS NULL
         GROUP BY 1, 2
         ORDER BY 1, 2
        """,  # noqa: S608 -- every piece is written here
        *asked.arguments,
    )
    return tuple(Count(State(r["state"]), Light(r["light"]), r["count"]) for r in rows)


_HAND = f"""
       (SELECT o.ticket, bool_or(o.role = 'lead') AS leads, bool_or({_ASSISTS}) AS assists
          FROM unit_order o
         WHERE o.unit_path ~>=~ $1
           AND o.unit_path ~<~ $2
           AND {_LIVE}
         GROUP BY o.ticket) h"""  # noqa: S608 -- every piece is written here
"""As what a branch of units has what it has in hand."""


async def tallies(tx: Transaction, unit_path: str, now: datetime) -> tuple[Tally, ...]:
    """How the open tickets of a branch of units stand, in one statement."""
    rows = await tx.fetch(
        f"""
        SELECT t.state, h.leads, h.assists, {_CONTACTED} AS contacted, t.replied_at IS NOT NULL AS answered,
               {_LIGHT.format(now="$3")} AS light, count(*)
          FROM {_HAND}
          JOIN ticket t ON t.id = h.ticket
         WHERE t.closed_at IS NULL
         GROUP BY 1, 2, 3, 4, 5, 6
        """,  # noqa: S608 -- every piece is written here
        *_branch(unit_path),
        now,
    )
    return tuple(msgspec.convert(dict(r), Tally) for r in rows)


async def facets(tx: Transaction, unit_path: str) -> tuple[Facet, ...]:
    """What the open tickets of a branch of units can be narrowed by, most first, in one statement."""
    rows = await tx.fetch(
        f"""
        SELECT CASE WHEN grouping(t.matter) = 0 THEN 'matter' WHEN grouping(t.region) = 0 THEN 'region' ELSE 'campaign' END AS by,
               coalesce(t.matter, t.region, t.campaign::text) AS code, coalesce(t.special ->> 'name', '') AS name, count(*)
          FROM {_HAND}
          JOIN ticket t ON t.id = h.ticket
         WHERE t.closed_at IS NULL
         GROUP BY GROUPING SETS ((t.matter), (t.region), (t.campaign, t.special ->> 'name'))
        HAVING coalesce(t.matter, t.region, t.campaign::text) IS NOT NULL
         ORDER BY 1, 4 DESC, 2
        """,  # noqa: S608 -- every piece is written here
        *_branch(unit_path),
    )
    return tuple(Facet(r["by"], r["code"], r["name"], r["count"]) for r in rows)


async def given_back(tx: Transaction, before: datetime, limit: int) -> tuple[GivenBack, ...]:
    """What the acting unit and those below it gave back before `before`, newest first."""
    rows = await tx.fetch("SELECT number, matter, region, unit, at, how, reason, basis FROM given_back($1, $2)", before, limit)
    return tuple(GivenBack(*r) for r in rows)


# -- Texts that answers begin from -------------------------------------------------------------------------------

_TEMPLATE = "id, unit, matter, title, text, changed_at, changed_by, retired_at, version"


async def templates(tx: Transaction, matters: Sequence[str] | None) -> tuple[AnswerTemplate, ...]:
    """Those in use that the acting person may use: of these matters and of all, the closest unit's first; None: of whatever matter."""
    rows = await tx.fetch(
        f"""
        SELECT {_TEMPLATE}
          FROM answer_template
         WHERE retired_at IS NULL
           AND ($1::text[] IS NULL OR matter IS NULL OR matter = ANY ($1))
         ORDER BY length(unit_path) DESC, matter NULLS LAST, title, id
         LIMIT 500
        """,  # noqa: S608 -- the columns are the struct's own
        None if matters is None else list(matters),
    )
    return tuple(AnswerTemplate(*r) for r in rows)


async def template(tx: Transaction, identifier: UUID) -> AnswerTemplate | None:
    """The one with this id; None when there is none that the acting person may use."""
    row = await tx.fetchrow(f"SELECT {_TEMPLATE} FROM answer_template WHERE id = $1", identifier)  # noqa: S608 -- as above
    return AnswerTemplate(*row) if row else None


async def put_template(tx: Transaction, new: AnswerTemplate, unit_path: str) -> None:
    """Writes a new one."""
    await tx.execute(
        """
        INSERT INTO answer_template (id, unit, unit_path, matter, title, text, changed_at, changed_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        new.id,
        new.unit,
        unit_path,
        new.matter,
        new.title,
        new.text,
        new.changed_at,
        new.changed_by,
    )


async def change_template(tx: Transaction, changed: AnswerTemplate) -> bool:
    """Writes one anew that stands one version lower; False when it does not any more, or is another's."""
    done = await tx.execute(
        """
        UPDATE answer_template
           SET matter = $2, title = $3, text = $4, changed_at = $5, changed_by = $6, retired_at = $7, version = $8
         WHERE id = $1
           AND version = $8 - 1
           AND retired_at IS NULL
        """,
        changed.id,
        changed.matter,
        changed.title,
        changed.text,
        changed.changed_at,
        changed.changed_by,
        changed.retired_at,
        changed.version,
    )
    return done == "UPDATE 1"


async def lives(tx: Transaction, ids: Sequence[UUID]) -> tuple[tuple[Ticket, tuple[HistoryRow, ...]], ...]:
    """These tickets, each with its history in order; two statements, however many."""
    tickets = [msgspec.convert(dict(r), Ticket) for r in await tx.fetch(f"SELECT {COLUMNS} FROM ticket WHERE id = ANY ($1)", list(ids))]  # noqa: S608 -- the columns are the struct's own
    rows = await tx.fetch(
        """
        SELECT ticket, seq, at, actor, role, unit, action, source, target, note, detail, public, previous, hash
          FROM history
         WHERE ticket = ANY ($1)
           AND at >= $2
         ORDER BY ticket, seq
        """,
        [t.id for t in tickets],
        min((t.created_at for t in tickets), default=None),
    )
    by_ticket: dict[UUID, list[HistoryRow]] = {t.id: [] for t in tickets}
    for row in rows:
        by_ticket[row["ticket"]].append(msgspec.convert(dict(row), HistoryRow))
    return tuple((t, tuple(by_ticket[t.id])) for t in tickets)


async def past(tx: Transaction, after: UUID, limit: int) -> tuple[Ticket, ...]:
    """The next `limit` tickets by id, that is by time; a stretch of the primary key."""
    rows = await tx.fetch(f"SELECT {COLUMNS} FROM ticket WHERE id > $1 ORDER BY id LIMIT $2", after, limit)  # noqa: S608 -- as above
    return tuple(msgspec.convert(dict(r), Ticket) for r in rows)


async def count_since(tx: Transaction, after: UUID) -> int:
    """How many tickets have a higher id."""
    return await tx.fetchval("SELECT count(*) FROM ticket WHERE id > $1", after) or 0


async def unowned(tx: Transaction, since: datetime) -> list[tuple[str | None, int, list[str]]]:
    """Since `since`, tickets without a unit though the place was known: matter (None: none fitted), how many, some numbers."""
    rows = await tx.fetch(
        """
        SELECT suggestions -> 0 ->> 'matter' AS matter, count(*), (array_agg(number ORDER BY id DESC))[:5] AS numbers
          FROM ticket
         WHERE id >= $1
           AND first_dispatched_at IS DISTINCT FROM created_at
           AND (suggestions = '[]' OR (suggestions -> 0 ->> 'unit' IS NULL AND suggestions -> 0 ->> 'place_needed' IS NULL))
         GROUP BY 1
         ORDER BY 2 DESC, 1
        """,
        first_id(since),
    )
    return [(r["matter"], r["count"], r["numbers"]) for r in rows]


async def led_since(tx: Transaction, since: datetime) -> dict[str, int]:
    """How many tickets each unit was given to lead from `since` on. Ids are ordered by time: a stretch of the primary key."""
    rows = await tx.fetch(
        """
        SELECT unit, count(DISTINCT ticket)
          FROM unit_order
         WHERE id >= $1
           AND since >= $2
           AND role = 'lead'
         GROUP BY unit
        """,
        first_id(since),
        since,
    )
    return {r[0]: r[1] for r in rows}


async def last_change(tx: Transaction, ticket: UUID, since: datetime) -> HistoryRow | None:
    """What was done last."""
    row = await tx.fetchrow(
        """
        SELECT ticket, seq, at, actor, role, unit, action, source, target, note, detail, public, previous, hash
          FROM history
         WHERE ticket = $1
           AND at >= $2
         ORDER BY seq DESC
         LIMIT 1
        """,
        ticket,
        since,
    )
    return msgspec.convert(dict(row), HistoryRow) if row else None


MARKED_AT_ONCE = 1000

_TOLD = """
        INSERT INTO event (at, kind, subject, body)
        SELECT $1, {kind}, m.id,
               jsonb_build_object('number', m.number, 'state', m.state, 'lead', m.lead, 'matter', m.matter, 'region', m.region,
                                  'channel', m.channel, 'kind', m.kind, 'due', m.next_due, 'at', $1)
          FROM marked m"""


async def mark_amber(tx: Transaction, now: datetime) -> int:
    """Marks tickets whose limit comes near, with an event each; returns how many, `MARKED_AT_ONCE` at most."""
    done = await tx.execute(
        f"""
        WITH marked AS (
            UPDATE ticket t
               SET warned_at = $1
             WHERE t.id IN (
                   SELECT id
                     FROM ticket
                    WHERE warned_at IS NULL
                      AND amber_at <= $1
                      AND next_due >= $1
                    ORDER BY amber_at
                    LIMIT {MARKED_AT_ONCE}
                      FOR UPDATE SKIP LOCKED)
            RETURNING t.*
        )
        {_TOLD.format(kind="'ticket.warned'")}
        """,  # noqa: S608 -- every piece is written here
        now,
    )
    return int(done.split()[-1])


async def mark_red(tx: Transaction, now: datetime) -> int:
    """Marks tickets whose limit has passed, with an event each; returns how many, `MARKED_AT_ONCE` at most."""
    done = await tx.execute(
        f"""
        WITH marked AS (
            UPDATE ticket t
               SET overdue_at = $1, warned_at = coalesce(t.warned_at, $1)
             WHERE t.id IN (
                   SELECT id
                     FROM ticket
                    WHERE overdue_at IS NULL
                      AND next_due < $1
                    ORDER BY next_due
                    LIMIT {MARKED_AT_ONCE}
                      FOR UPDATE SKIP LOCKED)
            RETURNING t.*
        )
        {_TOLD.format(kind="'ticket.overdue'")}
        """,  # noqa: S608 -- every piece is written here
        now,
    )
    return int(done.split()[-1])


async def put_notices(tx: Transaction, notices: Sequence[dict[str, Any]]) -> None:
    """Writes what citizens are to be told: `{ticket, version, at, kind, text, shared}` each.

    `{number}` in a text becomes the number that the citizen knows; a shared one also goes to those merged into the ticket.
    Written twice it is there once.
    """
    await tx.execute(
        """
        WITH told AS (
            SELECT *
              FROM jsonb_to_recordset($1) AS n (ticket uuid, version integer, at timestamptz, kind text, text text, shared boolean)
        ), addressed AS (
            SELECT n.*, t.id AS addressee, t.caller, t.number
              FROM told n
              JOIN ticket t ON t.id = n.ticket
             UNION ALL
            SELECT n.*, t.id, t.caller, t.number
              FROM told n
              JOIN ticket t ON t.merged_into = n.ticket
             WHERE n.shared
               AND t.closed_at <= n.at
        )
        INSERT INTO notice (id, ticket, caller, at, kind, text)
        SELECT md5(a.ticket::text || a.version || a.addressee)::uuid, a.addressee, a.caller, a.at, a.kind,
               replace(a.text, '{number}', a.number)
          FROM addressed a
         WHERE a.caller IS NOT NULL
            ON CONFLICT (id) DO NOTHING
        """,
        list(notices),
    )


async def last_seal(tx: Transaction) -> Seal | None:
    """The newest seal."""
    row = await tx.fetchrow("SELECT hour, rows, root, previous, made_at FROM seal ORDER BY hour DESC LIMIT 1")
    return Seal(*row) if row else None


async def first_row_at(tx: Transaction) -> datetime | None:
    """When the first row of history was written."""
    return await tx.fetchval("SELECT min(at) FROM history")


async def rows_between(tx: Transaction, start: datetime, end: datetime) -> list[tuple[datetime, UUID, int, bytes]]:
    """`(hour, ticket, seq, hash)` of each row of history, in the order in which an hour is sealed."""
    rows = await tx.fetch(
        """
        SELECT date_trunc('hour', at, 'UTC') AS hour, ticket, seq, hash
          FROM history
         WHERE at >= $1
           AND at < $2
         ORDER BY 1, 2, 3
        """,
        start,
        end,
    )
    return [(r[0], r[1], r[2], r[3]) for r in rows]


class ChainedRow(msgspec.Struct, frozen=True):
    """A row of history beside what its ticket says of its chain; no number when the ticket is gone."""

    row: HistoryRow
    number: str | None
    version: int | None
    head: bytes | None


async def chains(tx: Transaction) -> AsyncIterator[ChainedRow]:
    """All history, ticket by ticket, row by row."""
    found = tx.cursor(
        """
        SELECT h.ticket, h.seq, h.at, h.actor, h.role, h.unit, h.action, h.source, h.target, h.note, h.detail, h.public,
               h.previous, h.hash, t.number, t.version, t.head
          FROM history h
          LEFT JOIN ticket t ON t.id = h.ticket
         ORDER BY h.ticket, h.seq, h.at
        """,
        prefetch=STREAMED,
    )
    async for r in found:
        yield ChainedRow(HistoryRow(*tuple(r)[:14]), r["number"], r["version"], r["head"])


async def seals(tx: Transaction) -> AsyncIterator[Seal]:
    """All seals, oldest first."""
    async for r in tx.cursor("SELECT hour, rows, root, previous, made_at FROM seal ORDER BY hour", prefetch=STREAMED):
        yield Seal(*tuple(r))


async def without_history(tx: Transaction, most: int) -> tuple[str, ...]:
    """Numbers of tickets of which not one row is left, `most` at most."""
    rows = await tx.fetch(
        """
        SELECT t.number
          FROM ticket t
         WHERE NOT EXISTS (SELECT FROM history h WHERE h.ticket = t.id)
         ORDER BY t.id
         LIMIT $1
        """,
        most,
    )
    return tuple(r["number"] for r in rows)


async def history_size(tx: Transaction) -> tuple[int, int]:
    """How many rows of history, and how many seals, there are."""
    row = await tx.fetchrow("SELECT (SELECT count(*) FROM history), (SELECT count(*) FROM seal)")
    assert row is not None
    return row[0], row[1]


async def put_seals(tx: Transaction, seals: Sequence[Seal]) -> None:
    """Writes seals."""
    await tx.executemany(
        "INSERT INTO seal (hour, rows, root, previous, made_at) VALUES ($1, $2, $3, $4, $5)",
        [msgspec.structs.astuple(s) for s in seals],
    )


async def make_partitions(tx: Transaction, day: date, months: int) -> int:
    """Makes what is missing of this month's partitions and the next `months`; returns how many were made."""
    made = await tx.fetchval("SELECT make_partitions($1::date, $2)", day, months)
    return made or 0


async def forget(tx: Transaction, keys_before: datetime, failures_before: datetime) -> None:
    """Removes idempotency keys and wrong check codes that are too old to matter.

    Keys of imported rows stay: a file may be run again after a year, and must store nothing twice.
    """
    await tx.execute("DELETE FROM idempotency WHERE at < $1 AND NOT starts_with(key, 'import:')", keys_before)
    await tx.execute("DELETE FROM lookup_failure WHERE at < $1", failures_before)


async def lookup_failures(tx: Transaction, number: str, since: datetime) -> int:
    """How many wrong check codes came for a number."""
    count = await tx.fetchval("SELECT count(*) FROM lookup_failure WHERE number = $1 AND at > $2", number, since)
    return count or 0


async def put_lookup_failure(tx: Transaction, number: str, at: datetime) -> None:
    """Counts a wrong check code."""
    await tx.execute("INSERT INTO lookup_failure (number, at) VALUES ($1, $2)", number, at)


async def of_phone(tx: Transaction, phone_hash: bytes, limit: int) -> tuple[Own, ...]:
    """The tickets of the caller with this number, newest first."""
    rows = await tx.fetch(
        """
        SELECT t.number, t.state, t.matter, t.text, t.lead, t.created_at, t.answer_due, t.closed_at
          FROM caller c
          JOIN ticket t ON t.caller = c.id
         WHERE c.phone_hash = $1
         ORDER BY t.created_at DESC
         LIMIT $2
        """,
        phone_hash,
        limit,
    )
    return tuple(Own(r["number"], State(r["state"]), *list(r)[2:]) for r in rows)
