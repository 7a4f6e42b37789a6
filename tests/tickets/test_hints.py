"""What an answer lacks, on answers written by hand: good ones pass, and each bad one is told the thing that it lacks."""

from __future__ import annotations

import pytest

from yixian.tickets import hints, personal
from yixian.tickets.hints import Case, Rule
from yixian.web import render

LAMP = Case(
    "海珠区江南中街路灯不亮三天了，什么时候能修好？晚上有没有人巡查？",
    ("路灯故障", "路灯", "路灯不亮"),
    ("海珠区", "江南中街道", "江南中街12号"),
)
NOISE = Case(
    "楼下烧烤店每晚营业到凌晨两点，油烟和噪音很大，请处理。", ("餐饮油烟噪声", "油烟", "噪音"), ("天河区", "石牌街道", "石牌西路8号")
)
DRAIN = Case(
    "The drain on Mill Road floods the pavement. When will it be cleared?", ("Blocked drain", "drain", "gully"), ("Northgate", "Mill Road")
)

GOOD = [
    (
        LAMP,
        "您好，感谢您的反映。11月3日上午，我局工作人员到江南中街现场核查，确认路灯电缆老化，已于当天下午更换电缆，路灯恢复照明。"
        "修好后我局安排晚上巡查，11月5日前每晚一次。",
    ),
    (
        NOISE,
        "尊敬的市民，您好。11月2日晚，石牌街道执法人员会同天河区生态环境分局到石牌西路8号检查，该店油烟净化器未开启，噪音超过标准。"
        "执法人员当场责令整改，11月4日复查，设备已正常运行，店家承诺23时前收市。感谢您的监督。",
    ),
    (
        DRAIN,
        "Dear resident, thank you for telling us. Our crew came to Mill Road on Monday morning and cleared the drain; "
        "the water was gone by noon. We will inspect it again within two weeks.",
    ),
]


@pytest.mark.parametrize(("case", "answer"), GOOD, ids=["lamp", "noise", "drain"])
def test_a_good_answer_is_left_alone(case: Case, answer: str) -> None:
    assert [h.sentence.format(**h.values) for h in hints.hints(answer, case)] == []


GOOD_LAMP, GOOD_NOISE, GOOD_DRAIN = (answer for _, answer in GOOD)


@pytest.mark.parametrize(
    ("case", "answer", "lacks"),
    [
        (LAMP, GOOD_LAMP.replace("路灯", "设施"), {Rule.SUBJECT}),
        (LAMP, GOOD_LAMP.replace("江南中街", ""), {Rule.PLACE}),
        (LAMP, GOOD_LAMP.replace("安排晚上巡查，11月5日前每晚一次", "已记录在案"), {Rule.QUESTION}),
        (LAMP, GOOD_LAMP.replace("您好，", ""), {Rule.GREETING}),
        (LAMP, GOOD_LAMP.replace("感谢您的反映。", ""), {Rule.GREETING}),
        (LAMP, GOOD_LAMP + "这是你自己没有早点说。", {Rule.BLAME}),
        (LAMP, GOOD_LAMP + "下一步我局将加强日常维护。", {Rule.PROMISE}),
        (LAMP, GOOD_LAMP + "联系人 138-0013-8000。", {Rule.PERSONAL}),
        (LAMP, GOOD_LAMP + "身份证 440105199003071234。", {Rule.PERSONAL}),
        (LAMP, GOOD_LAMP + "详见{附件}。", {Rule.BLANK}),
        (LAMP, GOOD_LAMP + "经" + "现场查看线路并逐段测量各处接头" * 9 + "。", {Rule.SENTENCE}),
        (LAMP, GOOD_LAMP + "\n".join(["路灯线路已逐段检查，情况正常，感谢您的理解和支持。"] * 40), {Rule.LENGTH}),
        (NOISE, "您好，您反映石牌西路8号油烟和噪音的问题我们很重视，感谢您的监督，祝您生活愉快，身体健康。", {Rule.DONE, Rule.WHO, Rule.WHEN}),  # noqa: E501
        (NOISE, "已处理。", {Rule.SUBJECT, Rule.PLACE, Rule.GREETING, Rule.WHO, Rule.WHEN, Rule.LENGTH}),
        (DRAIN, GOOD_DRAIN.replace("drain", "thing"), {Rule.SUBJECT}),
        (DRAIN, GOOD_DRAIN.replace("Mill Road", "the street"), {Rule.PLACE}),
        (DRAIN, GOOD_DRAIN.replace(" within two weeks", ""), {Rule.PROMISE}),
        (DRAIN, GOOD_DRAIN + " As we already told you, it is old.", {Rule.BLAME}),
        (DRAIN, GOOD_DRAIN + " Ring 07700 900123.", {Rule.PERSONAL}),
        (DRAIN, "We will look at it soon.", {Rule.SUBJECT, Rule.PLACE, Rule.QUESTION, Rule.GREETING, Rule.DONE, Rule.WHEN, Rule.PROMISE, Rule.LENGTH}),  # noqa: E501
    ],
)  # fmt: skip
def test_a_bad_answer_is_told_what_it_lacks(case: Case, answer: str, lacks: set[Rule]) -> None:
    assert {h.rule for h in hints.hints(answer, case)} == lacks


