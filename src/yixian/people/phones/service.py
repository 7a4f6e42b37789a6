"""Codes by short message, and the sessions they open. Nothing here tells whether a number is known: every number is sent a code."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

import msgspec

from yixian.db.pool import NOBODY, Database, Transaction
from yixian.people.callers import normal_phone
from yixian.people.phones import sms, store
from yixian.people.secrets import Vault
from yixian.settings import Settings

CODE_LASTS: Final = timedelta(minutes=10)
TRIES: Final = 5
SESSION_LASTS: Final = timedelta(minutes=30)

BY_NUMBER: Final = ((timedelta(minutes=1), 1), (timedelta(hours=1), 5), (timedelta(days=1), 10))
"""So many codes one number is sent within so long, whoever asks: nobody's telephone is made to ring all day."""
BY_ADDRESS: Final = ((timedelta(minutes=1), 5), (timedelta(hours=1), 30))

WRONG: Final = "验证码不对，或者已经过期。请核对短信，或重新获取。"


class Unfit(Exception):
    """It cannot be done as it is; `field` is what to mend, the sentence how."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class TooOften(Exception):
    """More codes were asked for than may be."""


class Resident(msgspec.Struct, frozen=True):
    """Somebody who proved a telephone number in this browser."""

    phone_hash: bytes
    """As `caller.phone_hash`."""
    tail: str
    csrf: str


async def ask(db: Database, vault: Vault, settings: Settings, phone: str, country: str, address: str, now: datetime) -> str:
    """Sends a code to a number; what the page may show of the message (in a demo all of it, else nothing).

    Raises:
        Unfit: no number that a message can be sent to.
        TooOften: the number or the address asked too often.
        sms.NotSent: it did not leave; the code is not valid then.
    """
    number = _number(phone, country)
    mark, asker = vault.fingerprint(f"phone {number}"), vault.fingerprint(f"address {address}")
    code = f"{secrets.randbelow(1_000_000):06}"
    async with db.transaction(NOBODY) as tx:
        for what, limits in ((mark, BY_NUMBER), (asker, BY_ADDRESS)):
            for within, most in limits:
                if await store.asked(tx, what, now - within) >= most:
                    raise TooOften("验证码获取得太频繁，请过一会儿再试；已经收到的验证码十分钟内有效。")
        await store.put_code(tx, mark, _code_mark(vault, number, code), (mark, asker), now)
    try:
        return await sms.send(settings, number, f"【12345热线】您的查询验证码是 {code}，十分钟内有效。不是您本人操作请忽略。")
    except sms.NotSent:
        async with db.transaction(NOBODY) as tx:
            await store.use_code(tx, mark, _code_mark(vault, number, code))
        raise


async def enter(db: Database, vault: Vault, phone: str, code: str, country: str, now: datetime) -> str:
    """Opens a session for who has the code; its token for the browser.

    Raises:
        Unfit: wrong, expired, or tried too often: one sentence for all.
    """
    number = _number(phone, country)
    mark, digits = vault.fingerprint(f"phone {number}"), "".join(c for c in code if c.isdigit())
    token = secrets.token_urlsafe(32)
    async with db.transaction(NOBODY) as tx:
        # Counted before it is compared, in the same statement: many tries at once are still five.
        kept = await store.try_code(tx, mark, now - CODE_LASTS, TRIES)
        right = kept is not None and hmac.compare_digest(kept, _code_mark(vault, number, digits))
        if right and kept is not None and await store.use_code(tx, mark, kept):
            await store.put_session(tx, _token_mark(token), mark, number[-4:], secrets.token_urlsafe(16), now)
            return token
    raise Unfit("code", WRONG)


async def resident(tx: Transaction, token: str, now: datetime) -> Resident | None:
    """Who has this cookie; None when its half hour is over."""
    found = await store.session(tx, _token_mark(token), now - SESSION_LASTS) if token else None
    return Resident(found["phone_hash"], found["phone_tail"], found["csrf"]) if found else None


async def leave(tx: Transaction, token: str) -> None:
    """Ends the session."""
    await store.end_session(tx, _token_mark(token))


async def forget(tx: Transaction, now: datetime) -> None:
    """Forgets codes and sessions that are over, and after a day who asked."""
    await store.forget(tx, now - SESSION_LASTS, now - CODE_LASTS, now - timedelta(days=1))


def _number(phone: str, country: str) -> str:
    number = normal_phone(phone[:40], country)
    if not number.startswith("+"):
        raise Unfit("phone", "请填写能收短信的手机号码。")
    return number


def _code_mark(vault: Vault, number: str, code: str) -> bytes:
    return vault.fingerprint(f"code {number} {code}")


def _token_mark(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
