"""What leaves the desks: a ticket on paper or as a PDF, a list as a file. Each time is in the audit."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from yixian.db.pool import Transaction
from yixian.people import audit, callers, sessions
from yixian.people.guards import needs
from yixian.people.model import HOTLINE_ROLES, UNIT_ROLES, Role
from yixian.tickets import above, clearing, paper, service, sheets, unit_desk
from yixian.tickets.desks import HERE, Here, zone_of
from yixian.tickets.model import Filters
from yixian.tickets.paper import Sheet
from yixian.tickets.sheets import Form
from yixian.tickets.supervising import narrowing
from yixian.tickets.unit_desk import Narrowed
from yixian.web.given import named, uuid_of
from yixian.web.problems import usual
from yixian.web.render import language, page, translator

STAFF: Final = tuple(HOTLINE_ROLES | UNIT_ROLES)
EXPORTING: Final = tuple(HOTLINE_ROLES - {Role.OPERATOR, Role.CALL_BACK})

MOST_ROWS: Final = 50_000
"""Of one export."""

IN_MEMORY: Final = 4 * 1024 * 1024
"""Bytes of an Excel file that are kept in memory while it is sent; more lies in a temporary file."""

CHUNK: Final = 64 * 1024


@get("/desk/ticket/{number:str}/print", include_in_schema=False, dependencies=HERE, guards=[needs(*STAFF)])
async def print_ticket(here: NamedDependency[Here], number: FromPath[str]) -> Response[Any]:
    """The ticket as a page for paper."""
    sheet = await _sheet(here, number)
    return page(here.request, "tickets/print.html", session=here.session, sheet=sheet, number=number)


async def pdf_of(here: Here, number: str) -> Response[bytes]:
    """The ticket as a PDF; `ticket_page` calls it for an address that ends in `.pdf`."""
    sheet = await _sheet(here, number, as_pdf=True)
    body = await asyncio.to_thread(paper.pdf, sheet, here.now)
    headers = {"Content-Disposition": f'inline; filename="{sheet.number}.pdf"', "Cache-Control": "no-store"}
    return Response(body, media_type="application/pdf", headers=headers)


async def _sheet(here: Here, number: str, *, as_pdf: bool = False) -> Sheet:
    actor = here.session.actor
    async with here.db.transaction(actor.acting) as tx:
        seen = await service.see(tx, actor, number, here.city, here.now)
        rows = await service.time_line(tx, seen.ticket)
        caller = seen.ticket.caller
        known = await callers.masked(tx, here.vault, [caller]) if caller else {}
        await audit.record(
            tx, actor.id, "ticket.pdf" if as_pdf else "ticket.print", here.now, subject=number, address=sessions.address(here.request)
        )
    lang = language(here.request)
    return paper.sheet_of(seen, rows, known.get(caller) if caller else None, here.city, actor.name, here.now, translator(lang), lang)


# -- Lists as files ----------------------------------------------------------------------------------------------


@get("/desk/unit/export/{form:str}", include_in_schema=False, dependencies=HERE, guards=[needs(*UNIT_ROLES)])
async def export_unit_list(
    here: NamedDependency[Here],
    form: FromPath[str],
    tab: FromQuery[str] = "",
    light: FromQuery[str] = "",
    urgency: FromQuery[str] = "",
    matter: FromQuery[str] = "",
    region: FromQuery[str] = "",
    campaign: FromQuery[str] = "",
    q: FromQuery[str] = "",
) -> Stream:
    """The list of the units' desk that is open, with its filters."""
    open_tab = unit_desk.tab_of(tab, waits_for_check=False)
    if open_tab.key == "returned":
        raise usual(404)
    by = Narrowed(light, urgency, matter, region, campaign, q)
    if any(one.unclear for one in unit_desk.meant(by, here.city).values()):
        raise clearing.problem(unit_desk.meant(by, here.city))
    filters = unit_desk.listed(here.session.actor, open_tab, by, here.city)
    return await _export(here, named(Form, form), filters, {"tab": open_tab.key, **by.asked()})


@get("/desk/tickets/export/{form:str}", include_in_schema=False, dependencies=HERE, guards=[needs(*EXPORTING)])
async def export_list(here: NamedDependency[Here], form: FromPath[str]) -> Stream:
    """The hotline's list that is open, with its filters."""
    by = narrowing.of(here.request.query_params, here.city)
    if not narrowing.clear(by, here.city):
        raise clearing.problem(narrowing.fields(by.asked(), here.city))
    group = uuid_of(by.group)
    async with here.db.transaction(here.session.actor.acting) as tx:
        grouped = await above.grouped(here.request, tx, group) if group else None
    return await _export(here, named(Form, form), narrowing.filters(by, here.city, grouped, here.now), by.asked())


async def _export(here: Here, form: Form, filters: Filters, asked: dict[str, str]) -> Stream:
    """Writes down who takes what, then sends it. The row stands before the first byte: who breaks off has had some of it."""
    actor = here.session.actor
    async with here.db.transaction(actor.acting) as tx:
        body = {"form": form, "asked": asked, "most": MOST_ROWS}
        await audit.record(tx, actor.id, "tickets.export", here.now, subject=form, body=body, address=sessions.address(here.request))
    say = translator(language(here.request))
    sent = _csv(here, filters, say) if form is Form.CSV else await _xlsx(here, filters, say)
    day = here.now.astimezone(zone_of(here.city))
    headers = {"Content-Disposition": f'attachment; filename="tickets-{day:%Y%m%d-%H%M}.{form}"', "Cache-Control": "no-store"}
    return Stream(sent, media_type=sheets.MEDIA_TYPES[form], headers=headers)


async def _stretches(tx: Transaction, here: Here, filters: Filters, say: sheets.Say) -> AsyncIterator[list[list[str]]]:
    async for lines in service.walk(tx, here.session.actor, filters, MOST_ROWS, here.now):
        yield [sheets.row(line, here.city, say) for line in lines]


async def _csv(here: Here, filters: Filters, say: sheets.Say) -> AsyncIterator[bytes]:
    yield sheets.csv_head(say)
    async with here.db.transaction(here.session.actor.acting) as tx:
        async for rows in _stretches(tx, here, filters, say):
            yield sheets.csv_rows(rows)


async def _xlsx(here: Here, filters: Filters, say: sheets.Say) -> AsyncIterator[bytes]:
    rows: list[list[str]] = []
    async with here.db.transaction(here.session.actor.acting) as tx:
        async for stretch in _stretches(tx, here, filters, say):
            rows += stretch
    file: Any = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 -- closed when the last piece is sent
    await asyncio.to_thread(sheets.xlsx, file, rows, say)
    return _pieces(file)


async def _pieces(file: Any) -> AsyncIterator[bytes]:
    try:
        while piece := file.read(CHUNK):
            yield piece
    finally:
        file.close()


routes = (print_ticket, export_unit_list, export_list)
