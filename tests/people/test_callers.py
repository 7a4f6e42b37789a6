"""Callers: found however the number is written, masked for everybody, in clear only with a reason and a trace."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import asyncpg
import pytest

from yixian.city.model import Audience
from yixian.db.pool import NOBODY, SYSTEM, Acting, Database, Scope
from yixian.people import callers
from yixian.people.callers import Field
from yixian.people.model import Actor, CallerIn, Role
from yixian.people.refusals import Invalid, NotFound, Refused
from yixian.people.secrets import SoftwareVault

from .conftest import NOW

Hire = Callable[..., Awaitable[Actor]]
CHEN = CallerIn(name="陈小明", phone="138 0013 8000", identity="44010619900101123x", language="yue")


async def keep(db: Database, vault: SoftwareVault, caller: CallerIn = CHEN) -> UUID | None:
    async with db.transaction(SYSTEM) as tx:
        return await callers.upsert(tx, vault, caller, NOW)


@pytest.mark.parametrize(
    ("written", "normal"),
    (
        ("13800138000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("020-83123456", "+862083123456"),
        ("(020) 8312 3456", "+862083123456"),
        ("+44 20 7946 0958", "+442079460958"),
        ("12345", "12345"),
        ("8001 内线", "8001"),
        ("不知道", ""),
        ("", ""),
    ),
)
def test_a_number_has_one_way_of_writing(written: str, normal: str):
    assert callers.normal_phone(written) == normal


def test_another_city_has_another_country():
    assert callers.normal_phone("020 7946 0958", "GB") == "+442079460958"


def test_masks_show_little():
    assert callers.mask_name("陈小明") == "陈**"
    assert callers.mask_name("广州某某贸易有限公司", Audience.FIRM) == "广州某某**"
    assert (callers.mask_phone("8000"), callers.mask_phone("")) == ("***8000", "")


async def test_nothing_of_a_caller_stands_in_clear(port_ash: Database, vault: SoftwareVault, owner: asyncpg.Connection):
    await keep(port_ash, vault)
    row = await owner.fetchrow("SELECT * FROM caller")
    for secret in ("陈小明", "13800138000", "440106"):
        assert all(secret.encode() not in bytes(v) for v in row.values() if isinstance(v, bytes))
        assert all(secret not in v for v in row.values() if isinstance(v, str))
    assert row["phone_tail"] == "8000"


async def test_a_caller_who_calls_again_is_the_same_and_what_was_not_known_is_filled_in(port_ash: Database, vault: SoftwareVault):
    first = await keep(port_ash, vault, CallerIn(phone="13800138000"))
    second = await keep(port_ash, vault, CHEN)
    third = await keep(port_ash, vault, CallerIn(name="别人", phone="+8613800138000", needs="听力障碍"))
    assert first == second == third
    async with port_ash.transaction(SYSTEM) as tx:
        found = await callers.by_phone(tx, vault, "138-0013-8000")
    assert found and (found.name, found.phone, found.language, found.needs) == ("陈**", "***8000", "yue", "听力障碍")


async def test_one_person_may_call_from_two_numbers(port_ash: Database, vault: SoftwareVault):
    assert await keep(port_ash, vault) != await keep(port_ash, vault, CallerIn(phone="13900139000", identity=CHEN.identity))


async def test_who_says_nothing_of_themselves_is_not_kept(port_ash: Database, vault: SoftwareVault):
    assert await keep(port_ash, vault, CallerIn(needs="elder")) is None
    assert await keep(port_ash, vault, CallerIn(name="陈")) != await keep(port_ash, vault, CallerIn(name="陈"))


@pytest.mark.parametrize("acting", (NOBODY, Acting(Scope.UNIT, "x", "pa/pa.roads/"), Acting(Scope.CITIZEN, "citizen", ticket="PA-1")))
async def test_units_citizens_and_nobody_read_no_caller(port_ash: Database, vault: SoftwareVault, acting: Acting):
    caller = await keep(port_ash, vault)
    assert caller
    async with port_ash.transaction(acting) as tx:
        assert await tx.fetchval("SELECT count(*) FROM caller") == 0
        assert await callers.masked(tx, vault, [caller]) == {}
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with port_ash.transaction(acting) as tx:
            await callers.upsert(tx, vault, CHEN, NOW)


async def test_many_callers_are_masked_with_one_statement(port_ash: Database, vault: SoftwareVault):
    ids = [await keep(port_ash, vault, CallerIn(name=f"人{n}", phone=f"1380013800{n}")) for n in range(5)]
    statements: list[str] = []
    async with port_ash.transaction(SYSTEM) as tx:
        with tx.query_logger(lambda record: statements.append(record.query)):
            assert len(await callers.masked(tx, vault, [i for i in ids if i])) == 5
    assert len([s for s in statements if "FROM caller" in s]) == 1


async def test_revealing_leaves_a_trace_that_nobody_removes(
    port_ash: Database, vault: SoftwareVault, hire: Hire, owner: asyncpg.Connection
):
    wang, caller, ticket = await hire("wang", Role.OPERATOR), await keep(port_ash, vault), uuid4()
    assert caller
    async with port_ash.transaction(wang.acting) as tx:
        phone = await callers.reveal(tx, vault, wang, caller, Field.PHONE, ticket, "回电核实地址", NOW)
    assert phone == "+8613800138000"
    row = await owner.fetchrow("SELECT staff, caller, field, ticket, reason FROM reveal")
    assert tuple(row) == (UUID(wang.id), caller, "phone", ticket, "回电核实地址")
    assert await owner.fetchval("SELECT count(*) FROM audit WHERE action = 'caller.reveal' AND subject = $1", str(caller)) == 1
    for statement in ("DELETE FROM reveal", "UPDATE reveal SET reason = 'x'", "TRUNCATE reveal"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(statement)


async def test_what_was_not_logged_was_not_revealed(port_ash: Database, vault: SoftwareVault, hire: Hire, owner: asyncpg.Connection):
    caller = await keep(port_ash, vault)
    assert caller
    operator, handler = await hire("wang", Role.OPERATOR), await hire("li", Role.HANDLER, unit="pa.roads")
    analyst, admin = await hire("zhao", Role.ANALYST), await hire("sys", Role.SYSTEM_ADMIN)
    for actor, ticket, reason, refusal in (
        (operator, None, " ", Invalid),
        (handler, None, "回电", Invalid),
        (handler, uuid4(), "回电", NotFound),
        (analyst, None, "分析", Refused),
        (admin, None, "查看", Refused),
    ):
        with pytest.raises(refusal):
            async with port_ash.transaction(actor.acting) as tx:
                await callers.reveal(tx, vault, actor, caller, Field.NAME, ticket, reason, NOW)
    assert await owner.fetchval("SELECT count(*) FROM reveal") == 0


async def test_what_is_not_known_cannot_be_revealed(port_ash: Database, vault: SoftwareVault, hire: Hire):
    wang, caller = await hire("wang", Role.OPERATOR), await keep(port_ash, vault, CallerIn(name="陈"))
    assert caller
    with pytest.raises(NotFound):
        async with port_ash.transaction(wang.acting) as tx:
            await callers.reveal(tx, vault, wang, caller, Field.IDENTITY, None, "核实", NOW)


def test_a_row_carries_the_fingerprint_that_finds_it(vault: SoftwareVault):
    row = callers.caller_json(vault, CHEN, NOW)
    assert row and callers.fingerprint_of(row) == vault.fingerprint("phone +8613800138000")