def test_the_answer_that_came_back_is_known_again_with_the_reason() -> None:
    back = Case(LAMP.text, LAMP.subjects, LAMP.places, GOOD_LAMP, "没有写明更换了哪些设备")
    (hint,) = hints.hints(GOOD_LAMP + "谢谢。", back)
    assert hint.rule is Rule.SAME_AGAIN and hint.values["why"] == "没有写明更换了哪些设备"
    changed = GOOD_LAMP.replace("更换电缆", "更换电缆45米、灯头3个并加装防水接线盒，同时检查了相邻的六盏路灯，发现两盏也有老化，一并更换")
    assert [h.rule for h in hints.hints(changed, back)] == []


def test_only_personal_data_asks_again() -> None:
    found = hints.hints("你应该早说，电话13800138000", LAMP)
    assert [h.rule for h in found if h.asks_again] == [Rule.PERSONAL]
    named = hints.hints(GOOD_LAMP + "陈大文先生同意。", Case(LAMP.text, LAMP.subjects, LAMP.places, of_caller=("陈大文",)))
    assert [h.asks_again for h in named] == [True]


@pytest.mark.parametrize(
    "fine",
    [
        "工单 GZ2611220000123 已办结", "请拨打 020-12345678 或 12345", "罚款 13000 元", "2026年11月03日", "编号 440105", "广州大道中1000号",
        "PA2611230000010", "第13800号令",
    ],
)  # fmt: skip
def test_what_answers_may_name_is_not_personal(fine: str) -> None:
    assert personal.found(fine) == ()


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("13800138000", "手机号码"), ("+86 138 0013 8000", "手机号码"), ("138-0013-8000", "手机号码"), ("电话：13800138000。", "手机号码"),
        ("44010519900307123X", "身份证号"), ("440105 19900307 1234", "身份证号"), ("6222 0212 3456 7890 123", "银行卡号"),
        ("ann.smith@example.org", "电子邮箱"), ("+44 7700 900123", "电话号码"),
    ],
)  # fmt: skip
def test_what_says_who_somebody_is_is_personal(told: str, kind: str) -> None:
    assert [p.kind for p in personal.found(f"请联系{told}，谢谢")] == [kind]
    assert told not in personal.masked(f"请联系{told}，谢谢")


def test_nothing_is_said_of_nothing_and_every_sentence_has_english() -> None:
    assert hints.hints("  \n", LAMP) == ()
    assert [s for s in hints.SENTENCES if s not in render.catalogue("en")] == []
