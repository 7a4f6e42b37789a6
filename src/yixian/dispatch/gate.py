"""Sure, or ask: which unit a reading goes to, and whether that may happen without a person looking.

The first version's gate is two thresholds of the city pack: how sure the best matter must be by itself (`floor`), and how far it
must lead the next matter that would go to *another* unit (`margin`). Two matters of the same unit are no doubt about the unit.
"""

from __future__ import annotations

from datetime import date

from yixian.city.inforce import City
from yixian.city.model import Audience
from yixian.city.responsibility import Assignment, Lacking
from yixian.dispatch.model import Decision, Suggestion, Why
from yixian.language.model import MatterGuess, Reading


def decide(reading: Reading, city: City, on: date, *, region: str | None = None, complained_unit: str = "") -> Decision:
    """What to do with `reading` on the day `on`.

    `region`: where it is, when somebody said so more surely than the words. `complained_unit`: whom it complains of.
    """
    here = region or reading.place.region
    suggestions = tuple(_suggest(guess, reading, city, on, here) for guess in reading.matters)
    if not suggestions:
        return Decision(Why.NOTHING_FITS, 0.0, ())
    confidence = _confidence(suggestions)
    why = _why(suggestions, confidence, reading, city)
    if why is Why.SURE and complained_unit and _same_branch(suggestions[0].unit, complained_unit, city):
        why = Why.ABOUT_THE_UNIT
    return Decision(why, confidence, suggestions)


def settled(matter: str, reading: Reading, city: City, on: date, region: str | None, complained_unit: str = "") -> Decision:
    """As `decide`, when a person has already said which matter it is: only the unit is open."""
    here = region or reading.place.region
    chosen = _suggest(MatterGuess(matter, 1.0), reading, city, on, here)
    others = tuple(_suggest(g, reading, city, on, here) for g in reading.matters if g.matter != matter)[:2]
    if chosen.unit is None:
        why = Why.PLACE_NEEDED if chosen.place_needed else Why.NO_OWNER
    elif complained_unit and _same_branch(chosen.unit, complained_unit, city):
        why = Why.ABOUT_THE_UNIT
    else:
        why = Why.SURE
    return Decision(why, 1.0, (chosen, *others))


def _suggest(guess: MatterGuess, reading: Reading, city: City, on: date, region: str | None) -> Suggestion:
    audience = reading.audience or Audience.PERSON
    found = city.register.resolve(guess.matter, region, audience, reading.night, reading.text, on)
    if isinstance(found, Assignment):
        return Suggestion(guess.matter, guess.score, found.lead, found.co, found.entry, found.basis, found.note)
    needed = found.place_level if found.lacking is Lacking.PLACE else None
    return Suggestion(guess.matter, guess.score, entry=found.entry, place_needed=needed)


def _confidence(suggestions: tuple[Suggestion, ...]) -> float:
    """The best score, lowered by the best score of a matter that another unit answers for."""
    best = suggestions[0]
    rivals = [s.score for s in suggestions[1:] if s.unit != best.unit or s.unit is None]
    return max(0.0, min(1.0, best.score - max(rivals, default=0.0)))


def _why(suggestions: tuple[Suggestion, ...], confidence: float, reading: Reading, city: City) -> Why:
    best, gate = suggestions[0], city.pack.gate
    if reading.language not in city.pack.city.languages:
        return Why.LANGUAGE
    if best.score < gate.floor:
        return Why.UNSURE
    if confidence < gate.margin:
        return Why.CLOSE_CALL
    if best.unit is None:
        return Why.PLACE_NEEDED if best.place_needed else Why.NO_OWNER
    return Why.SURE


def _same_branch(unit: str | None, complained: str, city: City) -> bool:
    """Whether the unit is the one complained of, or below it: nobody handles a complaint about themselves."""
    paths = city.register.paths
    return unit is not None and complained in paths and paths[unit].startswith(paths[complained])
