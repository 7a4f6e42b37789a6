"""Where residents of Guangzhou say it is, in their own ways of saying it."""

from __future__ import annotations

import pytest

from yixian.language.model import PlaceFound
from yixian.language.normalise import normalise
from yixian.language.places import find_place
from yixian.language.service import Reader

LIWAN, YUEXIU, HAIZHU, TIANHE, BAIYUN, HUANGPU = "440103", "440104", "440105", "440106", "440111", "440112"
PANYU, HUADU, NANSHA, CONGHUA, ZENGCHENG = "440113", "440114", "440115", "440117", "440118"


def found(reader: Reader, text: str) -> PlaceFound:
    return find_place(reader.gazetteer, normalise(text))


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("海珠区江南中街富力天域西门对面的烧烤店天天冒烟", HAIZHU),
        ("体育西路地铁站B出口有人乱摆卖", TIANHE),
        ("我住天河区，在番禺大石街道被黑中介骗了押金", PANYU),
        ("本人户籍在荔湾区，现居住在白云区同德街道，想办居住证", BAIYUN),
        ("老家从化，喺越秀北京路食嘢食到肚痛", YUEXIU),
        ("公司在黄埔区，员工宿舍在增城新塘镇停水三日", ZENGCHENG),
        ("花都区狮岭镇皮革城旁边工厂排黑烟", HUADU),
        ("喺海珠嗰边嘅江南大道中，街灯成排唔着", HAIZHU),
        ("從化區太平鎮路面坑坑窪窪", CONGHUA),
        ("投诉白云区石井街道一家五金厂半夜开工", BAIYUN),
        ("南沙区黄阁镇的公交车一小时一班", NANSHA),
        ("广州银行在天河区的网点排队太久", TIANHE),
        ("黄埔大道西的隔离栏倒了，天河这边", TIANHE),
    ],
)
def test_the_district_where_it_happens(guangzhou_reader: Reader, text: str, region: str) -> None:
    place = found(guangzhou_reader, text)
    assert place.region is not None
    assert place.region.startswith(region), place


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("从化街口的路灯不亮", "440117001"),
        ("白云钟落潭的自建房没有产权证", "440111108"),
        ("增城派潭后山裂了一条缝", "440118"),
        ("天河区石牌村握手楼消防通道堵死", "440106"),
    ],
)
def test_a_short_name_means_the_street_and_not_a_village_in_it(guangzhou_reader: Reader, text: str, region: str) -> None:
    place = found(guangzhou_reader, text)
    assert place.region is not None
    assert place.region.startswith(region)
    assert not place.ask


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("棠下附近天天有人乱摆卖", "440106011"),
        ("大石肉菜市场的鱼丸里有橡皮筋", "440113012"),
        ("在琶洲的会展门口被黑车司机骂", "440105015"),
        ("员村地铁站那边没有路灯", "440106002"),
        ("喺沙面嗰边有人烧嘢", "440103001"),
        ("noise at 125 Tiyu West Road", "440106"),
        ("street lamps on Linhe West Road are dark", "440106"),
    ],
)
def test_short_and_english_names_count_where_only_a_place_can_stand(guangzhou_reader: Reader, text: str, region: str) -> None:
    assert str(found(guangzhou_reader, text).region).startswith(region)


@pytest.mark.parametrize("text", ["人民当家作主", "家和万事兴，太平盛世", "新华书店卖盗版书", "工资建设银行不给取", "前进的方向错了"])
def test_short_names_are_ordinary_words_elsewhere(guangzhou_reader: Reader, text: str) -> None:
    assert found(guangzhou_reader, text).region is None


