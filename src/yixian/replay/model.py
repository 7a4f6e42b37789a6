"""What a replay is asked to do, and what it sends."""

from __future__ import annotations

from typing import Final

import msgspec

from yixian.intake.model import ContactIn
from yixian.people.model import Role

GUANGZHOU_DAY: Final = 112_000
"""Contacts of an average day in Guangzhou (domain sheet: 41 million in 2024)."""

STAFF: Final = (Role.OPERATOR, Role.DISPATCHER, Role.HANDLER, Role.UNIT_REVIEWER, Role.REVIEWER, Role.CALL_BACK)
"""One simulated person a role; the two unit roles stand for every unit below the top of the tree."""


class Due(msgspec.Struct, frozen=True):
    """One contact, and when it comes."""

    at: float
    """Seconds since the day began, 0 to 86,400."""
    contact: ContactIn
    by_operator: bool = False
    """An operator takes it down (and may have ended it); else it comes as a resident sends it."""


class Mix(msgspec.Struct, frozen=True):
    """What a generated day is made of; shares of all contacts, 0 to 1."""

    departmental: float = 0.08
    """Needs a unit; with the questions that no guide answers after all, about a tenth of the contacts becomes tickets."""
    online: float = 0.62
    guided: float = 0.10
    """Questions that residents ask online in the words of a guide: answered without an operator."""
    emergency: float = 0.005
    legal_route: float = 0.008
    outside: float = 0.004
    abandoned: float = 0.015
    two_matters: float = 0.02
    """Of the departmental ones."""
    returning: float = 0.15
    """Callers who called before that day."""


class Plan(msgspec.Struct, frozen=True):
    """How a replay runs."""

    count: int = 1_000
    seed: int = 1
    rate: float = 0.0
    """Contacts a second, evenly; 0: as fast as it can, unless `compress` is given."""
    compress: float = 0.0
    """How much faster than the clock the day's own shape runs (60: a day in 24 minutes); 0: not by the clock."""
    concurrency: int = 16
    """Contacts under way at once; as many again are steps of the simulated staff."""
    life_cycle: bool = True
    """Simulated staff take the tickets through their life."""
    returned: float = 0.03
    """Share of the tickets that a unit returns, with a reason and a basis."""
    dissatisfied: float = 0.04
    """Share of the ratings that are bad: the unit handles those once more."""
    left: float = 0.0
    """Share of the tickets that staff leave alone at each step, so that desks have work to show."""
    mix: Mix = Mix()


class Account(msgspec.Struct, frozen=True):
    """How a simulated member of staff signs in."""

    login: str
    password: str
    secret: str = ""
    """Base 32, for the one-time passwords; empty when the server asks for none."""


Credentials = dict[Role, Account]


class CannotReplay(Exception):
    """The replay cannot start or go on; the message says what to do."""
