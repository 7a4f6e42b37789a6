"""A ticket on paper: what stands on it, and the same as a PDF. Pure.

The PDF carries its own font (Noto Sans SC, from a package), so that Chinese reads alike on every machine; only the characters that are
used are put into the file, and its text can be found and copied.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import pylopdf_fonts_zh_cn
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from yixian.city.inforce import CHINESE, City
from yixian.people.model import CallerMasked
from yixian.tickets import changes, words
from yixian.tickets.model import HistoryRow, OrderRole, Ticket
from yixian.tickets.service import Seen

# A character that the font lacks is left out and told of once a document: that is the reader's news, not the log's.
logging.getLogger("fpdf").setLevel(logging.ERROR)

Say = Callable[..., str]

FONT: Final = "body"
MARGIN: Final = 18.0
LINE: Final = 6.0
LABEL: Final = 32.0
"""Millimetres."""


class Part(msgspec.Struct, frozen=True):
    """One part of the sheet: facts, then words."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    words: str = ""


class Sheet(msgspec.Struct, frozen=True):
    """A ticket as it is printed."""

    heading: str
    number: str
    city: str
    parts: tuple[Part, ...]
    foot: str
    """Who printed it and when."""
    lang: str
    """Of its labels."""


def sheet_of(
    seen: Seen, rows: tuple[HistoryRow, ...], caller: CallerMasked | None, city: City, by: str, now: datetime, say: Say, lang: str
) -> Sheet:
    """What is printed of a ticket: what its page shows to this person, the caller as masked as there.

    `by`: name of who prints. `say`: the catalogue in the reader's language, `lang`.
    """
    ticket = seen.ticket
    zone = ZoneInfo(city.pack.city.timezone)
    parts = [
        Part(say("诉求内容"), _asked(ticket, caller, city, zone, say, lang), ticket.text),
        Part(say("承办与时限"), _handled(seen, city, zone, say, lang)),
    ]
    if ticket.answer:
        parts.append(Part(say("公开答复"), (), ticket.answer))
    if ticket.internal_answer:
        parts.append(Part(say("内部办理记录"), (), ticket.internal_answer))
    parts.append(Part(say("办理记录"), tuple(_step(row, city, zone, say, lang) for row in rows)))
    round_ = f"-{ticket.rounds:02d}" if ticket.rounds else ""
    foot = say("由{name}于 {at} 打印。打印已记录；请按规定保管，用后销毁。", name=by, at=_at(now, zone))
    named = city.pack.city.name if lang == CHINESE else city.pack.city.name_en
    return Sheet(say("工单"), f"{ticket.number}{round_}", named, tuple(parts), foot, lang)


def _asked(ticket: Ticket, caller: CallerMasked | None, city: City, zone: ZoneInfo, say: Say, lang: str) -> tuple[tuple[str, str], ...]:
    shown = (
        f"{caller.name or say('未留姓名')} {caller.phone}"
        if caller
        else say("来电人要求保密")
        if ticket.hides_identity
        else say("仅在办理期间可以查看")
        if ticket.caller
        else say("匿名")
    )
    place = " · ".join(p for p in (city.region_in(ticket.region, lang).text, ticket.place) if p)
    kind = f"{say(words.KINDS[ticket.kind])} · {say(words.URGENCIES[ticket.urgency])}"
    facts = [
        (say("标题"), ticket.title),
        (say("地点"), place),
        (say("事项"), city.matter_in(ticket.matter, lang).text),
        (say("类型"), kind),
        (say("登记"), f"{_at(ticket.created_at, zone)} · {say(words.CHANNELS.get(ticket.channel, ticket.channel))}"),
        (say("来电人"), shown),
    ]
    return tuple((label, value) for label, value in facts if value)


def _handled(seen: Seen, city: City, zone: ZoneInfo, say: Say, lang: str) -> tuple[tuple[str, str], ...]:
    ticket = seen.ticket
    live = sorted((o for o in seen.orders if o.ended_at is None), key=lambda o: list(OrderRole).index(o.role))
    orders = [(say(words.ORDER_ROLES[o.role]), city.unit_in(o.unit, lang).text) for o in live]
    limits = (
        ("签收时限", ticket.sign_due, ticket.signed_at),
        ("联系时限", ticket.contact_due, ticket.contacted_at),
        ("答复时限", ticket.answer_due, ticket.replied_at),
    )
    owed = [(say(label), _kept(due, met, zone, say)) for label, due, met in limits if due]
    facts = [(say("状态"), say(words.STATES[ticket.state])), *orders, (say("依据"), ticket.basis), *owed]
    return tuple((label, value) for label, value in facts if value)


