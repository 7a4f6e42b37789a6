"""What the other rooms use: a pack's reader, and what it understands from a message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from yixian.city.model import Audience, Example, Matter, Pack, Urgency
from yixian.language import danger
from yixian.language.answers import AnswerModel, compile_answers, find_answers
from yixian.language.danger import DangerModel, Weighed, compile_danger
from yixian.language.evidence import Floats
from yixian.language.extract import CueModel, audience_of, compile_cues, find_cues, is_at_night, kind_of, urgency_of
from yixian.language.feelings import FeelingModel, compile_feelings, feeling_of, gives_up, said_first
from yixian.language.identify import LanguageModel, compile_languages, identify
from yixian.language.matters import READ_CHARACTERS, LeftOut, MatterModel, compile_matters, leaves_of, left_out, logits_of, weigh_matters
from yixian.language.model import Alarm, Answer, Disposition, Felt, MatterGuess, PlaceFound, Reading, Taught
from yixian.language.normalise import as_written, normalise, normalise_words, without
from yixian.language.places import Gazetteer, compile_gazetteer, find_place
from yixian.language.split import Splitter, compile_splitter, parts_of
from yixian.language.triage import TriageModel, compile_triage, listen
from yixian.language.words import Words, compile_words, in_own_words

PART_SCORE: Final = 0.5
"""A part must be about its own matter with this score; else the message stays whole."""
RIVALS: Final = 3
"""So many of the best guesses are looked at when it is asked whether two parts are about the same."""


class Reader(msgspec.Struct, frozen=True):
    """Everything needed to read messages to one city. Never changes; safe to share between threads."""

    noise: tuple[str, ...]
    languages: LanguageModel
    words: Words
    matters: MatterModel
    leaves: dict[str, Matter]
    gazetteer: Gazetteer
    triage: TriageModel
    danger: DangerModel | None
    feelings: FeelingModel
    cues: CueModel
    splitter: Splitter
    answers: AnswerModel


class _Part(msgspec.Struct, frozen=True):
    text: str
    guesses: tuple[MatterGuess, ...]


def compile_reader(pack: Pack, taught: Sequence[Taught] = ()) -> Reader:
    """Learns to read from a pack's words, and from what the city's people settled; about a second of one core for 5,000 examples."""
    noise = normalise_words(pack.triage.noise)
    words = compile_words(pack.triage.words, pack.triage.synonyms, pack.triage.endings)
    return Reader(
        noise=noise,
        languages=compile_languages(pack.city.languages, pack.triage.languages, pack.examples),
        words=words,
        matters=compile_matters(pack.matters, (*pack.examples, *asked(pack)), words, noise, _notes(pack), taught),
        leaves={leaf.code: leaf for leaf in leaves_of(pack.matters)},
        gazetteer=compile_gazetteer(pack.regions, pack.places),
        triage=compile_triage(pack.triage),
        danger=compile_danger(pack.triage.danger, [example.text for example in pack.examples], noise),
        feelings=compile_feelings(pack),
        cues=compile_cues(pack.triage),
        splitter=compile_splitter(normalise_words(pack.triage.split)),
        answers=compile_answers(pack.guides, noise),
    )


def left_out_of(pack: Pack, reader: Reader, taught: Sequence[Taught] = ()) -> LeftOut:
    """The examples `reader` was compiled from, each as read by what the others say."""
    return left_out(pack.matters, (*pack.examples, *asked(pack)), reader.words, reader.noise, _notes(pack), taught)


def weigh_text(reader: Reader, text: str, language: str) -> Floats | None:
    """How strongly a message in plain form speaks for each leaf, in the order of `reader.matters.codes`; None when no word is known."""
    return logits_of(reader.matters, in_own_words(reader.words, text[:READ_CHARACTERS], language))


def asked(pack: Pack) -> Iterator[Example]:
    """The questions that guides answer, as examples of their matters."""
    for guide in pack.guides:
        for question in guide.questions:
            yield Example(guide.matter, question, pack.city.languages[0])


def _notes(pack: Pack) -> dict[str, str]:
    """What the responsibility list says beside each matter: its conditions and its notes name things that messages name."""
    notes: dict[str, str] = {}
    for entry in pack.responsibilities:
        notes[entry.matter] = "。".join((notes.get(entry.matter, ""), entry.note, *entry.words))
    return notes


def read(reader: Reader, text: str, title: str = "", audience: Audience | None = None, beside: str = "") -> tuple[Reading, ...]:
    """What a message says: one reading, or one a matter when it clearly holds several.

    Args:
        text: as typed or spoken, any length; matters are read in its first 1,500 characters.
        title: counts more than the text.
        audience: who asks, when the channel knows it; else the words tell, or nobody.
        beside: what stands in the field for the place. It says where and not what (`position.understood` finds the place): it is
            neither matter nor part. Only whether somebody is in danger is heard in it too.
    """
    full_title, full = normalise(title), normalise(text)[: 2 * READ_CHARACTERS]
    polite = f"{full_title}。{full}"
    plain_title, plain = without(full_title, reader.noise), without(full, reader.noise)
    whole = f"{plain_title}。{plain}" if plain_title else plain
    language = identify(reader.languages, whole)
    disposition, alarm = listen(reader.triage, reader.danger, whole, polite)
    felt = feeling_of(reader.feelings, polite)
    # "Come quickly", and the field for the place says what is on fire there: an alarm must not be lost because it stands in the wrong
    # field, nor the number for it. Words that were only copied from the text say nothing new, and would count twice.
    if (where := normalise(beside)) and where not in whole and (disposition is None or disposition.kind != "emergency"):
        disposition, alarm = _with_place(reader, where, whole, polite, disposition, alarm)
        felt = desperate if gives_up(desperate := feeling_of(reader.feelings, f"{where}。{polite}")) else felt
    spoken = f"{title}。{text[: 2 * READ_CHARACTERS]}" if title else text[: 2 * READ_CHARACTERS]
    place = _as_written(find_place(reader.gazetteer, whole), spoken)
    together = _Part(whole, _weigh(reader, plain, plain_title, language, audience))
    parts = (_separate(reader, plain, together, language, audience) if disposition is None and alarm is None else ()) or (together,)
    alone = len(parts) == 1
    return tuple(
        _reading(reader, part, language, at, audience, disposition, alarm, felt)
        for part in parts
        for at in (place if alone else _as_written(_place_of(reader, part.text, place), spoken),)
    )


def _with_place(
    reader: Reader, where: str, whole: str, polite: str, disposition: Disposition | None, alarm: Alarm | None
) -> tuple[Disposition | None, Alarm | None]:
    """What is heard in the words, and whatever is alarming in them together with the place: a place is an emergency, never a lawsuit."""
    heard, also = listen(reader.triage, reader.danger, f"{where}。{whole}", f"{where}。{polite}")
    if heard is not None and heard.kind == "emergency":
        return heard, None
    if alarm is None or also is None:
        return (None, also) if also is not None else (disposition, alarm)
    return None, msgspec.structs.replace(alarm, to=tuple(dict.fromkeys((*alarm.to, *also.to))))


def feeling(reader: Reader, text: str, title: str = "") -> Felt | None:
    """How whoever says it sounds; None where nothing shows it."""
    return feeling_of(reader.feelings, f"{normalise(title)}。{normalise(text)}")


def despair(reader: Reader, text: str) -> Felt | None:
    """The words by which whoever says `text` may take their own life; None where nothing shows it."""
    felt = feeling(reader, text)
    return felt if gives_up(felt) else None


def console(reader: Reader, text: str) -> Disposition | None:
    """What is said first to who says it in so many words, and the line for it; None to everybody else."""
    return said_first(reader.feelings, text)


def weigh_danger(reader: Reader, text: str, title: str = "") -> Weighed | None:
    """How alarming a message is, and the words that make it so; None where the pack teaches nothing about it."""
    return danger.weigh(reader.danger, _plain(reader, text, title)) if reader.danger is not None else None


def _plain(reader: Reader, text: str, title: str) -> str:
    """The message in plain form, its title first."""
    plain_title, plain = normalise(title, reader.noise), normalise(text, reader.noise)[: 2 * READ_CHARACTERS]
    return f"{plain_title}。{plain}" if plain_title else plain


def _weigh(reader: Reader, text: str, title: str, language: str, audience: Audience | None) -> tuple[MatterGuess, ...]:
    own, own_title = in_own_words(reader.words, text[:READ_CHARACTERS], language), in_own_words(reader.words, title, language)
    return weigh_matters(reader.matters, own, own_title, audience)


def answer(reader: Reader, text: str) -> tuple[Answer, ...]:
    """The guides nearest to a question, at most three, best first. Whether a guide is in force today is not looked at here."""
    return find_answers(reader.answers, normalise(text, reader.noise))


def _separate(reader: Reader, plain: str, together: _Part, language: str, audience: Audience | None) -> tuple[_Part, ...]:
    """The parts of a message that are about different matters, each surely so; else nothing."""
    # A message that reads clearly as one matter is only cut where it says itself that there are several.
    cut = parts_of(reader.splitter, plain[:READ_CHARACTERS], sentences=not _is_clear(together))
    if len(cut) < 2:
        return ()
    parts: list[_Part] = []
    for text in cut:
        part = _Part(text, _weigh(reader, text, "", language, audience))
        if parts and not _is_new(part, parts):
            # Goes on about the same matter, or about nothing in particular: stays with the part before it.
            parts[-1] = _Part(parts[-1].text + " " + part.text, parts[-1].guesses)
        else:
            parts.append(part)
    return tuple(parts) if len(parts) > 1 and _is_sure(parts[0]) else ()


def _is_clear(part: _Part) -> bool:
    return _is_sure(part) and part.guesses[0].score >= 4 * sum(guess.score for guess in part.guesses[1:RIVALS])


def _is_sure(part: _Part) -> bool:
    return bool(part.guesses) and part.guesses[0].score >= PART_SCORE


def _is_new(part: _Part, before: list[_Part]) -> bool:
    return _is_sure(part) and not any(part.guesses[0].matter == guess.matter for other in before for guess in other.guesses[:RIVALS])


def _as_written(place: PlaceFound, text: str) -> PlaceFound:
    """The place with its words as they stand in the message: Tianhe, not tianhe."""
    return msgspec.structs.replace(place, text=as_written(place.text, text)) if place.text else place


def _place_of(reader: Reader, part: str, whole: PlaceFound) -> PlaceFound:
    """A part's own place where it names one inside, or as deep as, the whole message's; else the message's."""
    own = find_place(reader.gazetteer, part)
    return own if own.region is not None or own.candidates else whole


def _reading(
    reader: Reader, part: _Part, language: str, place: PlaceFound, audience: Audience | None, disposition: Disposition | None,
    alarm: Alarm | None, felt: Felt | None,
) -> Reading:  # fmt: skip
    matter = reader.leaves[part.guesses[0].matter] if part.guesses else None
    cues = find_cues(reader.cues, part.text)
    calm = urgency_of(reader.cues, cues, matter)
    return Reading(
        text=part.text,
        language=language,
        kind=kind_of(reader.cues, cues, matter),
        matters=part.guesses,
        place=place,
        urgency=calm if alarm is None else Urgency.CRITICAL,
        audience=audience or audience_of(reader.cues, cues, matter),
        night=is_at_night(reader.cues, cues),
        disposition=disposition,
        alarm=msgspec.structs.replace(alarm, calm=calm) if alarm is not None else None,
        felt=felt,
    )
