from __future__ import annotations

import msgspec
import pytest

from yixian.city.model import Audience, Pack, RequestKind, Urgency
from yixian.language.service import Reader, answer, compile_reader, read

STREET_LIGHT, SMOKE, WATER = "UM01", "UM02", "WA01"


def _matter(reader: Reader, text: str, title: str = "") -> str:
    return read(reader, text, title)[0].matters[0].matter


@pytest.mark.parametrize(
    ("text", "matter"),
    [
        ("我们小区门口的路灯坏了", STREET_LIGHT),
        ("條街啲街燈又唔着，行路好危險", STREET_LIGHT),
        ("street lights broken near my house", STREET_LIGHT),
        ("饭店烧烤的烟太大", SMOKE),
        ("我屋企冇水呀", WATER),
    ],
)
def test_people_are_understood_in_their_own_words(reader: Reader, text: str, matter: str) -> None:
    assert _matter(reader, text) == matter


def test_traditional_and_simplified_text_read_the_same(reader: Reader) -> None:
    traditional, simplified = read(reader, "樓下燒烤店油煙太大，請問誰管？"), read(reader, "楼下烧烤店油烟太大，请问谁管？")
    assert traditional == simplified


def test_full_width_text_reads_like_half_width(reader: Reader) -> None:
    assert read(reader, "ｓｔｒｅｅｔ　ｌｉｇｈｔ　ｉｓ　ｂｒｏｋｅｎ") == read(reader, "street light is broken")


def test_the_title_counts_more_than_the_text(reader: Reader) -> None:
    assert _matter(reader, "楼下有个烧烤店，大家都知道那条街。", "停水，家里没有水") == WATER


def test_courtesies_do_not_change_the_reading(reader: Reader) -> None:
    polite, plain = read(reader, "尊敬的领导，路灯坏了，谢谢")[0], read(reader, "路灯坏了")[0]
    assert polite.matters == plain.matters


def test_nothing_is_guessed_from_nothing(reader: Reader) -> None:
    for text in ("", "   ", "？？？", "1234567"):
        (reading,) = read(reader, text)
        assert reading.matters == ()


def test_words_about_something_else_score_low(reader: Reader) -> None:
    guesses = read(reader, "冥王星轨道参数表格")[0].matters
    assert all(guess.score < 0.4 for guess in guesses)


def test_two_matters_in_one_message_become_two_readings(reader: Reader) -> None:
    readings = read(reader, "柳树街道的路灯坏了很久没人修。另外楼下烧烤店油烟太大，窗都不敢开")
    assert [reading.matters[0].matter for reading in readings] == [STREET_LIGHT, SMOKE]
    assert {reading.place.region for reading in readings} == {"E1"}


def test_a_numbered_list_is_cut_by_its_numbers(reader: Reader) -> None:
    readings = read(reader, "东岭区反映：1、路灯坏了一个星期没人修；2、家里从早上就没有水了，停水也不通知")
    assert [reading.matters[0].matter for reading in readings] == [STREET_LIGHT, WATER]


def test_two_matters_are_told_apart_without_a_mark_between_them(reader: Reader) -> None:
    readings = read(reader, "路灯坏了一个星期没人修。楼下烧烤店油烟太大。")
    assert {reading.matters[0].matter for reading in readings} == {STREET_LIGHT, SMOKE}


def test_one_matter_told_at_length_stays_one(reader: Reader) -> None:
    assert len(read(reader, "路灯坏了一个星期没人修。晚上整条街黑漆漆的。另外，那条街的路灯以前也坏过，没人修。")) == 1


def test_an_emergency_is_one_reading_whatever_else_is_said(reader: Reader) -> None:
    (reading,) = read(reader, "楼下着火了！另外路灯坏了一个星期没人修")
    assert reading.disposition is not None
    assert reading.disposition.code == "119"


def test_who_asks_comes_from_the_channel_before_the_words(reader: Reader) -> None:
    assert read(reader, "我司门口路灯坏了")[0].audience is Audience.FIRM
    assert read(reader, "我司门口路灯坏了", audience=Audience.PERSON)[0].audience is Audience.PERSON
    assert read(reader, "门口路灯坏了")[0].audience is None


