"""What can be filled in about each kind of thing, how it is written in a form, and how it is read back. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final

import msgspec

from yixian.city.adjustments import Body, Thing
from yixian.city.calendar import Duration
from yixian.city.inforce import City
from yixian.city.model import Audience, Level, LineMode
from yixian.tickets import choices, words
from yixian.tickets.choices import Unclear, What

LONGEST: Final = 500
LONGEST_EXAMPLES: Final = 40_000
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,39}")
_STRETCH: Final = re.compile(r"([0-2]\d:[0-5]\d)-([0-2]\d:[0-5]\d)")
_LANGUAGE: Final = re.compile(r"([a-z]{2,3}):\s*(.+)")


class How(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    CODE = "code"
    WORDS = "words"
    """Several, with a line each."""
    CHOICE = "choice"
    YES = "yes"
    DATE = "date"
    DURATION = "duration"
    UNIT = "unit"
    REGION = "region"
    MATTER = "matter"
    QUEUE = "queue"
    AUDIENCE = "audience"
    EXAMPLES = "examples"
    HOURS = "hours"


class Field(msgspec.Struct, frozen=True):
    """One field of a thing. Labels and hints are keys of the message catalogue."""

    name: str
    label: str
    how: How = How.TEXT
    hint: str = ""
    required: bool = False
    once: bool = False
    """Filled in when the thing is added, and never changed: it is how the thing is known."""
    options: tuple[tuple[str, str], ...] = ()


LEVELS: Final[Mapping[str, str]] = {
    Level.PROVINCE: "省级", Level.CITY: "市级", Level.DISTRICT: "区级", Level.STREET: "镇街级", Level.COMMUNITY: "村居级",
}  # fmt: skip
UNIT_KINDS: Final[Mapping[str, str]] = {
    "government": "政府", "department": "部门", "public_body": "事业单位和群团", "utility": "公用事业", "enterprise": "其他企业",
    "partner": "合作单位",
}  # fmt: skip
MODES: Final[Mapping[str, str]] = {LineMode.MERGED: "整体并入", LineMode.PARALLEL: "双号并行", LineMode.SUBCENTRE: "设分中心"}
WORKDAYS: Final[Mapping[str, str]] = {"cn": "国家法定节假日与调休", "mon-fri": "周一至周五", "sun-thu": "周日至周四"}
AUDIENCES: Final[Mapping[str, str]] = {"both": "个人和企业", Audience.PERSON: "个人", Audience.FIRM: "企业"}
ANY: Final[Mapping[str, str]] = {"*": "全部"}
KINDS: Final[Mapping[str, str]] = {kind.value: name for kind, name in words.KINDS.items()}
URGENCIES: Final[Mapping[str, str]] = {urgency.value: name for urgency, name in words.URGENCIES.items()}
_DURATION_HINT: Final = "10m 分钟、2h 小时、4wh 工作小时、5wd 工作日。"


def _options(words: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((str(value), word) for value, word in words.items())


FIELDS: Final[Mapping[Thing, tuple[Field, ...]]] = {
    Thing.UNIT: (
        Field("code", "编码", How.CODE, "字母、数字和 . _ -，定后不变。", required=True, once=True),
        Field("name", "名称", required=True),
        Field("short_name", "简称"),
        Field("name_en", "英文名称"),
        Field("level", "层级", How.CHOICE, required=True, options=_options(LEVELS)),
        Field("parent", "上级单位", How.UNIT, "输入名称的一部分，从提示中选择。"),
        Field("region", "所在区域", How.REGION, "输入名称的一部分，从提示中选择。", required=True),
        Field("phone", "联系电话"),
        Field("function", "职能代号", hint="职责清单按地点找单位时用，例如 water。"),
        Field("kind", "性质", How.CHOICE, required=True, options=_options(UNIT_KINDS)),
        Field("first_level", "一级承办单位", How.YES),
        Field("aliases", "别名", How.WORDS, "每行一个。"),
    ),
    Thing.QUEUE: (
        Field("code", "编码", How.CODE, "字母、数字和 . _ -，定后不变。", required=True, once=True),
        Field("name", "名称", required=True),
        Field("name_en", "英文名称"),
        Field("fallback", "兜底队列", How.YES, "分不清的来话进这个队列；只能有一个。"),
    ),
    Thing.MATTER: (
        Field("parent", "上级事项", How.MATTER, "新事项的编码由上级事项的编码和下一个序号组成。", required=True, once=True),
        Field("name", "名称", required=True),
        Field("name_en", "英文名称"),
        Field("queue", "队列", How.QUEUE, required=True),
        Field("kind", "诉求类型", How.CHOICE, required=True, options=_options(KINDS)),
        Field("urgency", "紧急程度", How.CHOICE, required=True, options=_options(URGENCIES)),
        Field("audience", "面向", How.AUDIENCE, required=True, options=_options(AUDIENCES)),
        Field("sensitive", "对承办单位隐去诉求人身份", How.YES),
        Field("keywords", "关键词", How.WORDS, "每行一个。"),
        Field("examples", "群众的说法", How.EXAMPLES, "每行一句，至少六句；其他语言的句子前写语言代码，例如 en: 。"),
    ),
    Thing.LIMIT: (
        Field("kind", "诉求类型", How.CHOICE, required=True, once=True, options=_options({**ANY, **KINDS})),
        Field("urgency", "紧急程度", How.CHOICE, required=True, once=True, options=_options({**ANY, **URGENCIES})),
        Field("audience", "面向", How.CHOICE, required=True, once=True, options=(("*", "全部"), ("person", "个人"), ("firm", "企业"))),
        Field("dispatch", "派单", How.DURATION, _DURATION_HINT, required=True),
        Field("sign", "签收", How.DURATION, required=True),
        Field("contact", "首次联系", How.DURATION, required=True),
        Field("answer", "答复", How.DURATION, required=True),
        Field("extension", "最长延期", How.DURATION, required=True),
        Field("urge", "再次催办间隔", How.DURATION, "市民催过以后，隔多久可以再催；主办单位催协办单位也一样。", required=True),
        Field("source", "依据", hint="法规条款或文件名称。", required=True),
    ),
    Thing.DAY: (
        Field("date", "日期", How.DATE, required=True, once=True),
        Field("working", "上班", How.YES, "勾选为上班（调休），不勾选为放假。"),
    ),
    Thing.HOURS: (
        Field("workdays", "工作日", How.CHOICE, required=True, options=_options(WORKDAYS)),
        Field("hours", "工作时间", How.HOURS, "例如 09:00-12:00 14:00-18:00。", required=True),
    ),
    Thing.LINE: (
        Field("number", "号码", How.CODE, "原热线的号码，定后不变。", required=True, once=True),
        Field("name", "名称", required=True),
        Field("mode", "归并方式", How.CHOICE, required=True, options=_options(MODES)),
        Field("queue", "队列", How.QUEUE, required=True),
        Field("unit", "原主管单位", How.UNIT, "输入名称的一部分，从提示中选择。", required=True),
        Field("hours", "服务时间"),
        Field("merged_on", "归并日期", How.DATE),
        Field("note", "备注"),
    ),
}

NEEDED: Final = "这一项不能为空，请填写。"
TOO_LONG: Final = "太长了，请缩短到五百字以内。"


class Filled(msgspec.Struct, frozen=True):
    """What was typed: the body that it makes, or what is wrong at which field."""

    values: dict[str, str]
    body: Body | None
    errors: dict[str, str]


def read(thing: Thing, sent: Mapping[str, str], city: City, standing: Body | None) -> Filled:
    """Reads a form. `standing` is the thing as it stands (None: it is to be added): what the form does not ask for stays."""
    body: Body = dict(standing or _FRESH.get(thing, {}))
    values: dict[str, str] = {}
    errors: dict[str, str] = {}
    for field in FIELDS[thing]:
        if field.once and standing is not None:
            continue
        text = sent.get(field.name, "").replace("\r", "").replace("\x00", "").strip()
        values[field.name] = text
        if field.required and not text and field.how is not How.YES:
            errors[field.name] = NEEDED
            continue
        if len(text) > (LONGEST_EXAMPLES if field.how in (How.EXAMPLES, How.WORDS) else LONGEST):
            errors[field.name] = TOO_LONG
            continue
        try:
            body[field.name] = _read(field, text, city)
        except ValueError as error:
            errors[field.name] = str(error)
    return Filled(values, None if errors else body, errors)


_FRESH: Final[Mapping[Thing, Body]] = {
    Thing.UNIT: {"kind": "department"},
    Thing.MATTER: {},
}


def write(field: Field, body: Body | None, city: City) -> str:
    """How the field of a body stands in a form."""
    value = None if body is None else body.get(field.name)
    return "" if value is None else shown(field, value, city)


def shown(field: Field, value: Any, city: City) -> str:
    """A value as a person reads it, and as `read` takes it."""
    if value is None:
        return ""
    match field.how:
        case How.YES:
            return "1" if value else ""
        case How.UNIT:
            return choices.written(city, What.UNITS, value)
        case How.REGION:
            return choices.written(city, What.REGIONS, value)
        case How.MATTER:
            return choices.written(city, What.MATTERS, value)
        case How.WORDS:
            return "\n".join(value)
        case How.EXAMPLES:
            own = city.pack.city.languages[0]
            return "\n".join(text if language == own else f"{language}: {text}" for language, text in value)
        case How.AUDIENCE:
            return "both" if len(value) > 1 else str(value[0]) if value else "both"
        case How.HOURS:
            return " ".join(f"{str(stretch['start'])[:5]}-{str(stretch['end'])[:5]}" for stretch in value)
        case _:
            return str(value)


def _read(field: Field, text: str, city: City) -> Any:
    """The value of what was typed.

    Raises:
        ValueError: it cannot be one; the sentence says what to do.
    """
    match field.how:
        case How.TEXT:
            return " ".join(text.split())
        case How.CODE:
            if not _CODE.fullmatch(text):
                raise ValueError("编码只能用字母、数字、空格和 . _ -，最多四十个字符。")
            return text
        case How.WORDS:
            return list(dict.fromkeys(word for line in text.splitlines() if (word := " ".join(line.split()))))
        case How.YES:
            return bool(text)
        case How.CHOICE:
            if text not in {value for value, _ in field.options}:
                raise ValueError("请从选项中选择。")
            return text
        case How.QUEUE:
            if text not in {queue.code for queue in city.pack.queues}:
                raise ValueError("没有这个队列，请从选项中选择。")
            return text
        case How.DATE:
            return _day(text) if text else None
        case How.DURATION:
            return _duration(text)
        case How.UNIT | How.REGION | How.MATTER:
            return _chosen(field.how, text, city)
        case How.AUDIENCE:
            if text not in AUDIENCES:
                raise ValueError("请从选项中选择。")
            return [one.value for one in Audience] if text == "both" else [Audience(text).value]
        case How.EXAMPLES:
            return _examples(text, city)
        case How.HOURS:
            return _hours(text)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("请填写日期，例如 2026-01-31。") from None


def _duration(text: str) -> str:
    try:
        return str(Duration.parse(text))
    except ValueError:
        raise ValueError("时限请写作 10m（分钟）、2h（小时）、4wh（工作小时）或 5wd（工作日）。") from None


def _chosen(how: How, text: str, city: City) -> str | None:
    what = {How.UNIT: What.UNITS, How.REGION: What.REGIONS, How.MATTER: What.MATTERS}[how]
    try:
        return choices.code_of(city, what, text) or None
    except Unclear as unclear:
        raise ValueError(str(unclear)) from None


def _examples(text: str, city: City) -> list[list[str]]:
    found: dict[str, list[str]] = {}
    languages = city.pack.city.languages
    for line in text.splitlines():
        said = " ".join(line.split())
        if not said:
            continue
        other = _LANGUAGE.fullmatch(said)
        language, words = (other[1], other[2]) if other and other[1] in languages else (languages[0], said)
        found.setdefault(words, [language, words])
    return [found[words] for words in sorted(found)]


def _hours(text: str) -> list[dict[str, str]]:
    parts = text.replace(",", " ").replace("、", " ").split()
    found = [_STRETCH.fullmatch(part) for part in parts]
    times = [time for stretch in found if stretch for time in stretch.groups()]
    if not parts or None in found or times != sorted(set(times)) or times[-1] >= "24:00":
        raise ValueError("请按先后写出每段时间，例如 09:00-12:00 14:00-18:00。")
    return [{"start": f"{start}:00", "end": f"{end}:00"} for start, end in zip(times[::2], times[1::2], strict=True)]


KEY: Final[Mapping[Thing, str]] = {Thing.UNIT: "code", Thing.QUEUE: "code", Thing.LINE: "number", Thing.DAY: "date"}


def code_of(thing: Thing, body: Body, taken: Collection[str]) -> str:
    """The code of a thing that is to be added; `taken`: every code that ever was one.

    Raises:
        ValueError: there is no free code.
    """
    match thing:
        case Thing.LIMIT:
            return f"{body['kind']}:{body['urgency']}:{body['audience']}"
        case Thing.MATTER:
            return _next_matter(str(body["parent"]), taken)
        case Thing.HOURS:
            raise ValueError("工作时间只有一份，请修改它。")
        case _:
            return str(body[KEY[thing]])


def _next_matter(parent: str, taken: Collection[str]) -> str:
    """The next free code below a matter: two digits more than the parent's, eight characters at most."""
    free = next((code for n in range(1, 100) if (code := f"{parent}{n:02}") not in taken), None)
    if free is None or len(parent) >= 8:
        raise ValueError("这个事项下不能再增加，请选择别的上级事项。")
    return free
