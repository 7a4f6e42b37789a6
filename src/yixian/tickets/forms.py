"""Which fields each action needs on screen, and how a filled form becomes a step. Which actions are offered, the life cycle says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

from yixian.city.inforce import City
from yixian.tickets import choices
from yixian.tickets.choices import Unclear, What
from yixian.tickets.model import Action, Order, OrderRole, Rating, Step, Ticket
from yixian.web.given import count_of, text_of, version_of


class Kind(StrEnum):
    """How a field is filled in."""

    LINE = "line"
    TEXT = "text"
    UNIT = "unit"
    UNITS = "units"
    MATTER = "matter"
    REGION = "region"
    DAYS = "days"
    PARTS = "parts"
    RATING = "rating"


class Field(msgspec.Struct, frozen=True):
    """One field of a form; `name` is the step's."""

    name: str
    kind: Kind
    label: str
    required: bool = True
    hint: str = ""
    below: bool = False
    """Only units below the one that leads."""


class Form(msgspec.Struct, frozen=True):
    """What an action asks for."""

    fields: tuple[Field, ...] = ()
    look: str = ""
    """`primary`: what the ticket waits for; `danger`: ends or sends away."""
    hint: str = ""


def _note(label: str, *, required: bool = True, hint: str = "") -> Field:
    return Field("note", Kind.TEXT, label, required, hint)


_UNIT = Field("unit", Kind.UNIT, "主办单位", hint="输入名称的一部分，从提示中选择。")
_CO = Field("co_units", Kind.UNITS, "协办单位", False, "可填多个，每行一个。")
_BASIS = Field("basis", Kind.LINE, "依据", hint="职责清单条目或法规条款。")

