"""How somebody sounds, where their words show it: so that an operator answers the person before the matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from yixian.city.model import Feeling
from yixian.language.normalise import normalise, normalise_words
from yixian.language.phrases import Phrases, compile_phrases, find_longest
from yixian.language.triage import is_denied

_FIRST: Final = (Feeling.DESPERATE, Feeling.ANGRY)
"""Who is desperate is often angry too; the first is what counts."""


class FeelingModel(msgspec.Struct, frozen=True):
    """The pack's words, and the feeling that each shows."""

    phrases: Phrases
    shows: Mapping[str, Feeling]


class Felt(msgspec.Struct, frozen=True):
    """A feeling and the words that show it, as they stand in the message."""

    feeling: Feeling
    words: tuple[str, ...]


def compile_feelings(words: Mapping[str, tuple[str, ...]]) -> FeelingModel:
    """The pack's words by feeling. Names must be those of `Feeling`; others raise ValueError."""
    shows = {word: Feeling(name) for name in reversed(_FIRST) for word in normalise_words(words.get(name, ()))}
    return FeelingModel(compile_phrases(shows), shows)


def feeling_of(model: FeelingModel, text: str) -> Felt | None:
    """How whoever wrote or said `text` sounds; None where nothing shows it. What is denied does not count."""
    plain = normalise(text)
    found = [f for f in find_longest(model.phrases, plain) if not is_denied(plain, f)]
    for feeling in _FIRST:
        words = tuple(dict.fromkeys(f.phrase for f in found if model.shows[f.phrase] is feeling))
        if words:
            return Felt(feeling, words)
    return None