def test_kind_urgency_and_night_come_from_the_words_over_the_matter(reader: Reader) -> None:
    reading = read(reader, "请问停水要停到几点？")[0]
    assert (reading.kind, reading.urgency, reading.night) == (RequestKind.CONSULTATION, Urgency.URGENT, False)
    reading = read(reader, "烧烤店半夜还在冒烟，油烟太大，墙也随时会塌")[0]
    assert (reading.kind, reading.urgency, reading.night) == (RequestKind.COMPLAINT, Urgency.CRITICAL, True)


def test_the_same_pack_always_reads_the_same(small: Pack, reader: Reader) -> None:
    text = "西溪区茶亭镇的路灯不亮，烧烤油烟也大"
    assert read(compile_reader(small), text) == read(reader, text)


def test_a_very_long_message_is_read(reader: Reader) -> None:
    assert _matter(reader, "路灯坏了一个星期没人修。" + "这件事情我们已经说过很多次。" * 5000) == STREET_LIGHT


def test_a_city_of_another_country_and_script_is_read_too(port_ash_reader: Reader) -> None:
    (reading,) = read(port_ash_reader, "Street lights are out again on Toll Lane, disgraceful")
    assert reading.matters[0].matter == "ST0101"
    assert reading.language == "en"
    assert reading.kind is RequestKind.COMPLAINT
    assert reading.place.text == "Toll Lane"
    assert read(port_ash_reader, "the shed is on fire")[0].disposition is not None
    assert read(port_ash_reader, "when is the next fire drill, last time nothing was on fire")[0].disposition is None


def test_a_question_finds_its_guide(port_ash_reader: Reader) -> None:
    assert answer(port_ash_reader, "How much does a mooring permit cost?")[0].guide == "HB-G01"
    assert answer(port_ash_reader, "zzz qqq") == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("街灯坏咗好耐冇人整", "路灯不亮"),
        ("公积金怎么提取", "提取"),
        ("楼上装修太吵", "装修噪音"),
        ("老板拖欠工资三个月", "拖欠克扣工资"),
        ("老闆拖咗我三個月人工唔出糧", "拖欠克扣工资"),
        ("网购退款商家不理", "网购"),
        ("The street light is broken", "路灯不亮"),
    ],
)
def test_guangzhou_reads_its_own_people(guangzhou_reader: Reader, text: str, name: str) -> None:
    assert name in guangzhou_reader.leaves[_matter(guangzhou_reader, text)].name


def test_guangzhou_hears_who_makes_the_noise_at_night(guangzhou_reader: Reader) -> None:
    best = read(guangzhou_reader, "楼下工地半夜两点仲喺度打桩，瞓唔到觉")[0].matters
    assert "工地施工噪音" in [guangzhou_reader.leaves[guess.matter].name for guess in best]


def test_guangzhou_hears_two_matters_in_one_message(guangzhou_reader: Reader) -> None:
    readings = read(guangzhou_reader, "我要投诉物业乱收停车费，另外小区门口的井盖坏了")
    parking, cover = (guangzhou_reader.leaves[reading.matters[0].matter].name for reading in readings)
    assert "停车" in parking
    assert "井盖" in cover


def test_scores_say_how_often_they_are_right(guangzhou: Pack) -> None:
    kept = tuple(example for number, example in enumerate(guangzhou.examples) if number % 5)
    reader = compile_reader(msgspec.structs.replace(guangzhou, examples=kept))
    best = [(read(reader, example.text)[0].matters, example.matter) for example in guangzhou.examples[::5]]
    scored = sorted(((guesses[0].score, guesses[0].matter == matter) for guesses, matter in best if guesses), reverse=True)
    right = sum(hit for _, hit in scored) / len(scored)
    assert right > 0.52
    for third in (scored[: len(scored) // 3], scored[len(scored) // 3 :]):
        expected, found = sum(score for score, _ in third) / len(third), sum(hit for _, hit in third) / len(third)
        assert abs(expected - found) < 0.06


def test_guangzhou_tells_a_fire_from_a_fire_drill(guangzhou_reader: Reader) -> None:
    fire = read(guangzhou_reader, "天河区员村二横路12号5楼着火了，好大烟")[0].disposition
    assert fire is not None
    assert (fire.kind, fire.code) == ("emergency", "119")
    assert read(guangzhou_reader, "小区搞消防演练，喇叭一直喊着火了，吵死人")[0].disposition is None
    assert read(guangzhou_reader, "楼道堆满电动车充电，怕着火了跑不掉")[0].disposition is None
