"""A ticket, its orders and its history, as the rooms pass them around."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from yixian.city.model import Audience, RequestKind, Urgency


class State(StrEnum):
    """Where a ticket stands. A sentence each: `docs/reference/lifecycle.md` is made from them."""

    AWAITING_DISPATCH = "awaiting_dispatch"
    """Registered; no unit has it yet. The dispatch limit runs."""

    DISPATCHED = "dispatched"
    """A unit has been named and its clock runs, signed or not: a unit cannot stop time by looking away."""

    HANDLING = "handling"
    """The unit has taken it and owes the citizen a first contact, then an answer."""

    JOINT_REVIEW = "joint_review"
    """Whose it is, is in dispute or in doubt. The unit that has it keeps acting, and its clock runs, until the hotline rules."""

    UNIT_REVIEW = "unit_review"
    """A handler has written the answer; somebody of the same unit looks at it before it leaves."""

    IN_REVIEW = "in_review"
    """The unit has answered; the hotline looks whether the answer answers."""

    AWAITING_CALL_BACK = "awaiting_call_back"
    """The citizen has the answer and is asked what it was worth."""

    CLOSED = "closed"
    """Answered, and rated or past asking. It can be opened again."""

    MERGED = "merged"
    """Said already in another ticket, which goes on; whoever asks is shown that one's progress."""

    WITHDRAWN = "withdrawn"
    """The citizen took it back."""

    TERMINATED = "terminated"
    """Cannot be handled by anybody under the rules; the citizen was told why."""


class Action(StrEnum):
    """What can be done to a ticket."""

    DISPATCH = "dispatch"
    REASSIGN = "reassign"
    SIGN = "sign"
    CONTACT = "contact"
    HAND_DOWN = "hand_down"
    HAND_UP = "hand_up"
    INVITE = "invite"
    PART = "part"
    RETURN = "return"
    OBJECT = "object"
    OPINION = "opinion"
    RULE = "rule"
    ASK_EXTENSION = "ask_extension"
    GRANT_EXTENSION = "grant_extension"
    REFUSE_EXTENSION = "refuse_extension"
    REPLY = "reply"
    APPROVE = "approve"
    SEND_BACK = "send_back"
    PASS = "pass"  # noqa: S105 -- the reviewer's verdict, not a secret
    CALL_BACK = "call_back"
    RATE = "rate"
    CLOSE = "close"
    REDO = "redo"
    REOPEN = "reopen"
    URGE = "urge"
    LIST = "list"
    CALL_IN = "call_in"
    MERGE = "merge"
    SPLIT = "split"
    SUPPLEMENT = "supplement"
    WITHDRAW = "withdraw"
    TERMINATE = "terminate"
    JOIN = "join"
    LEAVE = "leave"
    RAISE_ALARM = "raise_alarm"
    CONFIRM_ALARM = "confirm_alarm"
    STAND_DOWN = "stand_down"
    AMEND = "amend"
    HAND_OVER = "hand_over"
    REFER = "refer"
    NEED_CARE = "need_care"
    TAKE_CARE = "take_care"
    RECOUNT = "recount"


FINAL = frozenset({State.MERGED, State.WITHDRAWN, State.TERMINATED})
OPEN = frozenset(State) - FINAL - {State.CLOSED}


class OrderRole(StrEnum):
    """As what a unit has a ticket."""

    LEAD = "lead"
    CO = "co"
    PANEL = "panel"
    """Asked for its opinion in a joint review."""


class Order(msgspec.Struct, frozen=True):
    """One assignment of a ticket to one unit."""

    id: UUID
    unit: str
    unit_path: str
    role: OrderRole
    since: datetime
    due: datetime | None = None
    ended_at: datetime | None = None
    ended_how: str = ""
    part: str = ""
    part_at: datetime | None = None
    urged_at: datetime | None = None
    """When the lead urged its part last."""


