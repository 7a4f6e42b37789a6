"""What each deed asks for on screen, and how a filled form becomes a motion. Who may do what, `ladder.py` says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from yixian.city.inforce import City
from yixian.disputes import ladder
from yixian.disputes.model import Case, Deed, Motion
from yixian.people.model import Actor
from yixian.tickets import choices
from yixian.tickets.choices import Unclear, What
from yixian.tickets.forms import Field, Form, Kind, read_field
from yixian.web.given import text_of, version_of

_UNIT: Final = Field("unit", Kind.UNIT, "主办单位", hint="输入名称的一部分，从提示中选择。")
_CO: Final = Field("co_units", Kind.UNITS, "协办单位", False, "可填多个，每行一个。")
_BASIS: Final = Field("basis", Kind.LINE, "依据", hint="职责清单条目或法规条款。")


def _note(label: str, hint: str = "", *, required: bool = True) -> Field:
    return Field("note", Kind.TEXT, label, required, hint)


FORMS: Final[Mapping[Deed, Form]] = {
    Deed.SAY: Form(
        (_note("本单位的意见"), Field("basis", Kind.LINE, "依据", False, "职责清单条目或法规条款。")),
        "primary",
        "陈述不影响办理：工单由现单位继续办理，时限照常计算。",
    ),
    Deed.VOTE: Form(
        (_UNIT, _CO, _BASIS, _note("意见", required=False)),
        "primary",
        "每个单位一票；会审结束前可以改变意见，以最后一次为准。会审期间各单位看不到彼此的意见。",
    ),
    Deed.RULE: Form(
        (_UNIT, _CO, _BASIS, _note("裁定理由", "与会审多数意见不同的，请说明为什么。")),
        "primary",
        "裁定后工单即交主办单位，不得再退；裁定会作为修改职责清单的建议。",
    ),
    Deed.CONVENE: Form(
        (
            _note("要回答的问题"),
            Field("units", Kind.UNITS, "会审单位", hint="每行一个；至少两个与争议无关的单位。"),
            Field("days", Kind.DAYS, "期限（工作日）", False, f"1至{ladder.MOST_PANEL_DAYS}个工作日；不填为{ladder.PANEL_DAYS}个。"),
        ),
    ),
    Deed.ESCALATE: Form((_note("为什么提请上一级"),), "", "只能逐级向上：派单台、值班长、联席会议。"),
}


class Filled(msgspec.Struct, frozen=True):
    """A form as it was sent."""

    values: Mapping[str, str]
    """What was typed, by field: shown again when the deed is refused."""
    motion: Motion
    errors: tuple[tuple[str, str], ...] = ()
    """`(field, sentence)`; then the deed is not to be done."""


def read(deed: Deed, sent: Mapping[str, Any], city: City) -> Filled:
    """Reads a form that was sent for `deed`. Never raises: what cannot be read is among the errors."""
    fields = FORMS[deed].fields
    values = {field.name: text_of(sent, field.name) for field in fields}
    motion: dict[str, Any] = {"version": version_of(sent)}
    errors: list[tuple[str, str]] = []
    for field in fields:
        try:
            motion[field.name] = read_field(field, values[field.name].strip(), city)
        except Unclear as unclear:
            errors.append((field.name, str(unclear)))
    return Filled(values, Motion() if errors else Motion(**motion), tuple(errors))


def proposed(case: Case, deed: Deed, actor: Actor, city: City, lead: str | None) -> dict[str, str]:
    """What a fresh form holds already. `lead`: the unit with the majority of the votes."""
    match deed:
        case Deed.VOTE:
            sitting = case.sitting
            mine = case.opinions_of(sitting.id).get(actor.unit) if sitting else None
            if mine is None:
                return {}
            return {
                "unit": choices.written(city, What.UNITS, mine.lead),
                "co_units": "\n".join(choices.written(city, What.UNITS, u) for u in mine.co),
                "basis": mine.basis,
                "note": mine.words,
            }
        case Deed.RULE:
            return _of_the_majority(case, city, lead)
        case _:
            return {}


def _of_the_majority(case: Case, city: City, lead: str | None) -> dict[str, str]:
    """The ruling that follows the votes: the unit, and the basis that its first voter gave."""
    if lead is None:
        return {}
    given = case.opinions_of(case.panels[-1].id).values()
    basis = next((o.basis for o in given if o.lead == lead), "")
    return {"unit": choices.written(city, What.UNITS, lead), "basis": basis}


def sayings() -> tuple[str, ...]:
    """Every fixed sentence here, for the test of the catalogue."""
    fields = [text for form in FORMS.values() for f in form.fields for text in (f.label, f.hint)]
    return tuple(text for text in (*fields, *(form.hint for form in FORMS.values())) if text)
