"""Readers for three cities: Guangzhou, Port Ash (another country, another script), and a small Chinese one made for these tests."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from yixian.city import pack
from yixian.city.model import Emergency, Example, Level, Matter, Pack, Place, Region, RequestKind, Route, Triage, Urgency
from yixian.language.service import Reader, compile_reader

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def port_ash() -> Pack:
    return pack.read(ROOT / "tests" / "packs" / "tiny")


@pytest.fixture(scope="session")
def port_ash_reader(port_ash: Pack) -> Reader:
    return compile_reader(port_ash)


@pytest.fixture(scope="session")
def guangzhou() -> Pack:
    return pack.read(ROOT / "packs" / "guangzhou")


@pytest.fixture(scope="session")
def guangzhou_reader(guangzhou: Pack) -> Reader:
    return compile_reader(guangzhou)


@pytest.fixture(scope="session")
def small(port_ash: Pack) -> Pack:
    """清河市: two districts, three matters."""
    return msgspec.structs.replace(
        port_ash,
        city=msgspec.structs.replace(port_ash.city, languages=("zh", "yue", "en")),
        regions=_REGIONS,
        places=(Place("柳荫路", "road", ("E1", "W1")), Place("望江公园", "park", ("E2",))),
        matters=_MATTERS,
        examples=tuple(Example(matter, text, language) for matter, language, text in _EXAMPLES),
        responsibilities=(),
        triage=_TRIAGE,
    )


@pytest.fixture(scope="session")
def reader(small: Pack) -> Reader:
    return compile_reader(small)


_REGIONS = (
    Region("C", "清河市", Level.CITY),
    Region("E", "东岭区", Level.DISTRICT, "C"),
    Region("W", "西溪区", Level.DISTRICT, "C"),
    Region("E1", "柳树街道", Level.STREET, "E"),
    Region("E2", "江岸街道", Level.STREET, "E"),
    Region("W1", "茶亭镇", Level.STREET, "W"),
    Region("E11", "和平社区", Level.COMMUNITY, "E1"),
    Region("W11", "和平村", Level.COMMUNITY, "W1"),
    Region("E12", "长乐社区", Level.COMMUNITY, "E1"),
    Region("W12", "长乐社区", Level.COMMUNITY, "W1"),
    Region("E13", "火车站社区", Level.COMMUNITY, "E1"),
)
_MATTERS = (
    Matter("UM", None, "城市管理", "streets"),
    Matter("UM01", "UM", "路灯不亮", "streets", keywords=("路灯", "街灯")),
    Matter("UM02", "UM", "烧烤油烟", "streets", kind=RequestKind.COMPLAINT, keywords=("油烟", "烧烤")),
    Matter("WA", None, "供水", "streets"),
    Matter("WA01", "WA", "停水", "streets", keywords=("停水", "没有水"), urgency=Urgency.URGENT),
)
_EXAMPLES = (
    ("UM01", "zh", "楼下路灯坏了一个星期没人修"),
    ("UM01", "zh", "晚上整条街黑漆漆的"),
    ("UM01", "yue", "条街啲街灯全部唔着"),
    ("UM01", "en", "the street light is broken"),
    ("UM02", "zh", "楼下烧烤店油烟太大窗都不敢开"),
    ("UM02", "zh", "饭店的烟往我家里灌"),
    ("UM02", "yue", "烧烤档啲油烟好大阵味"),
    ("WA01", "zh", "家里从早上就没有水了"),
    ("WA01", "zh", "又停水不通知"),
    ("WA01", "yue", "成日冇水用"),
)
_TRIAGE = Triage(
    emergency=(Emergency("119", "消防", ("着火了", "冒浓烟"), "请马上离开，正在为您转接119。", unless=("演练",)),),
    legal_route=(Route("litigation", ("不服判决",), "请在期限内上诉。"),),
    outside=(Route("outside_government", ("算命",), "不在热线的范围内。"),),
    kinds={"complaint": ("投诉", "太差了"), "consultation": ("请问", "咨询"), "suggestion": ("建议",), "praise": ("表扬",)},
    urgency={"critical": ("随时会塌",), "urgent": ("老人在家",)},
    firm=("我公司", "我司"),
    night=("半夜", "凌晨"),
    languages={"yue": ("嘅", "唔", "冇", "咗", "啲", "喺")},
    split=("另外", "还有就是"),
    noise=("尊敬的领导", "谢谢"),
)
