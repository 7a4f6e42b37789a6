"""What may be an emergency although no phrase says so."""

from __future__ import annotations

import csv
import io
import time
from itertools import combinations
from math import exp, log2, sqrt
from pathlib import Path

import msgspec
import pytest

from yixian.city import pack
from yixian.city.model import Danger, Pack, Plea, Urgency
from yixian.language.danger import DangerModel, compile_danger, is_thanks, weigh
from yixian.language.normalise import normalise
from yixian.language.phrases import find_all
from yixian.language.service import Reader, compile_reader, read

GUANGZHOU = Path(__file__).parents[2] / "packs" / "guangzhou"


@pytest.mark.parametrize(
    "text",
    [
        "我奶奶摔在厕所里，后脑勺出血，怎么叫都没反应",
        "隔壁一直有女人在喊别打了，还有砸东西的声音",
        "我把药全吃了，替我跟我妈说声对不起",
        "个细路跌咗落涌，仲喺水面扑紧",
        "please hurry, my friend isn't breathing and her lips are blue",
        "我想投诉物业，电梯修了半年都没修好，保安也不管事，打电话没人接，现在我儿子和奶奶困在里面，灯灭了，奶奶说喘不上气",
    ],
)
def test_who_is_in_danger_and_says_it_in_own_words_is_heard(guangzhou_reader: Reader, text: str) -> None:
    first = read(guangzhou_reader, text)[0]
    sent = first.disposition is not None and first.disposition.kind == "emergency"
    assert sent or (first.alarm is not None and first.urgency is Urgency.CRITICAL)


@pytest.mark.parametrize(
    "text",
    [
        "请问长者饭堂几点开门",
        "公积金提取需要什么材料",
        "楼下烧烤店每天晚上营业到凌晨，油烟很大",
        "小区门口的共享单车乱停乱放，人行道都走不了",
        "单位拖欠工资三个月了，想问怎么投诉",
        "where can I renew my residence permit",
        "想問下圖書館星期一開唔開",
    ],
)
def test_who_asks_or_complains_is_not_asked_about_danger(guangzhou_reader: Reader, text: str) -> None:
    first = read(guangzhou_reader, text)[0]
    assert first.alarm is None
    assert first.disposition is None or first.disposition.kind != "emergency"


def test_the_likely_number_comes_first(guangzhou_reader: Reader) -> None:
    def to(text: str) -> tuple[str, ...]:
        assert guangzhou_reader.danger is not None
        return weigh(guangzhou_reader.danger, normalise(text)).to

    assert to("窗口往外冒烟，里面红红的，有人在拍玻璃")[0] == "119"
    assert to("他拿着刀在砸我家的门")[0] == "110"
    assert to("我爸胸口疼，出冷汗，喘不上气")[0] == "120"
    assert "122" in to("两辆车撞在一起，司机卡在里面流血")


def test_a_phrase_that_everything_else_contradicts_is_asked_about_and_not_sent_away(guangzhou: Pack) -> None:
    reader = compile_reader(_with(guangzhou, ask=0.001, sure=1.0))
    first = read(reader, "楼上着火了快来人")[0]
    assert first.disposition is None
    assert first.alarm is not None and first.alarm.to[0] == "119"


def test_danger_comes_before_a_legal_route(guangzhou_reader: Reader) -> None:
    text = "法院判决我不服，他现在拿着菜刀在我家门口砸门，说要砍死我"
    first = read(guangzhou_reader, text)[0]
    assert first.alarm is not None or (first.disposition is not None and first.disposition.code == "110")


def test_a_pack_without_examples_works_by_its_phrases(port_ash: Pack, port_ash_reader: Reader) -> None:
    assert port_ash.triage.danger is None and port_ash_reader.danger is None
    first = read(port_ash_reader, "the shed is on fire")[0]
    assert first.disposition is not None and first.disposition.code == "999"
    assert read(port_ash_reader, "he is not breathing")[0].alarm is None


def test_examples_of_one_sort_only_teach_nothing(guangzhou: Pack) -> None:
    danger = Danger(signs={"fire": ("着火",)}, examples=(Plea("着火了", True, ("119",)),))
    assert compile_danger(danger, ["路灯不亮"]) is None
    assert compile_danger(None, ["路灯不亮"]) is None


def test_learning_twice_gives_the_same_weights(guangzhou: Pack) -> None:
    ordinary = [example.text for example in guangzhou.examples[:500]]
    one, other = (compile_danger(guangzhou.triage.danger, ordinary) for _ in range(2))
    assert one is not None and other is not None
    assert one.terms.tobytes() == other.terms.tobytes()
    assert one.weights.tobytes() == other.weights.tobytes()
    assert one.beside.tobytes() == other.beside.tobytes()


def test_a_stretch_weighs_as_much_as_if_it_stood_alone(guangzhou: Pack, guangzhou_reader: Reader) -> None:
    """Every term is looked up once for all stretches; this is what each would come to by itself."""
    model = guangzhou_reader.danger
    danger = guangzhou.triage.danger
    assert model is not None and danger is not None
    quiet = "我想咨询一下办理居住证需要什么材料，去哪个窗口，周末上不上班。"
    for plea in danger.examples[::9]:
        text = normalise(plea.text, guangzhou_reader.noise)
        letter = f"{quiet}{text}。{quiet * 3}"
        heard = weigh(model, letter)
        assert heard.words in letter
        whole, alone = (_by_definition(model, one) for one in (letter, heard.words))
        lost = log2(max(1, len(letter) / 100))
        margin = (whole if heard.words == letter else alone - 0.5) - lost
        assert heard.chance == pytest.approx(1 / (1 + exp(-margin)), abs=2e-4)