def _kept(due: datetime, met: datetime | None, zone: ZoneInfo, say: Say) -> str:
    return f"{_at(due, zone)} · {say('{at} 完成', at=_at(met, zone))}" if met else _at(due, zone)


def _step(row: HistoryRow, city: City, zone: ZoneInfo, say: Say, lang: str) -> tuple[str, str]:
    what = say(words.ACTIONS[row.action]) if row.action in words.ACTIONS else row.action
    role = next((say(name) for known, name in words.ROLES.items() if known == row.role), row.role)
    who = " · ".join(p for p in (role, city.unit_in(row.unit or None, lang).text) if p)
    said = _rated(row, say)
    return _at(row.at, zone), "\n".join(p for p in (f"{what}（{who}）" if who else what, row.note, *said) if p)


def _rated(row: HistoryRow, say: Say) -> tuple[str, ...]:
    rating = changes.rated(row)
    if rating is None:
        return ()
    scores = say("市民评价：响应 {a}、解决 {b}、态度 {c}（5 分最好）", a=rating.response, b=rating.solution, c=rating.attitude)
    return scores, rating.words


def _at(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


# -- The PDF -----------------------------------------------------------------------------------------------------


class _Pages(FPDF):
    """A4 pages with the number of the ticket and of the page at their foot."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__(format="A4")
        self.sheet = sheet
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_auto_page_break(True, margin=MARGIN + 8)
        self.add_font(FONT, "", _font())
        self.set_title(f"{sheet.heading} {sheet.number}")
        self.set_creator("Yixian")
        self.set_lang("zh-CN" if sheet.lang == CHINESE else sheet.lang)

    def footer(self) -> None:
        """At the foot of every page."""
        self.set_y(-MARGIN - 2)
        self.set_font(FONT, size=8)
        self.set_text_color(90)
        self.cell(0, 4, self.sheet.foot, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.cell(0, 4, f"{self.sheet.number} · {self.page_no()}/{{nb}}", align="R")
        self.set_text_color(0)


@cache
def _font() -> str:
    return str(pylopdf_fonts_zh_cn.sans_path())


def pdf(sheet: Sheet, at: datetime) -> bytes:
    """The sheet as a PDF. `at`: when it is made, written into it. Takes a third of a second: call it off the event loop."""
    pages = _Pages(sheet)
    pages.set_creation_date(at)
    pages.add_page()
    _line(pages, sheet.city, 10, 90)
    _line(pages, f"{sheet.heading}  {sheet.number}", 18, 0)
    for part in sheet.parts:
        _part(pages, part)
    return bytes(pages.output())


def _line(pages: Any, text: str, size: float, grey: int) -> None:
    pages.set_font(FONT, size=size)
    pages.set_text_color(grey)
    pages.multi_cell(0, size * 0.55, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pages.set_text_color(0)


def _part(pages: Any, part: Part) -> None:
    pages.ln(4)
    if pages.will_page_break(4 * LINE):
        pages.add_page()
    _line(pages, part.title, 12, 0)
    pages.set_draw_color(180)
    pages.line(MARGIN, pages.get_y() + 1, pages.w - MARGIN, pages.get_y() + 1)
    pages.ln(3)
    pages.set_font(FONT, size=10)
    for label, value in part.facts:
        _fact(pages, label, value)
    if part.words:
        pages.multi_cell(0, LINE, part.words, align="L", wrapmode="CHAR", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _fact(pages: Any, label: str, value: str) -> None:
    if pages.will_page_break(LINE):
        pages.add_page()
        pages.set_font(FONT, size=10)
    pages.set_text_color(90)
    pages.cell(LABEL, LINE, label)
    pages.set_text_color(0)
    pages.multi_cell(0, LINE, value, align="L", wrapmode="CHAR", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
