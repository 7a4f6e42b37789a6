"""Callers: normalised, sealed, found again, shown masked, revealed with a reason."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import phonenumbers

from yixian.city.model import Audience
from yixian.db.ids import new_id
from yixian.db.pool import Transaction
from yixian.people import audit, policy, store
from yixian.people.model import UNIT_ROLES, Actor, CallerIn, CallerMasked
from yixian.people.policy import Deed
from yixian.people.refusals import Invalid, NotFound, Refused
from yixian.people.secrets import Vault
from yixian.people.store import CallerRow

COUNTRY: Final = "CN"
"""Whose numbers are meant when none says its country (ISO 3166-1); a city elsewhere passes its own."""

TOO_SHORT: Final = "这个号码少了几位，请核对：固定电话请加上区号。确实如此，再提交一次即可。"
TOO_LONG: Final = "这个号码多了几位，请核对。确实如此，再提交一次即可。"
UNUSUAL: Final = "这个号码不像电话号码，请核对。确实如此，再提交一次即可。"

TAIL: Final = 4

_LEGAL_FORM: Final = re.compile(r"(?:股份有限公司|有限责任公司|有限公司|公司|ltd|limited|inc)+$")
_SHORTEST_FIRM: Final = 2
"""Characters: a shorter name tells no firm from another."""


class Field(StrEnum):
    """What can be revealed."""

    NAME = "name"
    PHONE = "phone"
    IDENTITY = "identity"


def normal_phone(text: str, country: str = COUNTRY) -> str:
    """A telephone number in one way of writing: `+8613800138000`; what is no full number (a short or internal one) as its digits.

    Never refuses: a number that cannot be read may still be called by a person.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    digits = "".join(c for c in plain if c.isdigit() and c.isascii())
    try:
        number = phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException:
        return digits
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return digits
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def doubt_about(phone: str, country: str = COUNTRY) -> str:
    """What to ask, once, about a number under which nobody may be reached; empty where it can be one, or nothing was said.

    A mobile number has its full length, anything else must be one that the numbering plan of its country knows. It is only asked:
    short and internal numbers are numbers too.
    """
    plain = unicodedata.normalize("NFKC", phone).strip()
    if not plain:
        return ""
    try:
        number = phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException:
        return UNUSUAL
    national = phonenumbers.national_significant_number(number)
    lengths = _mobile_lengths(phonenumbers.region_code_for_country_code(number.country_code or 0))
    if phonenumbers.is_valid_number(number) or len(national) in lengths:
        return ""
    return (TOO_SHORT if len(national) < min(lengths) else TOO_LONG) if lengths else UNUSUAL


def _mobile_lengths(region: str) -> tuple[int, ...]:
    """Digits of a mobile number of a region, without the country's code."""
    known = phonenumbers.PhoneMetadata.metadata_for_region(region)
    return tuple(known.mobile.possible_length) if known is not None and known.mobile is not None else ()


def normal_identity(text: str) -> str:
    """An identity number or credit code in one way of writing: capitals, no spaces or hyphens."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())


def normal_firm(text: str) -> str:
    """A firm's name without what people leave out: its legal form, brackets and spaces. A name that is nothing else stays whole."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
    short = _LEGAL_FORM.sub("", plain)
    return short if len(short) >= _SHORTEST_FIRM else plain


def caller_json(vault: Vault, caller: CallerIn, now: datetime, country: str = COUNTRY) -> dict[str, Any] | None:
    """One row of table `caller`, sealed, as `jsonb_populate_record(NULL::caller, …)` reads it; None when the caller said nothing of
    themselves that could be kept.

    Who has the same telephone number is the same caller: see `upsert`.
    """
    name, phone, identity = caller.name.strip(), normal_phone(caller.phone, country), normal_identity(caller.identity)
    if not (name or phone or identity):
        return None
    return {
        "id": new_id(now),
        "kind": caller.kind,
        "name": _hex(vault.seal(name)) if name else None,
        "phone": _hex(vault.seal(phone)) if phone else None,
        "phone_hash": _hex(vault.fingerprint(f"phone {phone}")) if phone else None,
        "phone_tail": _tail(phone),
        "identity": _hex(vault.seal(identity)) if identity else None,
        "identity_hash": _hex(vault.fingerprint(f"identity {identity}")) if identity else None,
        "name_hash": _hex(_firm_print(vault, name)) if name and caller.kind is Audience.FIRM else None,
        "language": caller.language,
        "needs": caller.needs.strip(),
        "created_at": now,
    }


def fingerprint_of(row: dict[str, Any]) -> bytes | None:
    """The fingerprint of the phone in a row that `caller_json` made, as the database keeps it."""
    return bytes.fromhex(row["phone_hash"][2:]) if row["phone_hash"] else None


async def upsert(tx: Transaction, vault: Vault, caller: CallerIn, now: datetime, country: str = COUNTRY) -> UUID | None:
    """Keeps a caller, or finds the one with the same phone and fills in what was not known; None when there is nothing to keep."""
    row = caller_json(vault, caller, now, country)
    return await store.upsert_caller(tx, row) if row else None


