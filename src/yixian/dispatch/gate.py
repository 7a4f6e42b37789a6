"""Sure, or ask: which unit a reading goes to, and whether that may happen without a person looking.

Matters of the same unit are no doubt about the unit: their chances add up, and three units are suggested, not three matters. A city that
has learned from its own tickets has a gate with a guarantee (`guarantee`); until then two thresholds of the city pack hold: how likely
the first unit must be (`floor`), and how far it must lead the next (`margin`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from msgspec.structs import replace

from yixian.city.inforce import City
from yixian.city.model import Audience
from yixian.city.responsibility import Assignment, Lacking
from yixian.dispatch.guarantee import Gate
from yixian.dispatch.model import Decision, Suggestion, Why
from yixian.language.model import MatterGuess, Reading

SUGGESTED: Final = 3


def decide(
    reading: Reading,
    city: City,
    on: date,
    *,
    region: str | None = None,
    complained_unit: str = "",
    gate: Gate | None = None,
    suspended: frozenset[str] = frozenset(),
) -> Decision:
    """What to do with `reading` on the day `on`.

    `region`: where it is, when somebody said so more surely than the words. `complained_unit`: whom it complains of. `gate`: what the
    city has learned to ask for, by matter; the pack's thresholds without. `suspended`: matters that a person looks at for now.
    """
    here = region or reading.place.region
    suggestions = _by_unit(_suggest(guess, reading, city, on, here) for guess in reading.matters)
    if reading.alarm is not None:
        return Decision(Why.ALARM, 0.0, suggestions)
    if not suggestions:
        return Decision(Why.NOTHING_FITS, 0.0, ())
    confidence = suggestions[0].score if suggestions[0].unit else 0.0
    why = _why(suggestions, reading, city, gate, elsewhere=here is None and bool(reading.place.outside))
    if why is Why.SURE and _depends_on_place(suggestions[0].matter, reading, city, on, here):
        why = Why.PLACE_NEEDED
    if why is Why.SURE and complained_unit and _same_branch(suggestions[0].unit, complained_unit, city):
        why = Why.ABOUT_THE_UNIT
    if why is Why.SURE and suggestions[0].matter in suspended:
        why = Why.SUSPENDED
    return Decision(why, confidence, suggestions)


def settled(matter: str, reading: Reading, city: City, on: date, region: str | None, complained_unit: str = "") -> Decision:
    """As `decide`, when a person has already said which matter it is: only the unit is open."""
    here = region or reading.place.region
    chosen = _suggest(MatterGuess(matter, 1.0), reading, city, on, here)
    others = tuple(_suggest(g, reading, city, on, here) for g in reading.matters if g.matter != matter)[:2]
    if chosen.unit is None:
        why = Why.PLACE_NEEDED if chosen.place_needed else Why.NO_OWNER
    elif _depends_on_place(matter, reading, city, on, here):
        why = Why.PLACE_NEEDED
    elif complained_unit and _same_branch(chosen.unit, complained_unit, city):
        why = Why.ABOUT_THE_UNIT
    else:
        why = Why.SURE
    return Decision(why, 1.0, (chosen, *others))


def _depends_on_place(matter: str, reading: Reading, city: City, on: date, here: str | None) -> bool:
    """Whether the places that the words may mean, as far as it is open, would give it to different units."""
    up = city.register.regions_up
    still_open = [c for c in reading.place.candidates if here is None or any(outer.code == here for outer in up.get(c, ())[1:])]
    guess = MatterGuess(matter, 1.0)
    return len({_suggest(guess, reading, city, on, place).unit for place in still_open}) > 1


def _suggest(guess: MatterGuess, reading: Reading, city: City, on: date, region: str | None) -> Suggestion:
    audience = reading.audience or Audience.PERSON
    found = city.register.resolve(guess.matter, region, audience, reading.night, reading.text, on)
    if isinstance(found, Assignment):
        return Suggestion(guess.matter, guess.score, found.lead, found.co, found.entry, found.basis, found.note)
    needed = found.place_level if found.lacking is Lacking.PLACE else None
    return Suggestion(guess.matter, guess.score, entry=found.entry, place_needed=needed)


def _by_unit(suggestions: Iterable[Suggestion]) -> tuple[Suggestion, ...]:
    """One suggestion a unit, its likeliest matter with the chances of all, best first; what has no unit stands for itself."""
    units: dict[str, list[Suggestion]] = {}
    for suggestion in suggestions:
        units.setdefault(suggestion.unit or f"?{suggestion.matter}", []).append(suggestion)
    summed = (replace(own[0], score=round(min(1.0, sum(s.score for s in own)), 4)) for own in units.values())
    return tuple(sorted(summed, key=lambda s: -s.score)[:SUGGESTED])


def _why(suggestions: tuple[Suggestion, ...], reading: Reading, city: City, gate: Gate | None, *, elsewhere: bool) -> Why:
    best = suggestions[0]
    if reading.language not in city.pack.city.languages:
        return Why.LANGUAGE
    if gate is not None:
        if best.score < gate.of(best.matter):
            return Why.UNSURE
    elif best.score < city.pack.gate.floor:
        return Why.UNSURE
    elif len(suggestions) > 1 and best.score - suggestions[1].score < city.pack.gate.margin:
        return Why.CLOSE_CALL
    if best.unit is None:
        return Why.PLACE_NEEDED if best.place_needed else Why.NO_OWNER
    return Why.PLACE_NEEDED if elsewhere else Why.SURE


def _same_branch(unit: str | None, complained: str, city: City) -> bool:
    """Whether the unit is the one complained of, or below it: nobody handles a complaint about themselves."""
    paths = city.register.paths
    return unit is not None and complained in paths and paths[unit].startswith(paths[complained])
