"""All SQL of tickets, their orders and their history."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
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
    urged: Sequence[UUID],
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
        ), urged AS (
            UPDATE unit_order o
               SET urged_at = $5
              FROM moved
             WHERE o.ticket = moved.id
               AND o.id = ANY ($11)
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
        list(urged),
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


async def give_caller(tx: Transaction, ticket: UUID, caller: UUID) -> None:
    """Says who brought a ticket of which nobody knew it. Only as the hotline or the system."""
    await tx.execute("SELECT give_caller($1, $2)", ticket, caller)


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
       t.session IS NOT NULL AS session, t.keeper,
       ARRAY(SELECT s ->> 'unit' FROM jsonb_array_elements(t.suggestions) WITH ORDINALITY AS e (s, n)
              WHERE n <= 2 AND s ->> 'unit' IS NOT NULL ORDER BY n) AS owners,
       EXISTS (SELECT FROM unit_order u WHERE u.ticket = t.id AND u.urged_at IS NOT NULL AND u.part_at IS NULL AND u.ended_at IS NULL
                  AND acting_scope() = 'unit' AND starts_with(u.unit_path, acting_path())) AS part_urged"""

_HAD = """
               CASE WHEN bool_or(o.role = 'lead') THEN 'lead' WHEN bool_or(o.role = 'co') THEN 'co' ELSE 'panel' END AS role"""

_IN_HAND = f"""
       (SELECT o.ticket, {_HAD.strip()}
          FROM unit_order o
         WHERE o.unit_path ~>=~ {{low}}
           AND o.unit_path ~<~ {{high}}
           AND {{which}}
         GROUP BY o.ticket)"""  # noqa: S608 -- every piece is written here
"""The tickets of a branch of units. A range of paths and not LIKE, so that the index serves under any plan and before any policy."""

_HELD = f"""
       LATERAL (
       SELECT count(*) AS orders, {_HAD.strip()}
         FROM unit_order o
        WHERE o.ticket = t.id
          AND o.unit_path ~>=~ {{low}}
          AND o.unit_path ~<~ {{high}}
          AND {{which}})"""  # noqa: S608 -- as above
"""As what a branch has one ticket."""

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


class Way(StrEnum):
    """How the tickets of a list are found. The answers are the same; how long they take is not."""

    BY_CLOCK = "ticket"
    """In the list's order, each asked whether it is one: stops early where most are."""
    BY_ORDER = "orders"
    """From the orders of a branch of units: where there are few enough."""
    HAND_BY_CLOCK = "hand_by_clock"
    HAND_BY_ORDER = "hand_by_order"
    HAND_ASSISTING = "hand_assisting"
    """What the acting unit's own branch has in hand, from the view of this name; which rule of sight holds, the view says."""


_OF_THE_HAND = frozenset({Way.HAND_BY_CLOCK, Way.HAND_BY_ORDER, Way.HAND_ASSISTING})
_HAND_AS: dict[OrderRole | None, str] = {None: "true", OrderRole.LEAD: "t.leads", OrderRole.CO: "t.assists", OrderRole.PANEL: "t.assists"}


async def many(tx: Transaction, unit_path: str, filters: Filters, most: int) -> bool:
    """Whether a branch of units has more than `most` orders of the kind that the list is made of; from one index, up to that many."""
    live = _is_live(filters)
    which = (_LIVE if live else _ENDED) + (_AS[OrderRole.CO] if live and filters.role is OrderRole.CO else "")
    found = await tx.fetchval(
        f"""
        SELECT count(*)
          FROM (SELECT
                  FROM unit_order o
                 WHERE o.unit_path ~>=~ $1
                   AND o.unit_path ~<~ $2
                   AND {which}
                 LIMIT $3) o
        """,  # noqa: S608 -- every piece is written here
        *_branch(unit_path),
        most + 1,
    )
    return (found or 0) > most


PARKED = """
       EXISTS (SELECT FROM parking k WHERE k.ticket = t.id AND k.until > {} AND k.version = t.version AND k.ended_at IS NULL)"""
"""Put aside; until its time, or until anything happens to it."""

KEPT_BY = """
       t.id IN (SELECT k.id FROM ticket k WHERE k.keeper = {keeper}
                 UNION ALL
                SELECT p.ticket FROM parking p JOIN ticket k ON k.id = p.ticket
                 WHERE p.until > {now} AND p.ended_at IS NULL AND p.staff = {keeper} AND p.version = k.version AND k.keeper IS NULL)"""
"""Handed over to a dispatcher, or put aside by them; what is kept by another is the other's, whoever put it aside."""

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


def _is_live(filters: Filters) -> bool:
    """Whether the list is of tickets that are not over."""
    return set(filters.states) <= OPEN and filters.flow is None


