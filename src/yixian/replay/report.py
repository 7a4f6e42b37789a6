"""What a replay found out: how many, how fast, what became of them, and whether everything that was acknowledged is there."""

from __future__ import annotations

import time
from array import array
from collections import Counter

import msgspec
from rich.console import Group
from rich.table import Table
from rich.text import Text

from yixian.intake.model import Receipt
from yixian.replay.client import LOST
from yixian.replay.units import Ended
from yixian.tickets.model import Action


class Latency(msgspec.Struct, frozen=True):
    """Milliseconds from sending to the answer."""

    n: int
    p50: float
    p95: float
    p99: float
    most: float


class Kept(msgspec.Struct, frozen=True):
    """Whether what was acknowledged is there. Looked up in the database when there is one, else asked again by key."""

    how: str
    """`database`: every contact; `keys`: a sample, sent again with its key."""
    looked_at: int
    missing: int
    """Acknowledged and not found."""
    twice: int
    """Stored more than once."""
    unasked: int
    """Stored under this run's name without ever being acknowledged: sent, and its answer lost for good."""

    @property
    def whole(self) -> bool:
        """Nothing lost, nothing twice."""
        return not (self.missing or self.twice)


class Report(msgspec.Struct, frozen=True):
    """A replay's result."""

    run: str
    data: str
    sent: int
    acknowledged: int
    seconds: float
    """Until the last contact was acknowledged."""
    seconds_in_all: float
    """Until the last ticket was left."""
    per_second: float
    contacts: Latency
    steps: Latency
    requests: int
    client_cpu_ms_per_request: float
    behind: float
    """Seconds that the sending was behind the plan at most; 0 when it was not by the clock."""
    longest_silence: float
    """Seconds between two acknowledged contacts, at most."""
    outcomes: dict[str, int]
    reasons: dict[str, int]
    tickets: int
    departmental_share: float
    """Share of the contacts that opened a ticket."""
    dispatched_at_once: int
    at_once_share: float
    life_cycle: dict[str, int]
    """Steps taken, by action."""
    left_in: dict[str, int]
    """Where the tickets stood at the end, by state."""
    stuck: dict[str, int]
    refused: dict[str, int]
    """Answers other than success, by what was asked and status; `lost` is a broken connection. All of them were sent again or counted."""
    kept: Kept | None = None


