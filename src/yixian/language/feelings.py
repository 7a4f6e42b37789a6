"""How somebody sounds, where their words show it: so that an operator answers the person before the matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from yixian.city.model import Feeling, Pack, Triage
from yixian.language.model import Disposition, Felt
from yixian.language.normalise import normalise, normalise_words
from yixian.language.phrases import Phrases, compile_phrases, find_longest
from yixian.language.triage import TriageModel, compile_triage, is_denied, sort_out

_FIRST: Final = (Feeling.GIVING_UP, Feeling.DESPERATE, Feeling.ANGRY)
"""Who gives up is desperate too, and who is desperate is often angry: the first is what counts."""


class FeelingModel(msgspec.Struct, frozen=True):
    """The pack's words, and the feeling that each shows."""

    phrases: Phrases
    shows: Mapping[str, Feeling]
    giving_up: TriageModel
    """The emergencies whose words are said by who may take their own life, found as emergencies are."""


def compile_feelings(pack: Pack) -> FeelingModel:
    """A pack's words by feeling, and its emergencies of those who give up. Names must be those of `Feeling`; others raise ValueError."""
    words = pack.speech.feelings
    shows = {word: feeling for feeling in reversed(_FIRST) for word in normalise_words(words.get(feeling, ()))}
    if unknown := set(words) - set(Feeling):
        raise ValueError(f"no such feeling: {sorted(unknown)}")
    lives = Triage(emergency=tuple(e for e in pack.triage.emergency if e.giving_up))
    return FeelingModel(compile_phrases(shows), shows, compile_triage(lives))


def gives_up(felt: Felt | None) -> bool:
    """Whether who sounds like this may take their own life. The one rule for contacts, and for whatever a citizen says later."""
    return felt is not None and felt.feeling is Feeling.GIVING_UP


def said_first(model: FeelingModel, text: str) -> Disposition | None:
    """What the pack says to who says in so many words that they will take their own life, and the line for it; None to others."""
    return sort_out(model.giving_up, normalise(text))


def feeling_of(model: FeelingModel, plain: str) -> Felt | None:
    """How whoever wrote or said a message sounds; None where nothing shows it. What is denied does not count.

    `plain`: in plain form, its greetings and thanks still in it.
    """
    if (last := sort_out(model.giving_up, plain)) is not None:
        return Felt(Feeling.GIVING_UP, (last.phrase,))
    found = [f for f in find_longest(model.phrases, plain) if not is_denied(plain, f)]
    for feeling in _FIRST:
        words = tuple(dict.fromkeys(f.phrase for f in found if model.shows[f.phrase] is feeling))
        if words:
            return Felt(feeling, words)
    return None
