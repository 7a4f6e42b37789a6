"""What the room says no with. The sentence is for the screen: it says what to do."""

from __future__ import annotations


class SignInRefused(Exception):
    """Wrong login, password or one-time password, or the account is locked or disabled: all the same on purpose."""


class TooManyAttempts(Exception):
    """This address tried too often."""


class Refused(Exception):
    """Not allowed to this person."""


class Invalid(Exception):
    """Something given cannot be used; `field` names it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class NotFound(Exception):
    """No such account or caller, or none that this person may see."""
