"""Examples, models and what is known of how they do, as the rooms pass them around."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from yixian.city.model import Audience
from yixian.dispatch.guarantee import Gate


class Source(StrEnum):
    """How somebody settled what a ticket is about, or whose it is."""

    CHOICE = "choice"
    """A dispatcher chose, or put right what had been chosen."""
    AGREED = "agreed"
    """A dispatcher took what stood first among the suggestions."""
    REASSIGNED = "reassigned"
    """A dispatcher chose again after a unit had given it back."""
    RULING = "ruling"
    """A joint review ruled; binding."""
    CONSULTED = "consulted"
    """A dispatcher chose a unit that had been asked and had said that it is its own, at least in part."""
    ANSWERED = "answered"
    """Dispatched at once, never doubted, answered, and the answer passed."""


class Repeated(msgspec.Struct, frozen=True):
    """Tickets about the same matter at the same place that people gave to the same unit, against what was suggested."""

    matter: str
    region: str
    unit: str
    numbers: tuple[str, ...]
    """Of the tickets, newest first."""
    since: datetime
    """Of the first of them."""


class Withdrawn(StrEnum):
    """Why an example no longer holds."""

    RETURNED = "returned"
    SUPERSEDED = "superseded"


class Correction(msgspec.Struct, frozen=True):
    """One example: the row of table `correction`."""

    id: UUID
    ticket: UUID
    number: str
    seq: int
    at: datetime
    source: Source
    role: str
    weight: float
    matter: str
    unit: str
    region: str | None
    audience: Audience
    title: str
    """Masked, as `text`."""
    text: str
    suggested_matter: str | None = None
    suggested_unit: str | None = None
    withdrawn_at: datetime | None = None
    """When it was contradicted; None while it holds."""
    withdrawn_why: str = ""


class Verdict(StrEnum):
    """What became of a ticket that was dispatched at once."""

    RIGHT = "right"
    WRONG = "wrong"
    VOID = "void"
    """It ended otherwise: withdrawn, merged, terminated."""


class Dispatched(msgspec.Struct, frozen=True):
    """A ticket that the gate dispatched."""

    ticket: UUID
    number: str
    matter: str
    unit: str
    at: datetime


class Judged(msgspec.Struct, frozen=True):
    """What a step showed about the gate's choice."""

    ticket: UUID
    verdict: Verdict
    at: datetime
    why: str
    """The step that showed it."""


class Figures(msgspec.Struct, frozen=True):
    """How messages were read by a model that had not seen them. Shares are 0 to 1."""

    n: int
    unit_top1: float
    unit_top3: float
    """Among the three units suggested."""
    matter_top1: float
    matter_top3: float
    calibration_error: float
    """Expected difference between confidence and accuracy, over bins of equally many messages."""
    kept: int
    """Messages that a gate made from the other folds would have dispatched at once."""
    coverage: float
    accuracy_kept: float | None
    """None when none was kept."""
    accuracy_bound: float | None
    """What the accuracy among those kept surely reaches, at 95 % (Clopper and Pearson, one-sided)."""


class Card(msgspec.Struct, frozen=True):
    """What a model was made from, and how well it does."""

    city: str
    pack_digest: str
    load_id: int
    made_at: datetime
    made_by: str
    note: str
    first_at: datetime | None
    """When the oldest example was settled."""
    last_at: datetime | None
    by_source: dict[str, int]
    weight: float
    """Of all examples together; each text of the pack counts 1."""
    relabelled: int
    """Examples for which only the unit was certain: the matter that fits best among the unit's own was taken."""
    unused: int
    """Corrections that teach nothing about words: the list names another unit for what they are about."""
    matters: int
    """Different matters among the examples."""
    target: float
    level: float
    own_gate: bool
    """Whether there were enough examples for a gate with a guarantee; else the pack's own holds."""
    threshold: float | None
    """The confidence from which it acts alone; None: the pack's own gate, or nowhere."""
    with_model: Figures | None
    """None when there were too few examples to leave some out."""
    pack_alone: Figures | None
    """The same messages read by the city pack alone."""


class Model(msgspec.Struct, frozen=True):
    """A version: the row of table `dispatch_model`."""

    version: int
    made_at: datetime
    made_by: str
    note: str
    load_id: int
    examples: int
    digest: str
    gate: Gate | None
    card: Card


class Live(msgspec.Struct, frozen=True):
    """One stretch of time in which a model was live."""

    id: UUID
    model: int
    since: datetime
    till: datetime | None
    how: str
    actor: str
    role: str
    reason: str
    back_to: UUID | None


class Suspension(msgspec.Struct, frozen=True):
    """A matter that is not dispatched at once because its live precision fell below the target."""

    id: UUID
    matter: str
    at: datetime
    model: int | None
    tickets: int
    rights: int
    wrongs: int
    target: float
    evidence: float
    lifted_at: datetime | None = None
    lifted_by: str = ""
    lifted_role: str = ""
    lifted_why: str = ""


class Watched(msgspec.Struct, frozen=True):
    """What is known of a matter's live precision in this round of the watch."""

    matter: str
    since: datetime
    round: UUID
    tickets: int
    """Dispatched at once."""
    rights: int
    wrongs: int
    """The others are still open, or ended without showing anything."""

    @property
    def precision(self) -> float | None:
        """The share that was right, of those that are settled."""
        settled = self.rights + self.wrongs
        return self.rights / settled if settled else None


class Swap(msgspec.Struct, frozen=True):
    """Two matters of which one was suggested and the other chosen, over and over."""

    suggested: str
    chosen: str
    times: int
    back: int
    """How often the other way round."""
    numbers: tuple[str, ...]
    """Some tickets."""