class Tally:
    """Counts while a replay runs."""

    def __init__(self) -> None:
        self.sent = 0
        self.acknowledged = 0
        self.tickets = 0
        self.with_ticket = 0
        self.at_once = 0
        self.requests = 0
        self.behind = 0.0
        self.longest_silence = 0.0
        self._last = time.monotonic()
        self.outcomes: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.life_cycle: Counter[str] = Counter()
        self.left_in: Counter[str] = Counter()
        self.stuck: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._contacts = array("f")
        self._steps = array("f")

    def contact_answered(self, status: int, seconds: float) -> None:
        """One answer to a contact."""
        self.requests += 1
        if status in (200, 201):
            self._contacts.append(seconds)
        else:
            self.refused[f"contact {status if status != LOST else 'lost'}"] += 1

    def step_answered(self, action: Action, status: int, seconds: float) -> None:
        """One answer to a step."""
        self.requests += 1
        if 200 <= status < 300:
            self._steps.append(seconds)
            self.life_cycle[action] += 1
        else:
            self.refused[f"{action} {status if status != LOST else 'lost'}"] += 1

    def received(self, receipt: Receipt) -> None:
        """One contact that was acknowledged."""
        now = time.monotonic()
        self.longest_silence, self._last = max(self.longest_silence, now - self._last), now
        self.acknowledged += 1
        self.outcomes[receipt.outcome] += 1
        if receipt.reason:
            self.reasons[f"{receipt.outcome}: {receipt.reason}"] += 1
        if receipt.outcome == "ticket_opened":
            self.with_ticket += 1
            self.tickets += len(receipt.tickets)
            self.at_once += sum(ticket.dispatched for ticket in receipt.tickets)

    def ended(self, ended: Ended) -> None:
        """One ticket that the staff left."""
        self.left_in[ended.state] += 1
        if ended.stuck:
            self.stuck[ended.stuck] += 1

    def report(self, run: str, data: str, seconds: float, seconds_in_all: float, cpu: float, kept: Kept | None) -> Report:
        """The counts as a report. `cpu`: seconds of the client's own CPU."""
        return Report(
            run=run,
            data=data,
            sent=self.sent,
            acknowledged=self.acknowledged,
            seconds=round(seconds, 2),
            seconds_in_all=round(seconds_in_all, 2),
            per_second=round(self.acknowledged / seconds, 1) if seconds else 0.0,
            contacts=latency(self._contacts),
            steps=latency(self._steps),
            requests=self.requests,
            client_cpu_ms_per_request=round(1000 * cpu / self.requests, 3) if self.requests else 0.0,
            behind=round(self.behind, 2),
            longest_silence=round(self.longest_silence, 2),
            outcomes=dict(self.outcomes.most_common()),
            reasons=dict(self.reasons.most_common()),
            tickets=self.tickets,
            departmental_share=_share(self.with_ticket, self.acknowledged),
            dispatched_at_once=self.at_once,
            at_once_share=_share(self.at_once, self.tickets),
            life_cycle=dict(self.life_cycle.most_common()),
            left_in=dict(self.left_in.most_common()),
            stuck=dict(self.stuck.most_common(10)),
            refused=dict(self.refused.most_common()),
            kept=kept,
        )


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def latency(seconds: array[float]) -> Latency:
    """Percentiles in milliseconds; zeros when nothing was measured."""
    if not seconds:
        return Latency(0, 0.0, 0.0, 0.0, 0.0)
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)

    return Latency(len(ordered), at(0.5), at(0.95), at(0.99), round(1000 * ordered[-1], 2))


def shown(report: Report) -> Group:
    """The report for a person."""
    return Group(_figures(report), *_counts(report), Text(in_words(report)))


def in_words(report: Report) -> str:
    """Whether sent = stored, as a sentence."""
    kept = report.kept
    if kept is None:
        return f"{report.sent:,} sent, {report.acknowledged:,} acknowledged."
    sentence = f"{report.sent:,} sent, {report.acknowledged:,} acknowledged; {kept.looked_at:,} looked up ({kept.how}): "
    if kept.whole and report.sent == report.acknowledged:
        return sentence + "every one is there, none twice."
    return sentence + f"{kept.missing:,} missing, {kept.twice:,} twice, {report.sent - report.acknowledged:,} never acknowledged."


def _figures(report: Report) -> Table:
    table = Table("", "", show_header=False, title=f"{report.data}, run {report.run}")
    rows = {
        "contacts": f"{report.acknowledged:,} in {report.seconds:,.1f} s, {report.per_second:,.1f} a second",
        "until the last step": f"{report.seconds_in_all:,.1f} s",
        "contact p50 / p95 / p99": _line(report.contacts),
        "step p50 / p95 / p99": _line(report.steps),
        "tickets": f"{report.tickets:,} from {report.departmental_share:.1%} of the contacts",
        "dispatched at once": f"{report.dispatched_at_once:,} ({report.at_once_share:.1%})",
        "client's own CPU": f"{report.client_cpu_ms_per_request:.2f} ms a request",
    }
    for name, figure in rows.items():
        table.add_row(name, figure)
    return table


def _line(found: Latency) -> str:
    return f"{found.p50:,.1f} / {found.p95:,.1f} / {found.p99:,.1f} ms"


def _counts(report: Report) -> list[Table]:
    tables: list[Table] = []
    named = {
        "outcome": report.outcomes,
        "step": report.life_cycle,
        "tickets stand at": report.left_in,
        "not taken at once": report.refused,
        "stuck": report.stuck,
    }
    for title, counts in named.items():
        if counts:
            table = Table(title, "n")
            for name, count in counts.items():
                table.add_row(name, f"{count:,}")
            tables.append(table)
    return tables
