"""Every way of tampering with history shows, and is named."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.tickets.conftest import Town
from tests.tickets.test_jobs import run

from yixian.db.pool import SYSTEM
from yixian.tickets.model import Action, Ticket
from yixian.tickets.verify import Fault, Report, Wrong, verify


async def sealed_life(town: Town) -> tuple[Ticket, datetime]:
    """A ticket with four rows in the first hour, a second ticket, and an hour that is sealed over them."""
    hour = town.now
    ticket = await town.open("pa.roads")
    await town.open("pa.harbour")
    await town.does(town.handler("pa.roads"), ticket, Action.SIGN)
    ticket = await town.does(town.handler("pa.roads"), ticket, Action.CONTACT, note="Rang")
    town.passes(hours=3)
    await run(town, "tickets.seal")
    return ticket, hour


async def report(town: Town) -> Report:
    async with town.db.transaction(SYSTEM) as tx:
        return await verify(tx)


async def tamper(town: Town, *statements: str) -> None:
    """As the owner, with the triggers off: the most powerful intruder there is."""
    await town.owner.execute("SET session_replication_role = replica")
    for statement in statements:
        assert not (await town.owner.execute(statement)).endswith(" 0")
    await town.owner.execute("SET session_replication_role = DEFAULT")


async def test_what_nobody_touched_is_sound(town: Town) -> None:
    await sealed_life(town)
    heard: list[tuple[int, int]] = []
    async with town.db.transaction(SYSTEM) as tx:
        found = await verify(tx, lambda done, total: heard.append((done, total)))
    assert found == Report(2, 6, 2, ())
    assert found.sound
    assert heard[-1] == (8, 8)


async def test_the_owner_cannot_change_history_by_accident(town: Town) -> None:
    await sealed_life(town)
    for statement in ("UPDATE history SET note = ''", "DELETE FROM history", "TRUNCATE history", "DELETE FROM seal"):
        with pytest.raises(Exception, match="never changed"):
            await town.owner.execute(statement)


SIGN = "action = 'sign'"
CONTACT = "action = 'contact'"


@pytest.mark.parametrize(
    "change",
    [
        "note = 'Nothing to see'",
        "at = at + interval '1 microsecond'",
        "actor = 'somebody else'",
        "detail = '{\"x\": 1}'",
        "public = NOT public",
        "target = 'closed'",
        "previous = hash",
    ],
)
async def test_a_changed_row_shows(town: Town, change: str) -> None:
    ticket, _ = await sealed_life(town)
    await tamper(town, f"UPDATE history SET {change} WHERE {SIGN}")
    assert Fault(Wrong.ROW_CHANGED, ticket.number, 3) in (await report(town)).faults


async def test_a_row_rewritten_with_its_whole_chain_shows_in_the_seal(town: Town) -> None:
    ticket, hour = await sealed_life(town)
    await tamper(
        town,
        f"UPDATE history SET hash = decode(repeat('ab', 32), 'hex') WHERE {CONTACT}",
        f"UPDATE ticket SET head = decode(repeat('ab', 32), 'hex') WHERE number = '{ticket.number}'",
    )
    assert {f.wrong for f in (await report(town)).faults} == {Wrong.ROW_CHANGED, Wrong.HOUR_CHANGED}
    assert Fault(Wrong.HOUR_CHANGED, hour=hour) in (await report(town)).faults


async def test_a_removed_row_shows(town: Town) -> None:
    ticket, hour = await sealed_life(town)
    await tamper(town, f"DELETE FROM history WHERE {SIGN}")
    assert (await report(town)).faults == (Fault(Wrong.ROW_MISSING, ticket.number, 4), Fault(Wrong.HOUR_CHANGED, hour=hour))


async def test_a_row_cut_off_the_end_shows(town: Town) -> None:
    ticket, hour = await sealed_life(town)
    await tamper(town, f"DELETE FROM history WHERE {CONTACT}")
    assert (await report(town)).faults == (Fault(Wrong.TICKET_CHANGED, ticket.number, 3), Fault(Wrong.HOUR_CHANGED, hour=hour))


async def test_two_rows_that_changed_places_show(town: Town) -> None:
    ticket, _ = await sealed_life(town)
    await tamper(
        town,
        f"UPDATE history SET seq = 99 WHERE {SIGN}",
        f"UPDATE history SET seq = 3 WHERE {CONTACT}",
        f"UPDATE history SET seq = 4 WHERE {SIGN}",
    )
    assert {(f.wrong, f.ticket, f.seq) for f in (await report(town)).faults} >= {
        (Wrong.ROW_CHANGED, ticket.number, 3),
        (Wrong.ROW_CHANGED, ticket.number, 4),
    }


async def test_a_removed_ticket_shows(town: Town) -> None:
    ticket, _ = await sealed_life(town)
    await tamper(town, f"DELETE FROM unit_order WHERE ticket = '{ticket.id}'", f"DELETE FROM ticket WHERE id = '{ticket.id}'")
    assert (await report(town)).faults == (Fault(Wrong.TICKET_REMOVED, str(ticket.id)),)


async def test_a_ticket_removed_with_all_its_history_shows_in_the_seal(town: Town) -> None:
    ticket, hour = await sealed_life(town)
    await tamper(
        town,
        f"DELETE FROM unit_order WHERE ticket = '{ticket.id}'",
        f"DELETE FROM ticket WHERE id = '{ticket.id}'",
        f"DELETE FROM history WHERE ticket = '{ticket.id}'",
    )
    assert (await report(town)).faults == (Fault(Wrong.HOUR_CHANGED, hour=hour),)


async def test_a_ticket_whose_history_was_removed_shows(town: Town) -> None:
    ticket, _ = await sealed_life(town)
    await tamper(town, f"DELETE FROM history WHERE ticket = '{ticket.id}'")
    assert Fault(Wrong.HISTORY_REMOVED, ticket.number) in (await report(town)).faults


async def test_a_changed_or_removed_seal_shows(town: Town) -> None:
    _, hour = await sealed_life(town)
    await tamper(town, "UPDATE seal SET root = decode(repeat('ab', 32), 'hex') WHERE rows > 0")
    assert {(f.wrong, f.hour) for f in (await report(town)).faults} >= {(Wrong.HOUR_CHANGED, hour)}
    await tamper(town, "DELETE FROM seal WHERE rows > 0")
    assert {f.wrong for f in (await report(town)).faults} == {Wrong.SEAL_CHANGED, Wrong.HOUR_CHANGED} or {
        f.wrong for f in (await report(town)).faults
    } == {Wrong.SEAL_CHANGED}
