"""Every contact ends with exactly one named outcome, stored once, or not at all."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from tests.intake.conftest import NOW

from yixian.attachments.service import draft_of
from yixian.intake import service
from yixian.intake.model import Channel, ContactIn, Outcome
from yixian.intake.service import KeyUsed, Means, Unfit
from yixian.people.model import Actor, CallerIn, Role
from yixian.tickets import numbers

POTHOLE = "There is a deep pothole on the road in Northgate, a hole in the road"
OPERATOR = Actor("0192a3b4-0000-7000-8000-000000000001", "operator", frozenset({Role.OPERATOR}), "pa.contact")


async def counts(owner: asyncpg.Connection) -> tuple[int, ...]:
    tables = ("contact", "ticket", "unit_order", "history", "event", "caller", "idempotency")
    return tuple([await owner.fetchval(f"SELECT count(*) FROM {table}") for table in tables])


async def test_a_clear_request_is_with_its_unit_at_once(means: Means, owner: asyncpg.Connection) -> None:
    receipt = await service.record(means, ContactIn(POTHOLE), None, None, NOW)
    assert receipt.outcome is Outcome.TICKET_OPENED
    (ticket,) = receipt.tickets
    assert ticket.dispatched
    assert numbers.is_number("PA", ticket.number)
    assert numbers.code_fits(means.keys.for_("check codes"), ticket.number, ticket.check_code.lower())
    row = await owner.fetchrow("SELECT lead, basis, dispatched_by, answer_due, version FROM ticket")
    assert row is not None
    assert (row["lead"], row["basis"], row["dispatched_by"], row["version"]) == ("pa.roads", "Roads Order 12", "gate", 2)
    assert row["answer_due"] > NOW
    assert await owner.fetchval("SELECT array_agg(action ORDER BY seq) FROM history") == ["register", "dispatch"]


async def test_what_nobody_understands_still_gets_a_ticket_and_a_person(means: Means, owner: asyncpg.Connection) -> None:
    receipt = await service.record(means, ContactIn("zzz qqq xxx"), None, None, NOW)
    assert receipt.outcome is Outcome.TICKET_OPENED
    assert not receipt.tickets[0].dispatched
    assert await owner.fetchval("SELECT state FROM ticket") == "awaiting_dispatch"


@pytest.mark.parametrize(
    ("text", "outcome", "reason"),
    [
        ("The house next door is on fire", Outcome.TRANSFERRED, "999"),
        ("How do I appeal the judgment", Outcome.LEGAL_ROUTE, "appeal"),
        ("Please read my horoscope", Outcome.OUTSIDE_SCOPE, "outside_government"),
    ],
)
async def test_what_is_not_the_hotlines_is_told_where_to_go(
    means: Means, owner: asyncpg.Connection, text: str, outcome: Outcome, reason: str
) -> None:
    receipt = await service.record(means, ContactIn(text), None, None, NOW)
    assert (receipt.outcome, receipt.reason, receipt.tickets) == (outcome, reason, ())
    assert receipt.said
    assert await owner.fetchval("SELECT count(*) FROM ticket") == 0


async def test_the_same_key_gives_the_same_receipt_and_stores_nothing(means: Means, owner: asyncpg.Connection) -> None:
    contact = ContactIn(POTHOLE, caller=CallerIn(phone="+44 20 7946 0000"))
    first = await service.record(means, contact, None, "k", NOW)
    before = await counts(owner)
    again = await service.record(means, contact, None, "k", NOW + timedelta(minutes=1))
    assert again.repeated
    assert (again.contact, again.tickets) == (first.contact, first.tickets)
    assert await counts(owner) == before
    with pytest.raises(KeyUsed):
        await service.record(means, ContactIn("something else"), None, "k", NOW)
    assert await counts(owner) == before


async def test_ten_at_once_with_one_key_are_one_contact(means: Means, owner: asyncpg.Connection) -> None:
    receipts = await asyncio.gather(*(service.record(means, ContactIn(POTHOLE), None, "same", NOW) for _ in range(10)))
    assert len({r.contact for r in receipts}) == 1
    assert sum(not r.repeated for r in receipts) == 1
    assert (await counts(owner))[:2] == (1, 1)


async def test_the_same_caller_about_the_same_is_added_to_the_open_ticket(means: Means, owner: asyncpg.Connection) -> None:
    caller = CallerIn(phone="02079460000", name="A. Resident")
    first = await service.record(means, ContactIn(POTHOLE, caller=caller), None, None, NOW)
    again = await service.record(means, ContactIn(POTHOLE + " still there", caller=caller), None, None, NOW + timedelta(days=1))
    assert again.outcome is Outcome.ADDED_TO_TICKET
    assert [t.number for t in again.tickets] == [t.number for t in first.tickets]
    assert await owner.fetchval("SELECT note FROM history ORDER BY seq DESC LIMIT 1") == POTHOLE + " still there"
    apart = await service.record(means, ContactIn(POTHOLE, caller=caller, separate=True), None, None, NOW + timedelta(days=1))
    later = await service.record(means, ContactIn(POTHOLE, caller=caller), None, None, NOW + timedelta(days=30))
    other = await service.record(means, ContactIn(POTHOLE, caller=CallerIn(phone="02079460001")), None, None, NOW)
    assert {r.outcome for r in (apart, later, other)} == {Outcome.TICKET_OPENED}


async def test_numbers_and_names_are_nowhere_in_clear(means: Means, owner: asyncpg.Connection) -> None:
    caller = CallerIn(phone="02079461234", name="Jane Resident", identity="AB123456C")
    await service.record(means, ContactIn(POTHOLE, caller=caller), None, None, NOW)
    tables = ("caller", "contact", "ticket", "history", "event")
    everything = " ".join([str([dict(row) for row in await owner.fetch(f"SELECT * FROM {table}")]) for table in tables])
    for secret in ("7946 1234", "79461234", "Jane", "AB123456C"):
        assert secret not in everything


async def test_a_caller_with_one_identity_and_two_telephones_is_taken_in_twice(means: Means) -> None:
    for phone in ("02079460001", "02079460002"):
        caller = CallerIn(phone=phone, identity="AB123456C")
        receipt = await service.record(means, ContactIn(POTHOLE, caller=caller), None, None, NOW)
        assert receipt.tickets


@pytest.mark.parametrize(
    ("contact", "field"),
    [
        (ContactIn(" \n "), "text"),
        (ContactIn("x", outcome=Outcome.ANSWERED, answer="y"), "outcome"),
        (ContactIn("x", matter="ST0201"), "matter"),
        (ContactIn("x", complained_unit="pa.roads"), "complained_unit"),
        (ContactIn("x", received_at=NOW.replace(tzinfo=None)), "received_at"),
    ],
)
async def test_what_a_resident_may_not_say_is_named_and_nothing_is_stored(
    means: Means, owner: asyncpg.Connection, contact: ContactIn, field: str
) -> None:
    with pytest.raises(Unfit) as caught:
        await service.record(means, contact, None, None, NOW)
    assert caught.value.field == field
    assert await counts(owner) == (0,) * 7


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"matter": "ST01"}, "matter"),
        ({"region": "nowhere"}, "region"),
        ({"complained_unit": "nobody"}, "complained_unit"),
        ({"outcome": Outcome.ANSWERED}, "answer"),
        ({"outcome": Outcome.TRANSFERRED}, "reason"),
        ({"outcome": Outcome.ADDED_TO_TICKET}, "outcome"),
    ],
)
def test_what_an_operator_left_out_is_named(town: Any, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Unfit) as caught:
        service.check(ContactIn("x", channel=Channel.PHONE, **fields), OPERATOR, town[0])
    assert caught.value.field == field


async def test_a_preview_stores_nothing_and_says_who_would_get_it(means: Means, owner: asyncpg.Connection) -> None:
    (preview,) = service.preview(means, ContactIn(POTHOLE), NOW)
    assert preview.suggestions[0].unit == "pa.roads"
    assert preview.region == "PA-N"
    assert await counts(owner) == (0,) * 7


async def test_an_ordinary_contact_with_a_key_is_one_statement(means: Means) -> None:
    await service.record(means, ContactIn(POTHOLE), None, "first", NOW)  # takes a block of numbers, which lasts
    seen: list[str] = []
    for holder in means.db._pool._holders:
        if holder._con is not None:
            holder._con.add_query_logger(lambda record: seen.append(record.query))
    contact = ContactIn(POTHOLE, caller=CallerIn(phone="02079460009"))
    receipt = await service.record(means, contact, None, "counted", NOW, draft_of(means.keys, "counted"))
    await asyncio.sleep(0)  # loggers are called with the loop's next turn
    assert receipt.tickets
    assert [query for query in seen if "NOTIFY" not in query] == [query for query in seen if "take_contact" in query]
    assert len(seen) == 1, seen


@pytest.mark.parametrize("scope", ["unit", "citizen", "nobody", ""])
async def test_only_the_hotline_takes_contacts_in(means: Means, owner: asyncpg.Connection, scope: str) -> None:
    """The function that stores them acts as the tables' owner, past every policy: it asks by itself who acts."""
    before = await counts(owner)
    async with means.db.looking() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetchrow(
                "SELECT taken FROM take_contact($1, 'somebody', '{}', NULL, NULL, NULL, NULL, $2, '{}', $2, '[]', '[]', '[]', '[]')",
                scope,
                NOW,
            )
    assert await counts(owner) == before


async def test_a_ticket_holds_what_was_said_not_what_was_understood(means: Means, owner: asyncpg.Connection) -> None:
    said = "Dear Sir or Madam, There is a DEEP pothole on the road!"
    await service.record(means, ContactIn(said), None, None, NOW)
    assert await owner.fetchval("SELECT text FROM ticket") == said