async def worklist(
    tx: Transaction, filters: Filters, after: tuple[datetime | None, UUID] | None, limit: int, now: datetime, way: Way = Way.BY_CLOCK
) -> tuple[Line, ...]:
    """A stretch of a list, in one statement: open tickets by what is owed next, ended ones newest first.

    `after`: what is owed next on, and id of, the last line before. `filters.states` are all open ones or all ended ones.
    """
    live = _is_live(filters)
    asked = _Asked()
    order = f"{_DUE}, t.id" if live else "t.id DESC"
    bound = asked.given(limit)
    parts: list[str] = []
    for part in _by_state(filters, way):
        asked.conditions = []
        source, role = _source(asked, part, way)
        _narrow(asked, part, now, live=live)
        _after(asked, after, live=live)
        columns = f"t.id, {role} AS role, t.next_due" if way in _OF_THE_HAND else _LIST.format(role=role)
        parts.append(f"SELECT {columns} FROM {source} WHERE {' AND '.join(asked.conditions)} ORDER BY {order} LIMIT {bound}")  # noqa: S608 -- every piece is written here
    statement = parts[0]
    if way in _OF_THE_HAND:
        # What a line shows is fetched for those on the page alone.
        together = f"(SELECT * FROM (({') UNION ALL ('.join(parts)})) t ORDER BY {order} LIMIT {bound})"  # noqa: S608 -- as above
        statement = f"""
        SELECT {_LIST.format(role="h.role")}
          FROM {together} h
          JOIN ticket t ON t.id = h.id
         ORDER BY {order}
        """  # noqa: S608 -- as above
    rows = await tx.fetch(statement, *asked.arguments)
    return tuple(msgspec.convert(dict(r) | {"light": deadlines.light(r["next_due"], r["amber_at"], now)}, Line) for r in rows)


def _by_state(filters: Filters, way: Way) -> tuple[Filters, ...]:
    """A list cut by state, since an index has each state in the clock's order: what stands at its end is then found at once."""
    if way is not Way.HAND_BY_CLOCK or len(filters.states) < 2:
        return (filters,)
    return tuple(msgspec.structs.replace(filters, states=(state,)) for state in filters.states)


def _after(asked: _Asked, after: tuple[datetime | None, UUID] | None, *, live: bool) -> None:
    """What stands behind the last line of the page before."""
    if after is not None and live:
        due, identifier = after
        first = asked.given(due) if due else "'infinity'::timestamptz"
        asked.conditions.append(f"({_DUE}, t.id) > ({first}, {asked.given(identifier)})")
    elif after is not None:
        asked.that("t.id < {}", after[1])


def _source(asked: _Asked, filters: Filters, way: Way) -> tuple[str, str]:
    """Where a list's tickets come from, and as what a branch has each."""
    if way in _OF_THE_HAND:
        asked.conditions.append(_HAND_AS[filters.role])
        return f"{way} t", "CASE WHEN t.leads THEN 'lead' WHEN t.helps THEN 'co' ELSE 'panel' END"
    if not filters.unit_path:
        return "ticket t", "''"
    low, high = (asked.given(bound) for bound in _branch(filters.unit_path))
    which = (_LIVE if _is_live(filters) else _ENDED if filters.flow is None else "true") + _AS[filters.role]
    if way is Way.BY_ORDER:
        return f"{_IN_HAND.format(which=which, low=low, high=high)} h JOIN ticket t ON t.id = h.ticket", "h.role"
    asked.conditions.append("h.orders > 0")
    return f"ticket t CROSS JOIN {_HELD.format(which=which, low=low, high=high)} h", "h.role"


async def up_to(tx: Transaction, lists: Sequence[tuple[Filters, Way]], most: int, now: datetime) -> tuple[int, ...]:
    """How many tickets each of these lists of open tickets has; one statement, which stops counting each at `most`."""
    asked = _Asked()
    limit = f"{asked.given(most)}::bigint"
    columns: list[str] = []
    for filters, way in lists:
        parts: list[str] = []
        for state in filters.states or (None,):
            asked.conditions = []
            part = msgspec.structs.replace(filters, states=(state,)) if state else filters
            source, _ = _source(asked, part, way)
            _narrow(asked, part, now, live=True)
            # In the clock's order, so that what is over is not looked at on the way to what is open.
            order = f"ORDER BY {_DUE}, t.id" if way in (Way.BY_CLOCK, Way.HAND_BY_CLOCK) else ""
            parts.append(f"(SELECT FROM {source} WHERE {' AND '.join(asked.conditions)} {order} LIMIT {limit})")
        columns.append(f"(SELECT count(*) FROM (SELECT FROM ({' UNION ALL '.join(parts)}) p LIMIT {limit}) s)")  # noqa: S608 -- every piece is written here
    row = await tx.fetchrow(f"SELECT {', '.join(columns)}", *asked.arguments)
    assert row is not None, "a row without a table is always there"
    return tuple(row)


def _one_of(words: Sequence[StrEnum]) -> str:
    """Equals one of these words of ours. Written out, so that indexes of some of the tickets serve under any plan."""
    written = ", ".join(f"'{type(word)(word)}'" for word in words)
    return f"= {written}" if len(words) == 1 else f"IN ({written})"