@pytest.mark.parametrize(
    ("text", "road", "number", "name", "building"),
    [
        ("天河路219号之二门口有人卖烟", "天河路", "219号之二", "", ""),
        ("海珠区江燕路２５号３栋８０１房漏水", "江燕路", "25号", "", "3栋801房"),
        ("广州大道中二百八十九号对面", "广州大道中", "二百八十九号", "", ""),
        ("越秀区建设六马路甲3号的围墙裂了", "建设六马路", "甲3号", "", ""),
        ("白云区棠景街翠林花园B座电梯坏了", "", "", "翠林花园", "b座"),
        ("noise at 25 Jiangyan Road every night", "jiangyan road", "25", "", ""),
        ("天河区华景路1号南方通信大厦停电", "华景路", "1号", "南方通信大厦", ""),
        ("海珠区赤岗二街9號之一漏水", "赤岗二街", "9号之一", "", ""),
        ("天河区龙口西路5号大院12栋", "龙口西路", "5号", "", "大院12栋"),
        ("海珠区福宁横街7号漏水", "福宁横街", "7号", "", ""),
        ("天河区棠下村三巷12号楼下堆满垃圾", "三巷", "12号", "棠下村", ""),
    ],
)
def test_roads_numbers_estates_and_buildings(guangzhou_reader: Reader, text: str, road: str, number: str, name: str, building: str) -> None:
    place = found(guangzhou_reader, text)
    assert (place.road, place.number, place.name, place.building) == (road, number, name, building)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("海珠区江南中街富力天域西门对面", "海珠区江南中街富力天域西门"),
        ("在环市东路和建设六马路交界的路口", "环市东路和建设六马路"),
        ("投诉天河区华翠小区3栋的业主养鸡", "天河区华翠小区3栋"),
        ("番禺区祈福新邨门口乱停车", "番禺区祈福新邨"),
    ],
)
def test_the_words_that_tell_where(guangzhou_reader: Reader, text: str, words: str) -> None:
    assert words in found(guangzhou_reader, text).text


@pytest.mark.parametrize(
    "text",
    [
        "广州银行的信用卡年费怎么退",
        "珠江啤酒喝完拉肚子",
        "买到的从化荔枝是坏的",
        "北京路线的旅游团取消了不退钱",
        "小孩学校门口天天堵车",
        "路灯不亮，路面也坏了",
        "我们小区楼下很吵",
        "在电梯里被困了二十分钟",
        "外教换学校，工作证要不要重办",
        "派出所说让找居委会",
        "走在路上被狗咬",
        "整条街都是垃圾，过马路很危险",
        "how to report street problems by app",
        "我的公积金什么时候到账",
        "湖南菜馆里吃出虫子",
    ],
)
def test_what_is_no_place(guangzhou_reader: Reader, text: str) -> None:
    place = found(guangzhou_reader, text)
    assert (place.region, place.text, place.outside) == (None, "", "")


@pytest.mark.parametrize(
    ("text", "outside"),
    [
        ("佛山市南海区桂城有个楼盘烂尾", "佛山市南海区"),
        ("我在深圳龙岗被中介骗了", "深圳"),
        ("我住天河区，但这件事发生在东莞虎门镇的工厂", "东莞虎门镇"),
        ("the landlord in Foshan will not return my deposit", "foshan"),
    ],
)
def test_a_place_outside_the_city_is_asked_about(guangzhou_reader: Reader, text: str, outside: str) -> None:
    place = found(guangzhou_reader, text)
    assert place.region is None
    assert place.outside.startswith(outside)
    assert place.ask


@pytest.mark.parametrize(
    "text",
    [
        "我在深圳工作，天河区的房子漏水",
        "湖南人在白云区三元里开饭店",
        "北京路步行街人太多",
        "中山八路的树倒了",
        "在珠海买的社保能转回广州吗",
        "从佛山回番禺的路上，洛溪大桥堵死",
        "上海银行天河支行门口乱停车",
    ],
)
def test_other_cities_that_are_only_mentioned(guangzhou_reader: Reader, text: str) -> None:
    assert found(guangzhou_reader, text).outside == ""


def test_equal_names_are_asked_back_by_name(guangzhou_reader: Reader) -> None:
    place = found(guangzhou_reader, "建设路路边的消防栓漏水喷了一地")
    assert place.region is None
    assert place.candidates == (HUADU, CONGHUA)
    assert place.ask == "请问是花都区，还是从化区？"


def test_where_somebody_lives_settles_which_of_the_equal_names_is_meant(guangzhou_reader: Reader) -> None:
    place = found(guangzhou_reader, "我住在从化区，建设路的消防栓漏水")
    assert place.region == CONGHUA
    assert not place.ask


def test_a_district_that_contradicts_the_street_is_asked_back(guangzhou_reader: Reader) -> None:
    place = found(guangzhou_reader, "海珠区石井街道有人烧垃圾")
    assert place.region is None
    assert place.ask == "请问是白云区石井街道，还是海珠区？"


def test_a_name_that_nobody_knows_is_asked_for(guangzhou_reader: Reader) -> None:
    place = found(guangzhou_reader, "在翠林雅居门口天天有人跳广场舞")
    assert (place.region, place.name) == (None, "翠林雅居")
    assert place.ask == "请问翠林雅居在哪个区、哪条街道？"
