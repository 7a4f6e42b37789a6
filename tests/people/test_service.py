"""Signing in: what locks, what ends, what works once; and what administrators do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import pytest
from pyotp.totp import TOTP

from yixian.db.pool import NOBODY, SYSTEM, Database
from yixian.people import audit, service
from yixian.people.model import SYSTEM_ACTOR, Actor, Role, Session
from yixian.people.oversight import trail
from yixian.people.oversight.model import Search
from yixian.people.refusals import Invalid, NotFound, Refused, SignInRefused
from yixian.people.secrets import SoftwareVault
from yixian.people.service import NewStaff, SignedIn
from yixian.settings import Settings

from .conftest import NOW, PASSWORD, Clock

Hire = Callable[..., Awaitable[Actor]]


class Entrance:
    """The use cases of signing in, on one database, with one clock."""

    def __init__(self, db: Database, vault: SoftwareVault, settings: Settings, clock: Clock) -> None:
        self.db, self.vault, self.settings, self.clock = db, vault, settings, clock

    async def sign_in(self, login: str = "wang", password: str = PASSWORD, code: str = "") -> SignedIn:
        return await service.sign_in(self.db, self.vault, self.settings, login, password, code, "10.0.0.1", self.clock.now)

    async def refused(self, login: str = "wang", password: str = "wrong", code: str = "") -> str:
        with pytest.raises(SignInRefused) as caught:
            await self.sign_in(login, password, code)
        return str(caught.value)

    async def session(self, token: str) -> Session | None:
        async with self.db.transaction(NOBODY) as tx:
            return await service.find_session(tx, token, self.settings, self.clock.now)

    async def prove(self, begun: SignedIn, code: str, ticket: str = "") -> SignedIn:
        session = await self.session(begun.token)
        assert session
        return await service.second_factor(
            self.db, self.vault, self.settings, begun.token, session, code, ticket, "10.0.0.1", self.clock.now
        )

    async def offer(self, begun: SignedIn) -> service.Offer | None:
        session = await self.session(begun.token)
        assert session
        async with self.db.transaction(NOBODY) as tx:
            return await service.offer(tx, self.vault, session, "Yixian", self.clock.now)

    async def enrol(self, login: str = "wang") -> tuple[TOTP, SignedIn]:
        begun = await self.sign_in(login)
        offer = await self.offer(begun)
        assert offer
        device = TOTP(offer.secret)
        return device, await self.prove(begun, device.at(self.clock.now), offer.ticket)

    async def state(self, login: str = "wang") -> tuple[int, datetime | None]:
        async with self.db.transaction(SYSTEM) as tx:
            row = await tx.fetchrow("SELECT failures, locked_till FROM staff WHERE login = $1", login)
            return row[0], row[1]

    async def audited(self, action: str, result: str = "done") -> int:
        async with self.db.transaction(SYSTEM) as tx:
            return await tx.fetchval("SELECT count(*) FROM audit WHERE action = $1 AND result = $2", action, result)


@pytest.fixture
def entrance(port_ash: Database, vault: SoftwareVault, settings: Settings, clock: Clock) -> Entrance:
    return Entrance(port_ash, vault, settings, clock)


@pytest.fixture
def strict(port_ash: Database, vault: SoftwareVault, settings: Settings, clock: Clock) -> Entrance:
    """With a second factor."""
    return Entrance(port_ash, vault, msgspec.structs.replace(settings, second_factor=True), clock)


# -- Password and lock


async def test_the_right_password_begins_a_session(entrance: Entrance, hire: Hire):
    wang = await hire("wang", Role.OPERATOR)
    begun = await entrance.sign_in(" Wang ")
    session = await entrance.session(begun.token)
    assert session and session.actor == wang and session.csrf == begun.csrf and not session.awaiting_second_factor
    assert await entrance.session("another token") is None


async def test_unknown_wrong_locked_and_disabled_are_told_the_same(entrance: Entrance, hire: Hire):
    await hire("wang", Role.OPERATOR)
    await hire("li", Role.OPERATOR)
    async with entrance.db.transaction(SYSTEM) as tx:
        await service.disable(tx, SYSTEM_ACTOR, "li", NOW)
    unknown = await entrance.refused("nobody")
    wrong = [await entrance.refused() for _ in range(5)]
    locked = await entrance.refused(password=PASSWORD)
    disabled = await entrance.refused("li", PASSWORD)
    assert {unknown, *wrong, locked, disabled} == {unknown}
    assert unknown.endswith("。")


async def test_unknown_logins_take_as_long_as_wrong_passwords(entrance: Entrance, hire: Hire):
    await hire("wang", Role.OPERATOR)
    await entrance.refused("warm")

    async def seconds(login: str) -> float:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await entrance.refused(login)
        return loop.time() - begun

    unknown, known = min([await seconds("nobody") for _ in range(3)]), min([await seconds("wang") for _ in range(3)])
    assert 0.4 < unknown / known < 2.5


async def test_ten_wrong_passwords_at_once_lock_once_and_count_five(entrance: Entrance, hire: Hire):
    await hire("wang", Role.OPERATOR)
    await asyncio.gather(*(entrance.refused() for _ in range(10)))
    assert await entrance.state() == (5, NOW + timedelta(minutes=15))
    assert await entrance.audited("session.begin", "refused") == 10
    assert await entrance.audited("staff.locked") == 1


async def test_a_lock_ends_by_itself_and_counting_begins_anew(entrance: Entrance, hire: Hire):
    await hire("wang", Role.OPERATOR)
    for _ in range(5):
        await entrance.refused()
    entrance.clock.forward(minutes=14)
    await entrance.refused(password=PASSWORD)
    entrance.clock.forward(minutes=1)
    await entrance.refused()
    assert await entrance.state() == (1, None)
    await entrance.sign_in()
    assert await entrance.state() == (0, None)


async def test_the_last_attempt_allowed_may_be_right(entrance: Entrance, hire: Hire):
    await hire("wang", Role.OPERATOR)
    for _ in range(4):
        await entrance.refused()
    await entrance.sign_in()
    assert await entrance.state() == (0, None)


async def test_the_audit_keeps_no_unknown_login(entrance: Entrance, owner: asyncpg.Connection):
    await entrance.refused("my-password-by-mistake")
    assert "mistake" not in str(await owner.fetch("SELECT * FROM audit"))


# -- Sessions


async def test_an_idle_session_ends_and_a_used_one_goes_on(entrance: Entrance, hire: Hire):
    await hire("wang", Role.OPERATOR)
    begun = await entrance.sign_in()
    for _ in range(3):
        entrance.clock.forward(minutes=29)
        assert await entrance.session(begun.token)
    entrance.clock.forward(minutes=30)
    assert await entrance.session(begun.token) is None


async def test_no_session_lasts_longer_than_a_shift(entrance: Entrance, hire: Hire):
    await hire("wang", Role.OPERATOR)
    begun = await entrance.sign_in()
    for _ in range(24):
        assert await entrance.session(begun.token)
        entrance.clock.forward(minutes=29, seconds=59)
    entrance.clock.forward(minutes=1)
    assert await entrance.session(begun.token) is None
    async with entrance.db.transaction(SYSTEM) as tx:
        assert await service.forget_sessions(tx, entrance.settings, entrance.clock.now) == 1


async def test_a_look_up_is_one_statement_and_writes_at_most_once_a_minute(entrance: Entrance, hire: Hire, owner: asyncpg.Connection):
    await hire("wang", Role.OPERATOR)
    begun = await entrance.sign_in()
    statements: list[str] = []
    seen: list[datetime] = []
    for seconds in (20, 20, 20, 1):
        entrance.clock.forward(seconds=seconds)
        async with entrance.db.transaction(NOBODY) as tx:
            with tx.query_logger(lambda record: statements.append(record.query)):
                assert await service.find_session(tx, begun.token, entrance.settings, entrance.clock.now)
        seen.append(await owner.fetchval("SELECT seen_at FROM session"))
    assert len(statements) == 4
    assert seen == [NOW, NOW, NOW, NOW + timedelta(seconds=61)]


async def test_the_database_holds_no_token(entrance: Entrance, hire: Hire, owner: asyncpg.Connection):
    await hire("wang", Role.OPERATOR)
    begun = await entrance.sign_in()
    assert begun.token.encode() not in bytes(await owner.fetchval("SELECT token_hash FROM session"))


async def test_disabling_and_resetting_end_sessions_at_once(entrance: Entrance, hire: Hire):
    await hire("wang", Role.OPERATOR)
    begun = await entrance.sign_in()
    async with entrance.db.transaction(SYSTEM) as tx:
        password = await service.reset(tx, SYSTEM_ACTOR, "wang", NOW)
    assert await entrance.session(begun.token) is None
    await entrance.refused(password=PASSWORD)
    again = await entrance.sign_in(password=password)
    session = await entrance.session(again.token)
    assert session and session.must_change
    async with entrance.db.transaction(SYSTEM) as tx:
        await service.disable(tx, SYSTEM_ACTOR, "wang", NOW)
    assert await entrance.session(again.token) is None


async def test_changing_the_password_ends_the_other_sessions(entrance: Entrance, hire: Hire):
    wang = await hire("wang", Role.OPERATOR)
    here, elsewhere = await entrance.sign_in(), await entrance.sign_in()

    async def change(old: str, new: str) -> None:
        await service.change_password(entrance.db, here.token, wang, old, new, entrance.settings, NOW)

    for bad in ("short", "wang", PASSWORD):
        with pytest.raises(Invalid):
            await change(PASSWORD, bad)
    with pytest.raises(SignInRefused):
        await change("wrong", "five harbour lamps glow")
    await change(PASSWORD, "five harbour lamps glow")
    assert await entrance.session(here.token) and await entrance.session(elsewhere.token) is None
    await entrance.sign_in(password="five harbour lamps glow")


# -- Second factor


async def test_the_first_sign_in_enrols_a_second_factor(strict: Entrance, hire: Hire):
    await hire("wang", Role.OPERATOR)
    begun = await strict.sign_in()
    half = await strict.session(begun.token)
    assert half and half.awaiting_second_factor
    device, done = await strict.enrol()
    session = await strict.session(done.token)
    assert session and not session.awaiting_second_factor
    assert await strict.offer(await strict.sign_in()) is None, "the secret is shown once"
    strict.clock.forward(seconds=30)
    assert not (await strict.sign_in(code=device.at(strict.clock.now))).awaiting_second_factor


async def test_completing_changes_the_token(strict: Entrance, hire: Hire):
    await hire("wang", Role.OPERATOR)
    device, _ = await strict.enrol()
    strict.clock.forward(minutes=1)
    begun = await strict.sign_in()
    done = await strict.prove(begun, device.at(strict.clock.now))
    assert done.token != begun.token and done.csrf != begun.csrf
    assert await strict.session(begun.token) is None


async def test_a_one_time_password_works_once(strict: Entrance, hire: Hire):
    await hire("wang", Role.OPERATOR)
    device, _ = await strict.enrol()
    strict.clock.forward(minutes=1)
    code = device.at(strict.clock.now)
    halves = [await strict.sign_in() for _ in range(3)]
    done = await asyncio.gather(*(strict.prove(half, code) for half in halves), return_exceptions=True)
    assert sorted(type(d).__name__ for d in done) == ["SignInRefused", "SignInRefused", "SignedIn"]
    await strict.refused(password=PASSWORD, code=code)


async def test_knowing_the_password_does_not_help_to_guess_the_second_factor(strict: Entrance, hire: Hire):
    await hire("wang", Role.OPERATOR)
    device, _ = await strict.enrol()
    strict.clock.forward(minutes=1)
    for _ in range(5):
        half = await strict.sign_in()
        with pytest.raises(SignInRefused):
            await strict.prove(half, "000000")
    await strict.refused(password=PASSWORD, code=device.at(strict.clock.now))
    assert await strict.audited("staff.locked") == 1


async def test_an_offer_is_one_persons_for_a_quarter_of_an_hour(strict: Entrance, hire: Hire):
    await hire("wang", Role.OPERATOR)
    await hire("li", Role.OPERATOR)
    wang, li = await strict.sign_in("wang"), await strict.sign_in("li")
    offer = await strict.offer(wang)
    assert offer
    code = TOTP(offer.secret).at(strict.clock.now)
    for begun, ticket in ((li, offer.ticket), (wang, "nonsense"), (wang, "")):
        with pytest.raises(Invalid):
            await strict.prove(begun, code, ticket)
    strict.clock.forward(minutes=16)
    with pytest.raises(Invalid):
        await strict.prove(wang, TOTP(offer.secret).at(strict.clock.now), offer.ticket)


async def test_a_reset_asks_for_a_new_second_factor(strict: Entrance, hire: Hire):
    await hire("wang", Role.OPERATOR)
    await strict.enrol()
    async with strict.db.transaction(SYSTEM) as tx:
        password = await service.reset(tx, SYSTEM_ACTOR, "wang", NOW)
    assert await strict.offer(await strict.sign_in(password=password))


async def test_the_secret_is_encrypted_at_rest(strict: Entrance, hire: Hire, owner: asyncpg.Connection):
    await hire("wang", Role.OPERATOR)
    device, _ = await strict.enrol()
    kept = bytes(await owner.fetchval("SELECT second_factor FROM staff"))
    assert device.secret.encode() not in kept and strict.vault.open(kept) == device.secret


# -- Administrators


async def test_each_administrator_does_their_own_work(port_ash: Database, hire: Hire):
    system, security = await hire("sys", Role.SYSTEM_ADMIN), await hire("sec", Role.SECURITY_ADMIN)
    auditor = await hire("aud", Role.AUDIT_ADMIN)
    new = NewStaff("zhao", "Zhao", frozenset({Role.HANDLER}), "pa.roads")

    async def attempt(actor: Actor, deed: Callable[..., Awaitable[Any]], *more: Any) -> bool:
        try:
            async with port_ash.transaction(actor.acting) as tx:
                await deed(tx, actor, *more, NOW)
        except Refused:
            return False
        return True

    deeds: dict[str, tuple[Any, ...]] = {
        "add": (service.add_staff, new),
        "disable": (service.disable, "zhao"),
        "enable": (service.enable, "zhao"),
        "reset": (service.reset, "zhao"),
        "unlock": (service.unlock, "zhao"),
        "roles": (service.change_roles, "zhao", frozenset({Role.UNIT_REVIEWER})),
        "audit": (trail.search, Search(), ZoneInfo("Europe/London")),
    }
    done = {name: [a.name for a in (system, security, auditor) if await attempt(a, *how)] for name, how in deeds.items()}
    assert done == {
        "add": ["Sec"], "disable": ["Sec"], "enable": ["Sec"],
        "reset": ["Sec"], "unlock": ["Sec"], "roles": ["Sec"], "audit": ["Aud"],
    }  # fmt: skip
    assert not await attempt(security, service.disable, "sec")
    assert not await attempt(security, service.reset, "sec")
    assert not await attempt(security, service.reset, "aud")
    assert not await attempt(security, service.change_roles, "zhao", frozenset({Role.SYSTEM_ADMIN}))
    assert not await attempt(system, service.add_staff, NewStaff("eve", "Eve", frozenset({Role.AUDIT_ADMIN}), "pa"))


async def test_one_person_cannot_hold_two_administrators_roles_even_in_the_database(
    port_ash: Database, hire: Hire, owner: asyncpg.Connection
):
    await hire("sys", Role.SYSTEM_ADMIN)
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute("UPDATE staff SET roles = '{system_admin,audit_admin}' WHERE login = 'sys'")


@pytest.mark.parametrize(
    ("change", "field"),
    (
        ({"login": "Wang Li"}, "login"),
        ({"login": "wang"}, "login"),
        ({"name": " "}, "name"),
        ({"unit": "nowhere"}, "unit"),
        ({"roles": frozenset[Role]()}, "roles"),
        ({"roles": frozenset({Role.CITIZEN})}, "roles"),
    ),
)
async def test_an_account_that_cannot_be_is_refused_at_its_field(port_ash: Database, hire: Hire, change: dict[str, Any], field: str):
    await hire("wang", Role.OPERATOR)
    new = NewStaff("zhao", "Zhao", frozenset({Role.HANDLER}), "pa.roads")
    with pytest.raises(Invalid) as caught:
        async with port_ash.transaction(SYSTEM) as tx:
            await service.add_staff(tx, SYSTEM_ACTOR, msgspec.structs.replace(new, **change), NOW)
    assert caught.value.field == field


async def test_an_account_that_does_not_exist_is_not_found(port_ash: Database):
    with pytest.raises(NotFound):
        async with port_ash.transaction(SYSTEM) as tx:
            await service.reset(tx, SYSTEM_ACTOR, "nobody", NOW)


# -- The audit


async def test_nobody_changes_the_audit(port_ash: Database, owner: asyncpg.Connection):
    async with port_ash.transaction(SYSTEM) as tx:
        await audit.record(tx, "system", "test.deed", NOW, subject=str(uuid4()))
    for statement in ("DELETE FROM audit", "UPDATE audit SET actor = 'x'", "TRUNCATE audit"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(statement)