def test_a_short_message_weighs_what_its_terms_and_signs_do(guangzhou: Pack, guangzhou_reader: Reader) -> None:
    model, danger = guangzhou_reader.danger, guangzhou.triage.danger
    assert model is not None and danger is not None
    for plea in (*danger.examples[::7], Plea("", False), Plea("Ω", False), Plea("救命", True)):
        text = normalise(plea.text, guangzhou_reader.noise)[:90]
        assert weigh(model, text).chance == pytest.approx(1 / (1 + exp(-_by_definition(model, text))), abs=2e-4)


def _by_definition(model: DangerModel, text: str) -> float:
    """The log-odds of one stretch, term by term and pair by pair."""
    places = {number: place for place, number in enumerate(model.terms.tolist())}
    grams = {text[at : at + size] for size in (1, 2, 3) for at in range(len(text) - size + 1)}
    known = [model.weights[places[code]] for gram in grams if (code := sum(ord(c) << 21 * n for n, c in enumerate(gram))) in places]
    signs = sorted({sign for word in find_all(model.phrases, text) for sign in model.signs[word.phrase]})
    terms = 6.0 * sum(speaks for _, speaks in known) / sqrt(sum(square for square, _ in known) or 1.0)
    pairs = 0.5 * sum(model.beside[pair] for pair in combinations(signs, 2))
    return float(model.start + terms + sum(model.alone[sign] for sign in signs) + pairs)


def test_a_long_letter_is_weighed_in_little_time(guangzhou_reader: Reader) -> None:
    assert guangzhou_reader.danger is not None
    letter = normalise("我住在白云区，楼上漏水很久了，物业一直不处理，" * 150)
    began = time.process_time()
    for _ in range(10):
        weigh(guangzhou_reader.danger, letter)
    assert time.process_time() - began < 1.0
    assert weigh(guangzhou_reader.danger, "").chance < 0.5


def test_the_examples_hold_enough_of_each_sort() -> None:
    with io.StringIO((GUANGZHOU / "triage" / "examples.csv").read_text(encoding="utf-8")) as file:
        rows = list(csv.DictReader(file))
    assert sum(row["emergency"] == "yes" for row in rows) >= 300
    assert sum(row["emergency"] == "" for row in rows) >= 300
    assert {"zh", "yue", "en"} <= {row["language"] for row in rows if row["emergency"] == "yes"}


def test_the_folder_is_read_as_it_is_written() -> None:
    danger = pack.read(GUANGZHOU).triage.danger
    assert danger is not None
    assert 0 < danger.ask < danger.sure < 1
    assert all(plea.to for plea in danger.examples if plea.emergency)


def _with(guangzhou: Pack, ask: float, sure: float) -> Pack:
    assert guangzhou.triage.danger is not None
    danger = msgspec.structs.replace(guangzhou.triage.danger, ask=ask, sure=sure)
    return msgspec.structs.replace(guangzhou, triage=msgspec.structs.replace(guangzhou.triage, danger=danger))


@pytest.mark.parametrize(
    "text",
    [
        "谢谢你们帮我把灯修好了",
        "七天从哪天开始算",
        "谢谢",
        "您好",
        "好的，没有了",
        "小区的电梯终于修好了，感谢",
        "谢谢社区的王姐帮我妈办好了老年证",
        "工作人员态度很好，给你们点赞",
        "盏燈着返喇，多謝你哋",
        "多謝晒",
        "thank you for fixing the lamp",
        "thanks, the bin was collected",
        "我要反映一个问题",
    ],
)
def test_thanks_and_what_says_nothing_raise_no_alarm(guangzhou_reader: Reader, text: str) -> None:
    first = read(guangzhou_reader, text)[0]
    assert (first.alarm, first.disposition) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        "谢谢你听我讲了这么久，其实打给你之前我已经把绳子系好了",
        "谢谢你们，我走了，药已经吃好了",
        "多谢你哋咁耐嘅照顾，我唔想再捱落去",
        "thank you for everything, goodbye, the pills are gone",
        "灯修好了谢谢，不过我爸倒在地上没反应",
        "出事了",
        "不好了，快来",
    ],
)
def test_thanks_quiet_nobody_who_takes_leave_or_is_in_danger(guangzhou_reader: Reader, text: str) -> None:
    first = read(guangzhou_reader, text)[0]
    assert first.alarm is not None or (first.disposition is not None and first.disposition.kind == "emergency")


def test_no_emergency_of_the_pack_is_taken_for_thanks_or_silence(guangzhou: Pack, guangzhou_reader: Reader) -> None:
    assert guangzhou.triage.danger is not None and guangzhou_reader.danger is not None
    for plea in guangzhou.triage.danger.examples:
        if plea.emergency:
            assert not is_thanks(guangzhou_reader.danger, normalise(plea.text)), plea.text
            assert not weigh(guangzhou_reader.danger, normalise(plea.text, guangzhou_reader.noise)).quiet, plea.text


def test_a_pack_without_thanks_takes_nothing_for_thanks(guangzhou: Pack) -> None:
    danger = guangzhou.triage.danger
    assert danger is not None
    model = compile_danger(msgspec.structs.replace(danger, thanks=None), (), guangzhou.triage.noise)
    assert model is not None and not is_thanks(model, "谢谢你们帮我把灯修好了")