FORMS: Final[Mapping[Action, Form]] = {
    Action.DISPATCH: Form(
        (_UNIT, _CO, _BASIS, Field("matter", Kind.MATTER, "事项", False), Field("region", Kind.REGION, "区域", False)), "primary"
    ),
    Action.SIGN: Form((), "primary"),
    Action.CONTACT: Form((_note("联系情况", hint="何时、怎样联系，市民说了什么。"),), "primary"),
    Action.PART: Form((_note("办理意见"),), "primary"),
    Action.REPLY: Form(
        (
            Field("answer", Kind.TEXT, "公开答复", hint="市民会看到：做了什么、结果如何、依据是什么。"),
            Field("internal", Kind.TEXT, "内部办理记录", False),
        ),
        "primary",
    ),
    Action.APPROVE: Form((_note("审核意见", required=False),), "primary"),
    Action.PASS: Form((_note("审核意见", required=False),), "primary"),
    Action.SEND_BACK: Form((_note("退回理由"),)),
    Action.RATE: Form(
        (
            Field("response", Kind.RATING, "响应是否及时"),
            Field("solution", Kind.RATING, "问题是否解决"),
            Field("attitude", Kind.RATING, "态度如何"),
            Field("words", Kind.TEXT, "还想说的话", False),
        ),
        "primary",
    ),
    Action.CALL_BACK: Form((_note("未接通情况"),)),
    Action.CLOSE: Form((_note("办结说明", hint="市民不满意而办结的，须写明核查情况。"),)),
    Action.REDO: Form((_note("重办理由"),)),
    Action.RULE: Form((_UNIT, _CO, _BASIS, _note("裁定理由")), "primary"),
    Action.OPINION: Form((_note("意见"),)),
    Action.GRANT_EXTENSION: Form((_note("审批意见", required=False),), "primary"),
    Action.REFUSE_EXTENSION: Form((_note("不同意的理由"),)),
    Action.ASK_EXTENSION: Form((Field("days", Kind.DAYS, "延期工作日"), _note("延期理由", hint="同意后会告知市民。"))),
    Action.HAND_DOWN: Form((Field("unit", Kind.UNIT, "下级单位", hint=_UNIT.hint, below=True), _note("交办要求", required=False))),
    Action.HAND_UP: Form((_note("退回理由"),)),
    Action.INVITE: Form((Field("unit", Kind.UNIT, "协办单位", hint=_UNIT.hint), _note("需要协办的事项"))),
    Action.RETURN: Form((_note("退单理由"), _BASIS), "danger", "第二次退单转联合审定；审定前由现单位继续办理。"),
    Action.OBJECT: Form(
        (_note("异议理由"), _BASIS, Field("unit", Kind.UNIT, "应由哪个单位主办", False, "可留空；输入名称的一部分，从提示中选择。")),
        hint="提出异议后转联合审定；审定前由本单位继续办理，时限照常计算。",
    ),
    Action.REASSIGN: Form((_UNIT, _CO, _BASIS, _note("改派理由"))),
    Action.REOPEN: Form((_note("哪里没有解决"),)),
    Action.URGE: Form((_note("催办内容", required=False),)),
    Action.SUPPLEMENT: Form((_note("补充内容"),)),
    Action.LIST: Form((_note("督办要求"),)),
    Action.CALL_IN: Form((_note("约谈情况"),)),
    Action.MERGE: Form((Field("number", Kind.LINE, "并入的工单编号"), _note("并单理由")), "danger"),
    Action.SPLIT: Form((Field("texts", Kind.PARTS, "拆分后的内容", hint="每张工单一段，段与段之间空一行。"),)),
    Action.WITHDRAW: Form((_note("撤回原因"),), "danger"),
    Action.TERMINATE: Form((_note("终止理由", hint="会告知市民。"),), "danger"),
    Action.JOIN: Form(),
    Action.RAISE_ALARM: Form((_note("有什么危险", required=False),), "danger", "工单立即变为特急，排在派单台最前面。"),
    Action.CONFIRM_ALARM: Form((_note("有什么危险", required=False),), "danger", "请同时告知来电人拨打紧急电话。"),
    Action.STAND_DOWN: Form((_note("怎样得知没有危险", required=False),), hint="解除后恢复普通紧急程度，继续派单。"),
    Action.NEED_CARE: Form((_note("他说了什么", required=False),), "danger", "值班长的总览上立即出现红色提示，直到有人接手。"),
    Action.TAKE_CARE: Form((_note("打算怎样关怀", required=False),), "primary", "接手后请马上联系本人；记录里会写明是谁接手的。"),
    Action.AMEND: Form(
        (Field("matter", Kind.MATTER, "事项", False), Field("region", Kind.REGION, "区域", False), _note("说明", required=False)),
        hint="更正后派单建议随之更新。",
    ),
    Action.HAND_OVER: Form(
        (Field("keeper", Kind.LINE, "交给谁", False, "派单员的编号；不填则放回待派列表。"), _note("交接说明")),
        hint="在派单台上可以从名单里选择。",
    ),
    Action.REFER: Form(
        (_note("为什么要重新审定由谁主办"),),
        hint="转联合审定；审定前由现单位继续办理，时限从现在重新计算。已经裁定过的不能再提请。",
    ),
    Action.LEAVE: Form((_note("移出理由"),), hint="移出后恢复普通时限，从派单时起算；不会比现在更早到期。"),
}

CITIZENS: Final[Mapping[Action, Form]] = {
    Action.RATE: FORMS[Action.RATE],
    Action.REOPEN: FORMS[Action.REOPEN],
    Action.URGE: Form((_note("想说的话", required=False),)),
    Action.SUPPLEMENT: Form((_note("补充内容", hint="新的情况、更准确的地点或时间。"),)),
    Action.WITHDRAW: Form((_note("为什么撤回", hint="例如：问题已经解决。"),), "danger"),
    Action.STAND_DOWN: Form(),
    Action.CONFIRM_ALARM: Form((), "danger"),
}
"""What a citizen is asked, in a citizen's words."""

CITIZENS_BUTTONS: Final[Mapping[Action, str]] = {
    Action.RATE: "评价",
    Action.REOPEN: "没有解决，重新办理",
    Action.URGE: "催一催",
    Action.SUPPLEMENT: "补充内容",
    Action.WITHDRAW: "撤回诉求",
    Action.STAND_DOWN: "没有人有危险",
    Action.CONFIRM_ALARM: "有人有危险",
}