class Alarmed(StrEnum):
    """Whether a ticket may be an emergency."""

    NO = ""
    """Nothing spoke for one."""
    RAISED = "raised"
    """It may be: a person looks within minutes, and no gate sends it off."""
    CONFIRMED = "confirmed"
    """Somebody said that people are in danger."""
    STOOD_DOWN = "stood_down"
    """Somebody, or the second look, said that nobody is; the history says who and why."""


class Care(StrEnum):
    """Whether who brought it may take their own life, and somebody of the hotline looks after them."""

    NO = ""
    NEEDED = "needed"
    """It stands above every board until somebody takes it."""
    TAKEN = "taken"
    """Somebody looks after them; the history says who."""


class Reached(StrEnum):
    """What became of a call that did not end with a rating."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REFUSED = "refused"
    """Does not want to be asked."""
    WRONG_NUMBER = "wrong_number"


class Special(msgspec.Struct, frozen=True):
    """What a special campaign (专项) gives a ticket: a mark, and limits of its own as in the city pack; empty: the ordinary one."""

    name: str
    """Of the campaign, as it was when the ticket joined."""
    since: datetime
    sign: str = ""
    contact: str = ""
    answer: str = ""
    longer: bool = False
    """A reason was given why its limits may be longer than the ordinary ones."""


class Ticket(msgspec.Struct, frozen=True):
    """One matter to be handled: the row of table `ticket`."""

    id: UUID
    number: str
    contact: UUID
    caller: UUID | None
    created_at: datetime
    channel: str
    kind: RequestKind
    title: str
    text: str
    matter: str | None
    region: str | None
    place: str
    urgency: Urgency
    audience: Audience
    state: State
    lead: str | None
    responsibility: str | None
    basis: str
    confidence: float | None
    dispatched_by: str
    suggestions: tuple[dict[str, Any], ...]
    hides_identity: bool
    complained_unit: str | None
    dispatch_due: datetime | None
    sign_due: datetime | None
    contact_due: datetime | None
    answer_due: datetime | None
    next_due: datetime | None
    """What is owed next, out of the four limits; None when nothing is. Kept by `deadlines.clocked`."""
    amber_at: datetime | None
    """From when `next_due` is shown amber."""
    warned_at: datetime | None
    overdue_at: datetime | None
    first_dispatched_at: datetime | None
    dispatched_at: datetime | None
    signed_at: datetime | None
    contacted_at: datetime | None
    replied_at: datetime | None
    closed_at: datetime | None
    answer: str
    internal_answer: str
    returns: int
    ruled: bool
    extensions: int
    extension_asked: int | None
    extension_reason: str
    """Why the unit needs longer: the citizen is told when it is granted."""
    attempts: int
    rounds: int
    urged: int
    supervision: str
    rated_response: int | None
    rated_solution: int | None
    rated_attitude: int | None
    rating_words: str
    merged_into: UUID | None
    split_from: UUID | None
    version: int
    """How many steps it has taken; equals the number of its history rows."""
    head: bytes
    latitude: float | None = None
    """WGS 84 degrees, where its contact came with coordinates."""
    longitude: float | None = None
    campaign: UUID | None = None
    """The special campaign that it belongs to: one at most."""
    special: Special | None = None
    """What that campaign gives it; there exactly when `campaign` is."""
    session: UUID | None = None
    """The leaders' answering session that its call was handed over to."""
    alarm: Alarmed = Alarmed.NO
    calm: Urgency | None = None
    """How urgent it is without the alarm; there when there was one."""
    call_at: datetime | None = None
    """When its citizen is to be rung next; None when nobody is to be."""
    keeper: str | None = None
    """Staff id of the dispatcher who keeps it while it waits; None: whoever comes to it first."""
    urged_at: datetime | None = None
    """When it was urged last."""
    care: Care = Care.NO

    @property
    def satisfied(self) -> bool | None:
        """Whether the citizen was content with the solution; None before they said."""
        return None if self.rated_solution is None else self.rated_solution >= 3


