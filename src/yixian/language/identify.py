"""Which language a message is in: by the script of its letters, then by the marks a pack gives for its languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from yixian.city.model import Example
from yixian.language.normalise import normalise_words
from yixian.language.phrases import Phrases, compile_phrases, find_all
from yixian.language.scripts import Script, main_script

OTHER = "other"
_USUAL = {Script.HAN: "zh", Script.LATIN: "en"}
_WRITTEN = {"zh": Script.HAN, "yue": Script.HAN, "en": Script.LATIN}


class LanguageModel(msgspec.Struct, frozen=True):
    """The languages of each script, the usual one first, and the marks that tell the others."""

    by_script: dict[Script, tuple[str, ...]]
    marks: dict[str, Phrases]


def compile_languages(languages: Sequence[str], marks: Mapping[str, tuple[str, ...]], examples: Sequence[Example] = ()) -> LanguageModel:
    """Learns in which script each of the city's languages is written, from its marks and examples."""
    samples = {language: list(marks.get(language, ())) for language in (*languages, *marks)}
    for example in examples:
        if example.language in samples and len(samples[example.language]) < 200:
            samples[example.language].append(example.text)
    by_script: dict[Script, list[str]] = {}
    for language, texts in samples.items():
        script = _WRITTEN.get(language) or main_script(" ".join(texts))
        if script is not Script.NONE:
            by_script.setdefault(script, []).append(language)
    return LanguageModel(
        by_script={script: tuple(found) for script, found in by_script.items()},
        marks={language: compile_phrases(normalise_words(words)) for language, words in marks.items()},
    )


def identify(model: LanguageModel, text: str) -> str:
    """The language of a text in plain form: one of the city's, else `zh`, `en` or `other`; `other` too when it has no letters."""
    script = main_script(text)
    possible = model.by_script.get(script)
    if possible is None:
        return _USUAL.get(script, OTHER)
    usual = next((language for language in possible if language not in model.marks), possible[0])
    marked = {language: len(find_all(model.marks[language], text)) for language in possible if language in model.marks}
    best = max(marked, key=lambda language: marked[language], default=usual)
    # One mark in a long text may be a name or a quotation; in a short one it is how the person speaks.
    needed = 1 + len(text) // (40 if script is Script.HAN else 160)
    return best if marked.get(best, 0) >= needed or len(possible) == 1 else usual