LONGEST: Final = 10_000
"""Characters of one field."""


MISSING: Final = "此项必填。"
TOO_LONG: Final = "太长了，请缩短到一万字以内。"


class Filled(msgspec.Struct, frozen=True):
    """A form as it was sent."""

    values: Mapping[str, str]
    """What was typed, by field: shown again when the step is refused."""
    step: Step
    errors: tuple[tuple[str, str], ...] = ()
    """`(field, sentence)`; then the step is not to be taken."""


def read(action: Action, sent: Mapping[str, Any], city: City, form: Form | None = None) -> Filled:
    """Reads a form that was sent for `action`. Never raises: what cannot be read is among the errors."""
    asked = form or FORMS[action]
    values = {field.name: text_of(sent, field.name) for field in asked.fields}
    errors: list[tuple[str, str]] = []
    step: dict[str, Any] = {"version": version_of(sent)}
    rating: dict[str, Any] = {}
    for field in asked.fields:
        text = values[field.name].strip()
        try:
            value = read_field(field, text, city)
        except Unclear as unclear:
            errors.append((field.name, str(unclear)))
            continue
        (rating if action is Action.RATE else step)[field.name] = value
    if action is Action.RATE and not errors:
        step["rating"] = Rating(**rating)
    return Filled(values, Step(**step) if not errors else Step(version=step["version"]), tuple(errors))


def read_field(field: Field, text: str, city: City) -> Any:
    """The field's value.

    Raises:
        Unclear: it cannot be read, or is missing.
    """
    if field.required and not text:
        raise Unclear(MISSING)
    if len(text) > LONGEST:
        raise Unclear(TOO_LONG)
    match field.kind:
        case Kind.UNIT:
            return choices.code_of(city, What.UNITS, text)
        case Kind.UNITS:
            return tuple(choices.code_of(city, What.UNITS, line) for line in re.split(r"[\n;；]", text) if line.strip())
        case Kind.MATTER:
            return choices.code_of(city, What.MATTERS, text)
        case Kind.REGION:
            return choices.code_of(city, What.REGIONS, text)
        case Kind.DAYS:
            return count_of(text, -1) if text else 0
        case Kind.RATING:
            return count_of(text, -1)
        case Kind.PARTS:
            return tuple(part.strip() for part in re.split(r"\n\s*\n", text) if part.strip())
        case Kind.LINE | Kind.TEXT:
            return text


def proposed(action: Action, ticket: Ticket, orders: tuple[Order, ...], city: City) -> dict[str, str]:
    """What a fresh form holds already."""
    match action:
        case Action.DISPATCH:
            best = ticket.suggestions[0] if ticket.suggestions else {}
            return {
                "unit": choices.written(city, What.UNITS, best.get("unit")),
                "co_units": "\n".join(choices.written(city, What.UNITS, u) for u in best.get("co_units") or ()),
                "basis": str(best.get("basis") or ""),
                "matter": choices.written(city, What.MATTERS, ticket.matter),
                "region": choices.written(city, What.REGIONS, ticket.region),
            }
        case Action.AMEND:
            return {
                "matter": choices.written(city, What.MATTERS, ticket.matter),
                "region": choices.written(city, What.REGIONS, ticket.region),
            }
        case Action.REASSIGN | Action.RULE:
            co = [o.unit for o in orders if o.role is OrderRole.CO and o.ended_at is None]
            return {"co_units": "\n".join(choices.written(city, What.UNITS, u) for u in co)}
        case Action.REPLY:
            return {"answer": ticket.answer, "internal": ticket.internal_answer}
        case _:
            return {}


def sayings() -> tuple[str, ...]:
    """Every fixed sentence here, for the test of the catalogue."""
    forms = (*FORMS.values(), *CITIZENS.values())
    fields = [text for form in forms for f in form.fields for text in (f.label, f.hint)]
    hints = [form.hint for form in forms]
    said = (*fields, *hints, *CITIZENS_BUTTONS.values(), MISSING, TOO_LONG, choices.SEVERAL, choices.NONE)
    return tuple(text for text in said if text)
