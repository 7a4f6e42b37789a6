"""Which tickets belong to a campaign, and which campaign wins. Pure.

A ticket is in one campaign at most: of those that it fits, in the one by whose limits the answer is owed first (then the contact, then
the signature, then the campaign that was approved first). The stricter wins, also over the one that the ticket is in already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from yixian.campaigns.model import Campaign, Candidate, Fitting, Scope
from yixian.city.inforce import City
from yixian.language.normalise import normalise, normalise_words
from yixian.tickets import deadlines
from yixian.tickets.deadlines import Owed


class Compiled(msgspec.Struct, frozen=True):
    """A scope, made ready for many tickets."""

    matters: frozenset[str]
    regions: frozenset[str]
    paths: tuple[str, ...]
    words: tuple[str, ...]
    open: Scope


def compiled(scope: Scope, city: City) -> Compiled:
    """Branches become all that is below them; words are read as messages are."""
    up = city.register.matters_up
    wanted, places = set(scope.matters), set(scope.regions)
    return Compiled(
        frozenset(code for code in city.matters if wanted.intersection(up.get(code, (code,)))),
        frozenset(code for code in city.regions if places.intersection(city.register.ancestors(code))),
        tuple(path for unit in scope.units if (path := city.register.paths.get(unit))),
        normalise_words(scope.words),
        scope,
    )


def fits(scope: Compiled, ticket: Candidate, city: City) -> bool:
    """Whether the ticket is in the scope."""
    asked = scope.open
    if asked.matters and ticket.matter not in scope.matters:
        return False
    if asked.regions and ticket.region not in scope.regions:
        return False
    if asked.units and not city.register.paths.get(ticket.lead or "", "").startswith(scope.paths):
        return False
    if not asked.words:
        return True
    text = normalise(ticket.words)
    return any(word in text for word in scope.words)


def owed(campaign: Campaign, ticket: Candidate, city: City, now: datetime) -> Owed:
    """What a unit would owe that were named at `now`."""
    ordinary = city.register.limit_for(ticket.kind, ticket.urgency, ticket.audience)
    return deadlines.owed(ordinary, campaign.gives(now), ticket.urgency, city, now)


def chosen(
    tickets: Sequence[Candidate], running: Sequence[Campaign], approved: Mapping[UUID, Campaign], city: City, now: datetime
) -> dict[UUID, Campaign]:
    """Which tickets join which campaign, by ticket: those that are to move only.

    `running`: the campaigns that take tickets in; `approved`: all that a ticket may be in, by id.
    """
    scopes = [(campaign, compiled(campaign.plan.scope, city)) for campaign in running]
    found: dict[UUID, Campaign] = {}
    for ticket in tickets:
        best = _best(ticket, [c for c, scope in scopes if str(c.id) not in ticket.left and fits(scope, ticket, city)], city, now)
        if best is not None and _wins(best, ticket, approved, city, now):
            found[ticket.id] = best
    return found


def _best(ticket: Candidate, campaigns: Sequence[Campaign], city: City, now: datetime) -> Campaign | None:
    return min(campaigns, key=lambda c: (owed(c, ticket, city, now), c.approved_at or now, c.id), default=None)


def _wins(campaign: Campaign, ticket: Candidate, approved: Mapping[UUID, Campaign], city: City, now: datetime) -> bool:
    """Whether the ticket goes to it: from none, or from one that is less strict."""
    present = approved.get(ticket.campaign) if ticket.campaign else None
    if present is None:
        return True
    return present.id != campaign.id and owed(campaign, ticket, city, now) < owed(present, ticket, city, now)


def counted(campaign: Campaign, tickets: Sequence[Candidate], approved: Mapping[UUID, Campaign], city: City, now: datetime) -> Fitting:
    """What gathering these open tickets would do."""
    scope = compiled(campaign.plan.scope, city)
    within = [t for t in tickets if fits(scope, t, city)]
    there = sum(t.campaign == campaign.id for t in within)
    joining = chosen(within, [campaign], approved, city, now)
    moves = sum(t.campaign is not None for t in within if t.id in joining)
    return Fitting(len(within), there, len(joining), moves, len(within) - there - len(joining))