def _narrow(asked: _Asked, filters: Filters, now: datetime, *, live: bool) -> None:
    if live:
        asked.conditions.append("t.closed_at IS NULL")
    if filters.flow:
        given = [asked.given(value) for value in (filters.flow.since, filters.flow.till, filters.flow.what)]
        asked.conditions.append("t.id IN (SELECT f FROM tickets_of_flow({}, {}, {}) f)".format(*given))  # noqa: S608 -- placeholders
    if filters.states:
        asked.conditions.append(f"t.state {_one_of(filters.states)}")
    if filters.regions:
        asked.that("t.region = ANY ({})", list(filters.regions))
    if filters.matter:
        asked.that("starts_with(t.matter, {})", filters.matter)
    if filters.kind:
        asked.that("t.kind = {}", filters.kind)
    if filters.urgency:
        asked.conditions.append(f"t.urgency {_one_of((filters.urgency,))}")
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
    if filters.keeper:
        asked.conditions.append(KEPT_BY.format(keeper=asked.given(filters.keeper), now=asked.given(now)))
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
    if filters.light:
        under = _UNDER[filters.light]
        asked.conditions.append(under.format(now=asked.given(now)) if "{now}" in under else under)


# Said of what the index is sorted by: then what is under another light is not even looked at. What owes nothing is due never.
_UNDER: dict[Light, str] = {
    Light.RED: f"{_DUE} < {{now}}",
    Light.AMBER: f"""t.amber_at <= {{now}} AND {_DUE} >= {{now}}
                     AND {_DUE} <= {{now}}::timestamptz + interval '{int((deadlines.AMBER + timedelta(minutes=1)).total_seconds())} s'""",
    Light.GREEN: f"t.amber_at > {{now}} AND {_DUE} > {{now}}",
    Light.NONE: f"{_DUE} = 'infinity'",
}


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


async def counts(tx: Transaction, now: datetime) -> tuple[Count, ...]:
    """How many open tickets of the whole hotline stand in each state under each light; one statement, from one index."""
    rows = await tx.fetch("SELECT code, light, count FROM board_counts($1) WHERE by = 'state' ORDER BY 1, 2", now)
    return tuple(Count(State(r["code"]), Light(r["light"]), r["count"]) for r in rows)


async def counts_of_hand(tx: Transaction, now: datetime) -> tuple[Count, ...]:
    """The same of what the acting unit's branch has in hand."""
    rows = await tx.fetch(
        f"""
        SELECT t.state, {_LIGHT.format(now="$1")} AS light, count(*)
          FROM hand_by_order t
         GROUP BY 1, 2
         ORDER BY 1, 2
        """,  # noqa: S608 -- every piece is written here
        now,
    )
    return tuple(Count(State(r["state"]), Light(r["light"]), r["count"]) for r in rows)


async def hand(tx: Transaction, now: datetime) -> tuple[tuple[Tally, ...], tuple[Facet, ...]]:
    """How the open tickets of the acting unit's branch stand, and what they can be narrowed by, most first; one statement."""
    row = await tx.fetchrow(
        f"""
        WITH hand AS MATERIALIZED (
            SELECT t.id, t.state, t.leads, t.assists, {_CONTACTED} AS contacted, t.replied_at IS NOT NULL AS answered,
                   {_LIGHT.format(now="$1")} AS light, t.matter, t.region, t.campaign
              FROM hand_by_order t
        ), tallies AS (
            SELECT state, leads, assists, contacted, answered, light, count(*) AS count
              FROM hand
             GROUP BY 1, 2, 3, 4, 5, 6
        ), facets AS (
            SELECT CASE WHEN grouping(matter) = 0 THEN 'matter' WHEN grouping(region) = 0 THEN 'region' ELSE 'campaign' END AS by,
                   coalesce(matter, region, campaign::text) AS code, (array_agg(id))[1] AS one, count(*) AS count
              FROM hand
             GROUP BY GROUPING SETS ((matter), (region), (campaign))
            HAVING coalesce(matter, region, campaign::text) IS NOT NULL
        ), named AS (
            SELECT f.by, f.code, f.count,
                   CASE WHEN f.by = 'campaign' THEN (SELECT t.special ->> 'name' FROM ticket t WHERE t.id = f.one) ELSE '' END AS name
              FROM facets f
        )
        SELECT (SELECT coalesce(json_agg(t), '[]') FROM tallies t) AS tallies,
               (SELECT coalesce(json_agg(n ORDER BY n.by, n.count DESC, n.code), '[]') FROM named n) AS facets
        """,  # noqa: S608 -- as above
        now,
    )
    assert row is not None, "a row without a table is always there"
    return msgspec.convert(row["tallies"], tuple[Tally, ...]), msgspec.convert(row["facets"], tuple[Facet, ...])


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
        SELECT t.number, t.state, t.matter, t.text, t.lead, t.created_at, t.answer_due, t.closed_at, t.kind,
               coalesce(t.calm, t.urgency) AS urgency, t.audience
          FROM caller c
          JOIN ticket t ON t.caller = c.id
         WHERE c.phone_hash = $1
         ORDER BY t.created_at DESC
         LIMIT $2
        """,
        phone_hash,
        limit,
    )
    return tuple(msgspec.convert(dict(r), Own) for r in rows)
