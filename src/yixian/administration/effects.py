"""What hangs on a thing of the city, and what keeps it from being changed. Pure: numbers of tickets and staff are given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from yixian.administration.model import Deed, Effect
from yixian.city import checks
from yixian.city.adjustments import Thing
from yixian.city.model import Pack, Responsibility
from yixian.city.responsibility import chain
from yixian.city.tables import Problem, Severity

SOME: Final = 5
"""So many are named; the rest is a number."""


def in_city(pack: Pack, thing: Thing, code: str, on: date) -> tuple[Effect, ...]:
    """What of the city hangs on this thing, from the day `on`."""
    match thing:
        case Thing.UNIT:
            found = (
                _effect("职责清单中有 {n} 条写明由它主办或协办。", (e.code for e in _entries(pack, on) if code in (e.lead, *e.co))),
                _effect("有 {n} 个下级单位。", (u.name for u in pack.units if u.parent == code)),
                _effect("有 {n} 条热线由它主管。", (line.name for line in pack.lines if line.unit == code)),
                _effect("有 {n} 篇办事指南由它负责。", (guide.title for guide in pack.guides if guide.unit == code)),
            )
        case Thing.MATTER:
            below = {m.code for m in pack.matters if m.code == code or m.code.startswith(code)}
            found = (
                _effect("有 {n} 个下级事项。", (m.name for m in pack.matters if m.parent == code)),
                _effect("职责清单中有 {n} 条关于它。", (e.code for e in _entries(pack, on) if e.matter in below)),
                _effect("有 {n} 句群众的说法归在它名下。", (e.text for e in pack.examples if e.matter in below)),
                _effect("有 {n} 篇办事指南关于它。", (guide.title for guide in pack.guides if guide.matter in below)),
            )
        case Thing.QUEUE:
            found = (
                _effect("有 {n} 个事项进这个队列。", (m.name for m in pack.matters if m.queue == code)),
                _effect("有 {n} 条热线进这个队列。", (line.name for line in pack.lines if line.queue == code)),
            )
        case Thing.LIMIT | Thing.DAY | Thing.HOURS | Thing.LINE:
            found = ()
    return tuple(effect for effect in found if effect.n)


def _entries(pack: Pack, on: date) -> Iterator[Responsibility]:
    """Entries that are, or will be, in force from the day on."""
    return (entry for entry in pack.responsibilities if entry.valid_to is None or entry.valid_to >= on)


def _effect(sentence: str, names: Iterable[str]) -> Effect:
    found = list(dict.fromkeys(names))
    return Effect(sentence, len(found), tuple(found[:SOME]))


# -- What keeps it from being done ---------------------------------------------------------------------------------


def blocks(before: Pack, after: Pack, thing: Thing, code: str, deed: Deed, successor: str) -> tuple[str, ...]:
    """Why it cannot be done: what the city would lack that it does not lack now."""
    if deed is Deed.CLOSE and (sentence := _unfit_successor(after, thing, code, successor, before)):
        return (sentence,)
    known = _errors(before)
    return tuple(dict.fromkeys(_sentence(problem) for problem in _errors(after).values() if _key(problem) not in known))


def warnings(before: Pack, after: Pack) -> tuple[str, ...]:
    """What somebody should look at, and did not have to before."""
    known = {_key(problem) for problem in _problems(before)}
    new = (p for p in _problems(after) if p.severity is Severity.WARNING and _key(p) not in known)
    return tuple(dict.fromkeys(_sentence(problem) for problem in new))[:SOME]


def _unfit_successor(after: Pack, thing: Thing, code: str, successor: str, before: Pack) -> str | None:
    match thing:
        case Thing.UNIT:
            if not successor:
                return "关闭单位须指定接办单位。"
            if successor == code or successor not in {unit.code for unit in after.units}:
                return "接办单位须是仍在办公的另一个单位。"
            above = {unit.code: unit.parent for unit in before.units}
            if code in tuple(chain(successor, above)):
                return "接办单位不能是它自己的下级，请先把下级单位划给别的单位。"
        case Thing.QUEUE:
            used = [m for m in before.matters if m.queue == code] or [line for line in before.lines if line.queue == code]
            if used and not successor:
                return "还有事项或热线进这个队列，请指定接替的队列。"
            if successor and (successor == code or successor not in {queue.code for queue in after.queues}):
                return "接替的队列须是仍在使用的另一个队列。"
        case Thing.MATTER:
            if any(matter.parent == code for matter in before.matters):
                return "这个事项还有下级事项，请先逐一停用。"
            if successor and (successor == code or successor not in {matter.code for matter in after.matters}):
                return "接替的事项须是仍在使用的另一个事项。"
            if successor and any(matter.parent == successor for matter in after.matters):
                return "接替的事项须是最末一级的事项。"
        case Thing.LIMIT | Thing.DAY | Thing.HOURS | Thing.LINE:
            pass
    return None


def _problems(pack: Pack) -> list[Problem]:
    """As `pack check` finds them. Entries about matters that are no more hold for nothing, and are passed over."""
    matters = {matter.code for matter in pack.matters}
    entries = tuple(entry for entry in pack.responsibilities if entry.matter in matters)
    # The list has its own life and its versions: an entry stands once for each stretch in which it reads differently.
    draft = checks.draft_of(pack, entries)
    return [p for p in (*checks.references(draft), *checks.completeness(draft, None)) if not p.message.startswith("responsibility '")]


def _errors(pack: Pack) -> dict[tuple[str, str], Problem]:
    return {_key(problem): problem for problem in _problems(pack) if problem.severity is Severity.ERROR}


def _key(problem: Problem) -> tuple[str, str]:
    return problem.file, problem.message


_SAID: Final[tuple[tuple[str, str], ...]] = (
    ("unknown unit '", "还有内容指向一个不存在的单位。"),
    ("unknown region '", "所在区域不存在，请从提示中选择。"),
    ("unknown queue '", "还有内容指向一个不存在的队列。"),
    ("unknown matter '", "还有内容指向一个不存在的事项。"),
    ("no queue is the fallback", "须有一个兜底队列，请先把另一个队列设为兜底。"),
    ("queue '", "兜底队列只能有一个。"),
    ("no time limit for", "会有诉求没有时限：请保留一行对全部诉求都适用的时限。"),
    ("limit '", "同样的诉求类型、紧急程度和面向已有一行时限，请修改那一行。"),
    ("fallback_unit '", "它是全市的兜底单位，须指定接办单位。"),
    ("the parents of '", "上级单位绕成了圈，请另选上级。"),
    ("finds no unit in", "职责清单要在这些区域按地点找到单位，改后会找不到。"),
    ("cannot stand below", "上级单位的层级不合适：只能放在同级或高一级的单位之下。"),
    ("serves a", "单位的层级与所在区域的层级不一致。"),
    ("has the function '", "同一区域已有单位使用这个职能代号。"),
    ("has a parent; write", "市级以下的单位须有上级单位。"),
    ("nobody answers for", "会有事项没有单位负责。"),
    ("has matters below it", "群众的说法须归在最末一级的事项名下。"),
    (" examples; write at least", "群众的说法不足六句，系统不容易认出这个事项。"),
    ("the same words stand for", "有一句话同时归在两个事项名下。"),
    ("fit equally", "职责清单中会有两条同样适用。"),
    ("have as many conditions", "职责清单中会有两条条件一样多。"),
)


def _sentence(problem: Problem) -> str:
    """What the check says, for the screen; with what it is about."""
    said = next((sentence for mark, sentence in _SAID if mark in problem.message), None)
    return said or f"{problem.file}: {problem.message}"