async def by_phone(tx: Transaction, vault: Vault, phone: str, country: str = COUNTRY) -> CallerMasked | None:
    """The caller with this phone, however it is written; None when there is none that the acting person may see."""
    normal = normal_phone(phone, country)
    row = await store.caller_by_phone(tx, vault.fingerprint(f"phone {normal}")) if normal else None
    return _masked(vault, row) if row else None


async def firm(tx: Transaction, vault: Vault, name: str, code: str) -> tuple[CallerMasked, ...]:
    """The callers of one firm, found by its unified credit code, or by its name where no code is given; the latest first.

    A firm calls from many numbers: each is a caller of its own, and all are the same firm.
    """
    identity = normal_identity(code)
    if not identity and not name.strip():
        return ()
    by_code = vault.fingerprint(f"identity {identity}") if identity else None
    by_name = _firm_print(vault, name) if name.strip() and not identity else None
    return tuple(_masked(vault, row) for row in await store.firm(tx, by_code, by_name))


async def same_firm(tx: Transaction, vault: Vault, caller: UUID) -> tuple[CallerMasked, ...]:
    """All callers of the firm that this caller is of, that one among them; none when it is no firm, or nothing tells which."""
    return tuple(_masked(vault, row) for row in await store.same_firm(tx, caller))


async def masked(tx: Transaction, vault: Vault, ids: Iterable[UUID]) -> dict[UUID, CallerMasked]:
    """Those of these callers that the acting person may see, masked; one statement, however many."""
    wanted = list(ids)
    return {row.id: _masked(vault, row) for row in await store.callers(tx, wanted)} if wanted else {}


async def reveal(
    tx: Transaction, vault: Vault, actor: Actor, caller: UUID, field: Field, ticket: UUID | None, reason: str, now: datetime
) -> str:
    """What is known of a caller in clear; who looked, when and why is written down in the same transaction.

    Raises:
        Refused: this person's role has no need of it.
        Invalid: no reason given, or no ticket where one is needed.
        NotFound: no such caller, none that this person may see, or nothing is known.
    """
    if sentence := policy.refusal(actor, Deed.REVEAL):
        raise Refused(sentence)
    if not reason.strip():
        raise Invalid("reason", "请填写查看原因，例如：需要回电核实地址。")
    if ticket is None and not actor.roles - UNIT_ROLES:
        raise Invalid("ticket", "承办单位查看来电人信息须指明工单。")
    row = next(iter(await store.callers(tx, [caller])), None)
    sealed: bytes | None = getattr(row, field) if row else None
    if sealed is None:
        raise NotFound("没有可以查看的信息：来电人没有留下，或要求对承办单位保密。")
    await store.record_reveal(tx, UUID(actor.id), caller, field, ticket, reason.strip(), now)
    body = {"field": field, "ticket": ticket, "reason": reason.strip()}
    await audit.record(tx, actor.id, "caller.reveal", now, subject=str(caller), body=body)
    return vault.open(sealed)


_ADDRESS: Final = re.compile(
    r"\S{1,2}(?:先生|女士|小姐|太太|夫人|同志|老师|师傅|阿姨|阿婆|阿伯|大姐|大哥|大爷|大妈|老伯|姐|哥|叔|姨|生|太)|[老小阿]\S"
    r"|(?:mr|mrs|ms|miss|mx|dr|sir|madam)\.? ?[\w'-]*",
    re.IGNORECASE,
)
"""How somebody is addressed: a surname of one or two characters with a title."""


async def spoken_of(tx: Transaction, vault: Vault, caller: UUID, text: str) -> tuple[str, ...]:
    """What in this text is the caller's own name or number, as it stands there; nothing is told that the text does not hold.

    For a warning before a text is sent where others may read it: none of a caller whom the acting person may not see. Who gave no more
    than how to be addressed (陈女士, Ms Ash) may be addressed so: a surname tells nobody who somebody is.
    """
    row = next(iter(await store.callers(tx, [caller])), None)
    if row is None:
        return ()
    name = vault.open(row.name).strip() if row.name else ""
    phone = "".join(c for c in vault.open(row.phone) if c.isdigit())[-8:] if row.phone else ""
    digits = "".join(c for c in text if c.isdigit())
    named = (name,) if len(name) >= 2 and name in text and not _ADDRESS.fullmatch(name) else ()
    return (*named, f"…{phone[-TAIL:]}") if len(phone) == 8 and phone in digits else named


def mask_name(name: str, kind: Audience = Audience.PERSON) -> str:
    """`陈**`; of a firm the first four characters."""
    shown = 4 if kind is Audience.FIRM else 1
    return name[:shown] + "**" if name else ""


def mask_phone(tail: str) -> str:
    """`***1234`."""
    return f"***{tail}" if tail else ""


def _masked(vault: Vault, row: CallerRow) -> CallerMasked:
    kind = Audience(row.kind)
    name = mask_name(vault.open(row.name), kind) if row.name else ""
    phone = mask_phone(row.phone_tail) or ("***" if row.phone else "")
    return CallerMasked(row.id, kind, name, phone, row.language, row.needs)


def _firm_print(vault: Vault, name: str) -> bytes:
    return vault.fingerprint(f"firm {normal_firm(name)}")


def _tail(phone: str) -> str:
    """The last four digits, unless they would give most of a short number away."""
    return phone[-TAIL:] if len(phone) >= 2 * TAIL else ""


def _hex(value: bytes) -> str:
    return f"\\x{value.hex()}"
