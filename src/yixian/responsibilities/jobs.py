"""What happens to the list without anybody doing it: silence is noted, old files are forgotten, rulings and corrections become drafts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec
import structlog

from yixian.city import service as cities
from yixian.city.inforce import City, compile_city
from yixian.city.model import Audience, Responsibility
from yixian.city.responsibility import Assignment, conditions, holds_on
from yixian.db import outbox
from yixian.db.jobs import Job, Kind
from yixian.db.outbox import Consumer, Event
from yixian.db.pool import SYSTEM, Database, Transaction
from yixian.people.model import SYSTEM_ACTOR
from yixian.people.refusals import Invalid
from yixian.responsibilities import importing, service
from yixian.responsibilities.model import Source, Wanted

FILES_KEPT: Final = timedelta(days=7)
MARKED_AT_ONCE: Final = 200

log = structlog.get_logger("yixian.responsibilities")


def kinds() -> Mapping[str, Kind]:
    """The periodic work of this room, by name."""
    return {
        "list.silence": Kind(silence, every=timedelta(minutes=5)),
        "list.forget": Kind(forget, every=timedelta(days=1)),
    }


def consumers() -> Mapping[str, tuple[Consumer, ...]]:
    """Who in this room acts on which events."""
    return {"dispute.ruled": (propose_rulings,), "correction.repeated": (propose_corrections,)}


async def silence(database: Database, job: Job, now: datetime) -> None:
    """Notes the units that said nothing by the due date, and tells that the review is over."""
    while True:
        async with database.transaction(SYSTEM) as tx:
            told = await service.mark_silent(tx, now, MARKED_AT_ONCE)
            if told:
                await outbox.put(tx, *told)
        if told:
            database.wake()
        if len(told) < MARKED_AT_ONCE:
            return


async def forget(database: Database, job: Job, now: datetime) -> None:
    """Forgets files that nobody confirmed within a week."""
    async with database.transaction(SYSTEM) as tx:
        await importing.forget_files(tx, now - FILES_KEPT)


async def propose_rulings(tx: Transaction, events: tuple[Event, ...]) -> None:
    """Makes a draft of each ruling that says who leads: an editor looks at it before units are asked. Safe to do twice."""
    known = await service.known_sources(tx, Source.RULING, [_reference(event) for event in events])
    fresh = {_reference(event): event for event in events if _reference(event) not in known}
    if not fresh:
        return
    city = compile_city(await cities.current(tx))
    for reference, event in fresh.items():
        wanted = from_ruling(city, event.body, reference, service.today(city, event.at))
        try:
            if wanted is not None:
                await service.propose(tx, SYSTEM_ACTOR, [wanted], city, event.at, draft=True)
        except (Invalid, service.Refused) as refused:
            # The list says so already, or the ruling names what it cannot hold: the ruling itself stands all the same.
            log.info("a ruling makes no proposal", ticket=reference, why=str(refused))


async def propose_corrections(tx: Transaction, events: tuple[Event, ...]) -> None:
    """Makes a draft of what people put right again and again, once for each matter, place and unit. Safe to do twice."""
    fresh = {_wish(event): event for event in events}
    for known in await service.known_sources(tx, Source.CORRECTION, list(fresh)):
        del fresh[known]
    if not fresh:
        return
    city = compile_city(await cities.current(tx))
    for reference, event in fresh.items():
        wanted = from_corrections(city, event.body, reference, service.today(city, event.at))
        try:
            if wanted is not None:
                await service.propose(tx, SYSTEM_ACTOR, [wanted], city, event.at, draft=True)
        except (Invalid, service.Refused) as refused:
            log.info("corrections make no proposal", wish=reference, why=str(refused))


def _wish(event: Event) -> str:
    return f"{event.body['matter']}@{event.body['region']}>{event.body['unit']}"


def from_corrections(city: City, body: Mapping[str, Any], reference: str, on: date) -> Wanted | None:
    """The change of the list that repeated corrections suggest; None when the list gives the matter to that unit there already.

    `body`: `matter`, `region`, `unit`, `basis`, `numbers` (the tickets, newest first), `count`.
    """
    matter, region, unit = (str(body[name]) for name in ("matter", "region", "unit"))
    if matter not in city.matters or region not in city.regions or unit not in city.units:
        return None
    found = city.register.resolve(matter, region, Audience.PERSON, False, "", on)
    if isinstance(found, Assignment) and found.lead == unit:
        return None
    evidence = "、".join(str(number) for number in body["numbers"])
    reason = f"90 天内 {body['count']} 件工单在派单后更正到该单位：{evidence}"
    return _changed(city, matter, (region,), unit, (), str(body["basis"] or "") or reason, reason, Source.CORRECTION, reference, on)


def from_ruling(city: City, body: Mapping[str, Any], reference: str, on: date) -> Wanted | None:
    """The change of the list that a ruling on one ticket suggests: its unit leads for this matter at this place.

    An entry for exactly this place without conditions is changed; else a new one is suggested. A ruling says who leads: co-units and
    hint stay as the list has them there, unless it names co-units of its own. None when the ruling names no matter or no lead, or
    confirms what the list says. `body`: `matter`, `region`, `audience`, `lead`, `co`, `basis`.
    """
    matter, lead, region = (str(body.get(name) or "") for name in ("matter", "lead", "region"))
    if not matter or not lead:
        return None
    co = tuple(str(unit) for unit in body.get("co") or ())
    audience = Audience(body.get("audience") or Audience.PERSON)
    found = city.register.resolve(matter, region or None, audience, False, "", on)
    stands = found if isinstance(found, Assignment) else None
    if stands and stands.lead == lead and set(co) <= set(stands.co):
        return None
    kept = next((e for e in city.pack.responsibilities if stands and e.code == stands.entry), None)
    written = co or tuple(unit for unit in (kept.co if kept else ()) if unit != lead)
    reason = f"工单 {reference} 的裁定"
    wanted = _changed(
        city, matter, (region,) if region else (), lead, written, str(body.get("basis") or ""), reason, Source.RULING, reference, on
    )
    entry = msgspec.structs.replace(wanted.entry, note=kept.note) if kept and wanted.entry else wanted.entry
    return msgspec.structs.replace(wanted, entry=entry)


def _changed(
    city: City, matter: str, places: tuple[str, ...], lead: str, co: tuple[str, ...], basis: str, reason: str,
    source: Source, reference: str, on: date,
) -> Wanted:  # fmt: skip
    """The entry for exactly these places without conditions, changed; a new one where there is none."""
    fitting = [e for e in city.pack.responsibilities if e.matter == matter and set(e.places) == set(places) and not conditions(e)]
    code = next((entry.code for entry in fitting if holds_on(entry, on)), "")
    entry = Responsibility(code=code, matter=matter, lead=lead, basis=basis, valid_from=on, places=places, co=co)
    return Wanted(code, entry, on, reason, source, reference)


def _reference(event: Event) -> str:
    return str(event.body.get("number") or event.subject)
