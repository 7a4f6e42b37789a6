"""Everyday and regional words as the words the city's matters are written in: 街灯 as 路灯, 冇 as 没有, "street light" as 路灯."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from yixian.language.normalise import normalise
from yixian.language.phrases import Phrases, compile_phrases, find_longest, is_spaced

_STOP: Final = " 。 "


class Dictionary(msgspec.Struct, frozen=True):
    """Words and what the matters call it."""

    phrases: Phrases
    meanings: dict[str, str]


class Words(msgspec.Struct, frozen=True):
    """The dictionary of each language, and the one for every message after it."""

    languages: dict[str, Dictionary]
    synonyms: Dictionary


def compile_words(languages: Mapping[str, Mapping[str, str]], synonyms: Mapping[str, str], endings: Mapping[str, Sequence[str]]) -> Words:
    """The pack's dictionaries; `endings` are what a language may put after its words (`s`, `ing`)."""
    return Words(
        {language: _dictionary(words, endings.get(language, ())) for language, words in languages.items()},
        _dictionary(synonyms, ()),
    )


def _dictionary(words: Mapping[str, str], endings: Sequence[str]) -> Dictionary:
    plain = {word: normalise(meaning) for written, meaning in words.items() if (word := normalise(written))}
    # A word as the pack gives it comes before another word with an ending.
    meanings = {word + ending: meaning for word, meaning in plain.items() for ending in endings} | plain
    return Dictionary(compile_phrases(meanings), meanings)


def in_own_words(words: Words, text: str, language: str) -> str:
    """A text in plain form, with what the matters call the things it names.

    In a script without spaces the word gives way, or its characters would be taken for others. A spaced word disturbs nothing: it
    stays, since names and examples may hold it too, and its meaning is added at the end.
    """
    own = words.languages.get(language)
    return _translated(words.synonyms, text if own is None else _translated(own, text))


def _translated(dictionary: Dictionary, text: str) -> str:
    found = find_longest(dictionary.phrases, text)
    if not found:
        return text
    pieces: list[str] = []
    added: dict[str, None] = {}
    at = 0
    for word in found:
        meaning = dictionary.meanings[word.phrase]
        if is_spaced(word.phrase[0]) and not is_spaced(meaning[:1] or word.phrase):
            added[meaning] = None
        else:
            pieces += (text[at : word.start], meaning)
            at = word.end
    return "".join((*pieces, text[at:], *(_STOP + meaning for meaning in added)))