class HistoryRow(msgspec.Struct, frozen=True):
    """One step of a ticket's life."""

    ticket: UUID
    seq: int
    at: datetime
    actor: str
    role: str
    unit: str
    action: str
    source: str
    target: str
    note: str
    detail: dict[str, Any]
    public: bool
    previous: bytes
    hash: bytes


class Dues(msgspec.Struct, frozen=True):
    """The four limits of a ticket, UTC; None where it has none."""

    dispatch: datetime | None
    sign: datetime | None
    contact: datetime | None
    answer: datetime | None
    promise: bool = False
    """The day by which the citizen was told to have an answer is another one than before."""


class Rating(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a citizen says of it: response, solution, attitude, each 1 (very bad) to 5 (very good)."""

    response: int
    solution: int
    attitude: int
    words: str = ""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody wants to do with a ticket: the action's own particulars. Which are needed, the life cycle says."""

    note: str = ""
    """Reason, opinion, what was said: shown in the history."""
    basis: str = ""
    """The list entry or law that a return, a dispatch or a ruling rests on."""
    unit: str = ""
    """The unit to dispatch to, hand to, invite, or rule for."""
    co_units: tuple[str, ...] = ()
    matter: str = ""
    region: str = ""
    answer: str = ""
    """The public answer."""
    internal: str = ""
    """The unit's own record of what was done."""
    days: int = 0
    """Working days of extension asked for."""
    number: str = ""
    """The other ticket of a merge."""
    campaign: UUID | None = None
    """The campaign to join, with what it gives: said by the system alone, never by a form or a door."""
    special: Special | None = None
    settled: bool = False
    """A person has said what it is about, or whose it is: the gate only carries it out. Said by the system alone."""
    texts: tuple[str, ...] = ()
    """The parts of a split, one each new ticket."""
    dues: Dues | None = None
    """The limits as they are counted again after the city changed them: said by the system alone."""
    danger: float | None = None
    """How likely it is that somebody is in danger, as what raises an alarm or stands one down by itself weighs it."""
    rating: Rating | None = None
    reached: Reached | None = None
    """What became of a call; none said: nobody answered."""
    keeper: str = ""
    """Staff id of the dispatcher to hand it over to; empty: back to all of them."""
    place: str = ""
    """Where it is, as its citizen says afterwards. Said by the system alone."""
    caller: UUID | None = None
    """Who can be reached about it, when nobody could be: its history names them. Said by the system alone."""
    version: int = 0
    """The version the person was looking at; 0: not said."""


class Light(StrEnum):
    """How a ticket's clock looks: a colour on screen, and always a word beside it."""

    NONE = "none"
    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class Filters(msgspec.Struct, frozen=True):
    """Which tickets a list shows; what is not said does not matter."""

    states: tuple[State, ...] = ()
    """Empty: all that are not over."""
    unit_path: str = ""
    """Tickets that this unit, or one below it, has in hand (or had at the end)."""
    regions: tuple[str, ...] = ()
    """Codes of a region and all below it."""
    matter: str = ""
    """Code of a matter, or of one above."""
    kind: RequestKind | None = None
    urgency: Urgency | None = None
    light: Light | None = None
    supervision: str = ""
    number: str = ""
    urged: bool = False
    extension_asked: bool = False
    campaign: UUID | None = None
    role: OrderRole | None = None
    """As what the branch of `unit_path` has it; a part that is handed in counts no longer."""
    contacted: bool | None = None
    """Whether the citizen was spoken to, or cannot be."""
    answered: bool | None = None
    """Whether it was answered in this round: a ticket in hand that was answered came back."""
    written: str = ""
    """Some of the number."""
    lead: str = ""
    """Code of the unit that leads, itself and not one below it."""
    before: datetime | None = None
    """Registered before."""
    ids: tuple[UUID, ...] | None = None
    """These at most."""
    returned: bool = False
    """A unit gave it back."""
    parked: bool | None = None
    """Put aside until a time; False: not, or not any more."""
    channel: str = ""
    matters: tuple[str, ...] | None = None
    """Codes of matters, these alone; an empty one means that nobody knows the matter."""
    rating: Rated | None = None
    keeper: str = ""
    """Staff id of a dispatcher: what they keep, and what they put aside."""
    flow: Flow | None = None
    """Of all tickets, over or not, newest first: those that took this step between two moments."""


class Rated(StrEnum):
    """How the solution was rated in this round."""

    GOOD = "good"
    """3 to 5."""
    BAD = "bad"
    """1 or 2."""
    NONE = "none"


class Flow(msgspec.Struct, frozen=True):
    """A step that tickets took in a stretch of time."""

    what: str
    """`opened`, `dispatched`, `closed`."""
    since: datetime
    till: datetime


class Line(msgspec.Struct, frozen=True):
    """A ticket as a list shows it."""

    id: UUID
    number: str
    kind: RequestKind
    title: str
    """The title, or the first words of the text."""
    matter: str | None
    region: str | None
    place: str
    urgency: Urgency
    state: State
    lead: str | None
    role: str
    """As what the unit asked about has it: `lead`, `co`, `panel`; empty when no unit was asked about."""
    created_at: datetime
    answer_due: datetime | None
    next_due: datetime | None
    amber_at: datetime | None
    light: Light
    urged: int
    supervision: str
    returns: int
    rounds: int
    extension_asked: int | None
    hides_identity: bool
    version: int
    special: str = ""
    """Name of the special campaign that it belongs to."""
    session: bool = False
    """Its call was handed over to a leader (接听日)."""
    keeper: str | None = None
    """Staff id of the dispatcher who keeps it while it waits."""
    owners: tuple[str, ...] = ()
    """Units of the two best suggestions, where the gate was not sure."""
    part_urged: bool = False
    """The lead has urged the part that the acting unit's branch still owes; nobody else is shown that."""


class Page(msgspec.Struct, frozen=True):
    """A stretch of a list."""

    lines: tuple[Line, ...]
    after: str
    """Where the next stretch begins; empty at the end."""


class Count(msgspec.Struct, frozen=True):
    """How many tickets stand in a state under a light."""

    state: State
    light: Light
    count: int


class Tally(msgspec.Struct, frozen=True):
    """How many open tickets of a branch of units stand alike."""

    state: State
    leads: bool
    assists: bool
    """A part of the branch is still to be handed in, or its opinion is asked for."""
    contacted: bool
    answered: bool
    light: Light
    count: int


class Facet(msgspec.Struct, frozen=True):
    """What a list can be narrowed by, with how many tickets of it there are."""

    by: str
    """`matter`, `region`, `campaign`."""
    code: str
    name: str
    """Of a campaign; empty where the city has the name."""
    count: int


class GivenBack(msgspec.Struct, frozen=True):
    """What a unit returned or handed up, as it is shown afterwards: nothing of what came after."""

    number: str
    matter: str | None
    region: str | None
    unit: str
    at: datetime
    how: str
    reason: str
    basis: str


class AnswerTemplate(msgspec.Struct, frozen=True):
    """A text that an answer begins from: the row of table `answer_template`."""

    id: UUID
    unit: str | None
    """Whose it is; None: every unit's."""
    matter: str | None
    title: str
    text: str
    changed_at: datetime
    changed_by: str
    """Staff id."""
    retired_at: datetime | None = None
    version: int = 1


class Seal(msgspec.Struct, frozen=True):
    """The row of table `seal`."""

    hour: datetime
    rows: int
    root: bytes
    previous: bytes
    made_at: datetime


class Written(msgspec.Struct, frozen=True):
    """New tickets as the database's function `open_tickets` reads them."""

    tickets: list[dict[str, Any]]
    orders: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    events: list[dict[str, Any]]


class Own(msgspec.Struct, frozen=True):
    """A ticket in its citizen's own list."""

    number: str
    state: State
    matter: str | None
    text: str
    lead: str | None
    created_at: datetime
    answer_due: datetime | None
    closed_at: datetime | None
    kind: RequestKind
    urgency: Urgency
    """Without what an alarm made of it."""
    audience: Audience
