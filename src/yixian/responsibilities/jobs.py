"""What happens to the list without anybody doing it: silence is noted, files that nobody confirmed are forgotten, rulings become drafts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

import structlog

from yixian.city import service as cities
from yixian.city.inforce import City, compile_city
from yixian.city.model import Responsibility
from yixian.city.responsibility import conditions, holds_on
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
    return {"dispute.ruled": (propose_rulings,)}


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


def from_ruling(city: City, body: Mapping[str, Any], reference: str, on: date) -> Wanted | None:
    """The change of the list that a ruling on one ticket suggests: its unit leads for this matter at this place.

    An entry for exactly this place without conditions is changed; else a new one is suggested. None when the ruling names no
    matter or no lead. `body`: `matter`, `region`, `lead`, `co`, `basis`.
    """
    matter, lead = str(body.get("matter") or ""), str(body.get("lead") or "")
    if not matter or not lead:
        return None
    places = (str(body["region"]),) if body.get("region") else ()
    fitting = [e for e in city.pack.responsibilities if e.matter == matter and set(e.places) == set(places) and not conditions(e)]
    code = next((entry.code for entry in fitting if holds_on(entry, on)), "")
    entry = Responsibility(
        code=code,
        matter=matter,
        lead=lead,
        basis=str(body.get("basis") or ""),
        valid_from=on,
        places=places,
        co=tuple(str(unit) for unit in body.get("co") or ()),
    )
    return Wanted(code, entry, on, f"工单 {reference} 的裁定", Source.RULING, reference)


def _reference(event: Event) -> str:
    return str(event.body.get("number") or event.subject)
