from __future__ import annotations

import pytest

from yixian.language.normalise import normalise
from yixian.language.service import Reader
from yixian.language.triage import sort_out


def _code(reader: Reader, text: str) -> str | None:
    found = sort_out(reader.triage, normalise(text))
    return found.code if found else None


@pytest.mark.parametrize(
    "text",
    [
        "着火了！",
        "隔壁家着火了快来人",
        "可能是短路，厨房着火了",
        "我不知道找谁，没有人管，楼上着火了",
        "我家在柳树街道，" + "门牌很难找，" * 20 + "现在楼上着火了，救命",
    ],
)
def test_a_fire_is_an_emergency(reader: Reader, text: str) -> None:
    assert _code(reader, text) == "119"


@pytest.mark.parametrize(
    "text",
    [
        "今天消防演练，喇叭喊着火了",
        "去年隔壁着火了，到现在没修",
        "以前这里着火了好几次",
        "电线老化，怕哪天着火了",
        "万一着火了消防车进不来",
        "没有着火了的事",
        "着火了的隐患很多",
        "小区物业的事情说了很多遍，" * 10 + "有人说那家店着火了",
    ],
)
def test_what_does_not_burn_now_is_no_emergency(reader: Reader, text: str) -> None:
    assert _code(reader, text) is None


def test_an_unless_phrase_far_away_does_not_quiet_an_alarm(reader: Reader) -> None:
    assert _code(reader, "楼上着火了，" + "快点过来，我们在十二楼，" * 6 + "上个月才做过演练") == "119"


def test_emergencies_come_before_legal_routes(reader: Reader) -> None:
    assert _code(reader, "我不服判决，现在法院门口着火了") == "119"
    assert _code(reader, "我不服判决") == "litigation"
    assert _code(reader, "帮我算命") == "outside_government"


def test_a_court_named_in_passing_does_not_make_a_lawsuit(reader: Reader) -> None:
    assert _code(reader, "路灯坏了没人修，" * 20 + "邻居说他不服判决") is None
