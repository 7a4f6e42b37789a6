"""From a proposal to a list in force: who is asked, what silence means, who may approve, and what is refused."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from uuid import UUID

import asyncpg
import msgspec
import pytest
from tests.responsibilities.conftest import SOON, TODAY, Office, entry

from yixian.city.model import Audience, Responsibility
from yixian.db.outbox import Event
from yixian.db.pool import SYSTEM
from yixian.people.model import Role
from yixian.people.refusals import Invalid
from yixian.responsibilities import jobs, review, service
from yixian.responsibilities.model import Answer, Source, Stand, State, Step


async def agreed(office: Office, code: str, after: Responsibility | None, *units: str, since: date = SOON):
    """A proposal to which these units have agreed."""
    proposal = await office.proposes(code, after, since)
    for unit in units:
        await office.answers(office.chief(unit), proposal)
    return proposal


async def test_an_approved_change_holds_from_its_day_and_not_before(office: Office) -> None:
    proposal = await agreed(office, "ST-1", entry(office.city, "ST-1", lead="pa.harbour"), "pa.roads", "pa.harbour")
    [approved] = await office.approves(office.other_editor, proposal)
    assert (approved.state, approved.since) == (State.APPROVED, SOON)
    assert await office.versions("ST-1") == [("pa.roads", date(2024, 1, 1), date(2026, 11, 30)), ("pa.harbour", SOON, None)]
    register = (await office.in_force()).register

    def leads(on: date) -> object:
        return register.resolve("ST0201", "PA-N-1", Audience.PERSON, False, "", on).lead  # type: ignore[union-attr]

    assert (leads(date(2026, 11, 30)), leads(SOON)) == ("pa.roads", "pa.harbour")


async def test_lead_and_co_units_before_and_after_are_asked(office: Office) -> None:
    changed = entry(office.city, "ST0101-1", lead="@district.noise", co=("pa.waste",))
    seen = await office.sees(office.editor, await office.proposes("ST0101-1", changed))
    # Before: the harbour and roads, and @street in Harbourside, for whose streets the district answers. After: its noise team, and waste.
    assert set(seen.stands) == {"pa.harbour", "pa.roads", "PA-H", "PA-H.noise", "pa.waste"}
    everywhere = await office.sees(office.editor, await office.proposes("NS-1", entry(office.city, "NS-1", note="Every noise team")))
    assert set(everywhere.stands) == {"PA-N.noise", "PA-S.noise", "PA-H.noise"}


async def test_nothing_is_approved_while_a_unit_still_has_time(office: Office) -> None:
    proposal = await office.proposes("ST-1", entry(office.city, "ST-1", lead="pa.harbour"))
    await office.answers(office.chief("pa.roads"), proposal)
    with pytest.raises(service.Refused, match="还有 1 个单位未答复"):
        await office.approves(office.other_editor, proposal)
    # Five working days after Monday 16 November end with the hours of Monday the 23rd: 17:00 in London.
    seen = await office.sees(office.editor, proposal)
    assert seen.proposal.due is not None and seen.proposal.due.isoformat() == "2026-11-23T17:00:00+00:00"
    office.passes(days=7, hours=7, minutes=1)
    assert (await office.sees(office.editor, proposal)).stands == {"pa.roads": Stand.AGREED, "pa.harbour": Stand.SILENT}
    await office.approves(office.other_editor, proposal)


async def test_silence_is_noted_once_and_told(office: Office) -> None:
    proposal = await office.proposes("ST-1", entry(office.city, "ST-1", lead="pa.harbour"))
    await office.answers(office.chief("pa.roads"), proposal)
    job = jobs.Job(proposal, "list.silence", {}, 1)
    await jobs.silence(office.db, job, office.now)
    office.passes(days=8)
    for _ in range(2):
        await jobs.silence(office.db, job, office.now)
    [told] = await office.owner.fetch("SELECT body FROM event WHERE kind = 'list.review_over'")
    assert msgspec.json.decode(told["body"])["silent"] == ["pa.harbour"]
    steps = (await office.sees(office.editor, proposal)).steps
    assert [s.step for s in steps] == ["propose", "answer", "silent"]
    assert steps[-1].detail == {"units": ["pa.harbour"]}
    with pytest.raises(service.Refused, match="答复期限已过"):
        await office.answers(office.chief("pa.harbour"), proposal, Answer.OBJECT, "No", "Order 1")
    await office.approves(office.other_editor, proposal)


async def test_over_an_objection_only_with_a_reason(office: Office) -> None:
    proposal = await office.proposes("BN-1", entry(office.city, "BN-1", lead="pa.roads"))
    with pytest.raises(Invalid, match="请写明依据"):
        await office.answers(office.chief("pa.roads"), proposal, Answer.OBJECT, "No lorries")
    await office.answers(office.chief("pa.roads"), proposal, Answer.OBJECT, "No lorries", "Roads Order 3")
    await office.answers(office.chief("pa.waste"), proposal)
    with pytest.raises(service.Refused, match="有单位不同意"):
        await office.approves(office.supervisor, proposal)
    [approved] = await office.approves(office.supervisor, proposal, note="The council decided so on 3 November")
    seen = await office.sees(office.supervisor, approved.id)
    assert seen.steps[-1].detail["stands"] == {"pa.roads": "objected", "pa.waste": "agreed"}
    assert [s.note for s in seen.steps if s.step == "answer"] == ["No lorries", ""], "what was said stays"


async def test_neither_who_proposed_nor_who_sent_approves(office: Office) -> None:
    proposal = await agreed(office, "BN-1", entry(office.city, "BN-1", lead="pa.roads"), "pa.roads", "pa.waste")
    with pytest.raises(service.Refused, match="须由另一位"):
        await office.approves(office.editor, proposal)
    for role in (Role.DISPATCHER, Role.ANALYST, Role.OPERATOR):
        with pytest.raises(service.Refused, match="您的角色"):
            await office.approves(office.staff("pa.contact", role), proposal)
    with pytest.raises(asyncpg.CheckViolationError):
        await office.owner.execute(
            "UPDATE proposal SET state = 'approved', decided_by = proposed_by, decided_at = now(), load_id = 1 WHERE id = $1", proposal
        )


async def test_two_equal_owners_are_refused_and_both_are_named(office: Office) -> None:
    rival = entry(office.city, "ST0101-1", code="", lead="pa.roads", co=())
    proposal = await agreed(office, "", rival, "pa.roads")
    seen = await office.sees(office.editor, proposal)
    assert seen.proposal.code == "ST0101-3"
    with pytest.raises(service.Refused) as refused:
        await office.approves(office.other_editor, proposal)
    assert "“ST0101-1”（Harbour Master）和“ST0101-3”（Roads and Lighting）同样适用于“Street light out”" in str(refused.value)
    assert refused.value.sentences == seen.kept_from, "the page says beforehand what would be refused"
    assert await office.versions("ST0101-3") == []


async def test_a_matter_is_not_left_without_anybody(office: Office) -> None:
    proposal = await agreed(office, "HB-1", None, "pa.harbour")
    with pytest.raises(service.Refused) as refused:
        await office.approves(office.other_editor, proposal)
    assert {s.split("没有")[0] for s in refused.value.sentences} == {
        "自 2026-12-01 起“Mooring permits”", "自 2026-12-01 起“Oil on the water”",
    }  # fmt: skip
    # With another entry in the same decision it goes through: they are checked together.
    instead = Responsibility("", "HB", "pa.contact", "Harbour Bylaw 2", SOON)
    office.passes(seconds=1)
    other = await agreed(office, "", instead, "pa.contact")
    await office.approves(office.other_editor, proposal, other)
    assert await office.versions("HB-1") == [("pa.harbour", date(2024, 1, 1), date(2026, 11, 30))]
    assert await office.versions("HB-2") == [("pa.contact", SOON, None)]


async def test_a_last_day_that_leaves_a_gap_is_refused(office: Office) -> None:
    ending = entry(office.city, "HB-1", valid_to=date(2026, 12, 31))
    proposal = await agreed(office, "HB-1", ending, "pa.harbour")
    with pytest.raises(service.Refused, match="自 2027-01-01 起“Mooring permits”没有主办单位"):
        await office.approves(office.other_editor, proposal)


async def test_approved_late_it_holds_from_the_day_of_approval(office: Office) -> None:
    proposal = await office.proposes("BN-1", entry(office.city, "BN-1", lead="pa.roads"), TODAY)
    office.passes(days=10)
    [approved] = await office.approves(office.other_editor, proposal)
    assert approved.since == date(2026, 11, 26)
    assert (await office.versions("BN-1"))[1] == ("pa.roads", date(2026, 11, 26), None)


async def test_the_day_is_the_citys_own(office: Office) -> None:
    office.passes(hours=13, minutes=59)  # 23:59 in London
    with pytest.raises(Invalid, match="不能早于今天"):
        await office.proposes("BN-1", entry(office.city, "BN-1", lead="pa.roads"), date(2026, 11, 15))
    await office.proposes("BN-1", entry(office.city, "BN-1", lead="pa.roads"), TODAY)


async def test_what_was_proposed_for_another_text_is_not_approved(office: Office) -> None:
    one = await agreed(office, "BN-1", entry(office.city, "BN-1", lead="pa.roads"), "pa.roads", "pa.waste")
    other = await agreed(office, "BN-1", entry(office.city, "BN-1", lead="pa.harbour"), "pa.harbour", "pa.waste")
    with pytest.raises(service.Refused, match="不止一条建议"):
        await office.approves(office.other_editor, one, other)
    await office.approves(office.other_editor, one)
    with pytest.raises(service.Refused, match="“BN-1”在提出建议后已经改动"):
        await office.approves(office.other_editor, other)


async def test_two_who_decide_at_once_do_so_once(office: Office) -> None:
    proposal = await agreed(office, "BN-1", entry(office.city, "BN-1", lead="pa.roads"), "pa.roads", "pa.waste")
    results = await asyncio.gather(
        *(office.approves(who, proposal) for who in (office.other_editor, office.supervisor)), return_exceptions=True
    )
    refused = [r for r in results if isinstance(r, service.Refused)]
    assert [str(r) for r in refused] == ["这条建议已经批准，不能再改动；如要调整，请提出新的建议。"]
    assert await office.owner.fetchval("SELECT count(*) FROM amendment") == 1


async def test_two_equal_owners_approved_at_once_cannot_both_come_in(office: Office) -> None:
    """Each alone would be right: the second sees what the first made of the list."""
    rivals = []
    for lead in ("pa.roads", "pa.waste"):
        rivals.append(await agreed(office, "", Responsibility("", "HB02", lead, "Bylaw 9", SOON), lead))
        office.passes(seconds=1)
    results = await asyncio.gather(*(office.approves(office.other_editor, p) for p in rivals), return_exceptions=True)
    [refused] = [r for r in results if isinstance(r, Exception)]
    assert isinstance(refused, service.Refused) and "同样适用于“Oil on the water”" in str(refused)


async def test_who_looked_at_an_older_version_is_told(office: Office) -> None:
    proposal = await office.proposes("BN-1", entry(office.city, "BN-1", lead="pa.roads"))
    await office.answers(office.chief("pa.roads"), proposal)
    async with office.db.transaction(review.acting(office.other_editor)) as tx:
        with pytest.raises(service.Overtaken):
            await service.refuse(tx, office.other_editor, proposal, "No", office.now, 1)


async def test_refused_and_withdrawn_ones_stay_so(office: Office) -> None:
    one, other = [await office.proposes("BN-1", entry(office.city, "BN-1", lead=lead)) for lead in ("pa.roads", "pa.harbour")]
    async with office.db.transaction(review.acting(office.other_editor)) as tx:
        with pytest.raises(service.Refused, match="否决的理由"):
            await service.refuse(tx, office.other_editor, one, " ", office.now)
        await service.refuse(tx, office.other_editor, one, "Not this year", office.now)
        await service.withdraw(tx, office.editor, other, "", office.now)
    office.passes(days=10)
    for proposal, said in ((one, "已被否决"), (other, "已经撤回")):
        with pytest.raises(service.Refused, match=said):
            await office.approves(office.other_editor, proposal)


async def test_every_change_of_an_entry_is_kept_and_cannot_be_rewritten(office: Office) -> None:
    await office.approves(
        office.other_editor, await agreed(office, "BN-1", entry(office.city, "BN-1", lead="pa.roads"), "pa.roads", "pa.waste")
    )
    office.passes(days=1)
    await office.loads(office.city.pack)
    async with office.db.transaction(SYSTEM) as tx:
        seen = await service.entry(tx, "BN-1", office.now)
    changes = [(c.actor, c.before and c.before.lead, c.after and c.after.lead, c.since) for c in seen.history]
    assert changes == [("system", None, "pa.waste", None), (office.other_editor.id, "pa.waste", "pa.roads", SOON)]
    for table in ("amendment", "proposal_step", "city_change"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await office.owner.execute(f"DELETE FROM {table}")


async def test_a_pack_loaded_again_undoes_no_approval_and_says_so(office: Office) -> None:
    await office.approves(
        office.other_editor, await agreed(office, "BN-1", entry(office.city, "BN-1", lead="pa.roads"), "pa.roads", "pa.waste")
    )
    await office.approves(
        office.other_editor, await agreed(office, "", Responsibility("", "HB02", "pa.roads", "Bylaw 9", SOON), "pa.roads")
    )
    held = [await office.versions(code) for code in ("BN-1", "HB02-1")]
    again = await office.loads(office.city.pack)
    assert again.load is None
    assert [(k.code, k.now_changed) for k in again.kept] == [("BN-1", False), ("HB02-1", False)]
    entries = [entry(office.city, e.code, lead="pa.harbour") if e.code == "BN-1" else e for e in office.city.pack.responsibilities]
    rival = Responsibility("HB02-9", "HB02", "pa.harbour", "Bylaw 1", date(2024, 1, 1))
    changed = await office.loads(msgspec.structs.replace(office.city.pack, responsibilities=(*entries, rival)))
    assert [(k.code, k.pack and k.pack.lead, k.now_changed) for k in changed.kept] == [
        ("BN-1", "pa.harbour", True),
        ("HB02-1", None, False),
    ]
    assert changed.clashes == (("HB02-1", "HB02-9"),)
    # What the pack said before the change is the pack's to say; from the approved day on it is not.
    assert (await office.versions("BN-1"))[1] == held[0][1]
    assert await office.versions("HB02-1") == held[1]


async def test_a_ticket_may_rest_on_an_entry_that_only_the_list_has(office: Office) -> None:
    await office.approves(
        office.other_editor, await agreed(office, "", Responsibility("", "HB02", "pa.roads", "Bylaw 9", SOON), "pa.roads")
    )
    row = await office.owner.fetchrow("SELECT origin, retired_at FROM responsibility WHERE code = 'HB02-1'")
    assert tuple(row) == ("list", None)


async def test_a_unit_sees_and_answers_only_what_concerns_it(office: Office) -> None:
    proposal = await office.proposes("BN-1", entry(office.city, "BN-1", lead="pa.roads"))
    with pytest.raises(service.NotFound):
        await office.sees(office.chief("pa.harbour"), proposal)
    with pytest.raises(service.NotFound):
        await office.answers(office.chief("pa.harbour"), proposal)
    assert Step.ANSWER in (await office.sees(office.chief("pa.waste"), proposal)).offered
    assert (await office.sees(office.staff("pa.waste", Role.HANDLER), proposal)).offered == ()
    for statement in (
        "UPDATE proposal SET state = 'withdrawn' WHERE id = $1",
        "UPDATE proposal_unit SET answer = 'agree', answered_at = now() WHERE proposal = $1 AND unit = 'pa.roads' RETURNING 1",
    ):
        async with office.db.transaction(review.acting(office.chief("pa.waste"), Step.ANSWER)) as tx:
            try:
                assert await tx.fetchval(statement, proposal) is None
            except asyncpg.InsufficientPrivilegeError:
                continue
    assert await office.owner.fetchval("SELECT state FROM proposal") == "in_review"
    assert await office.owner.fetchval("SELECT count(*) FROM proposal_unit WHERE answer IS NOT NULL") == 0


async def test_a_unit_above_answers_for_those_below_it(office: Office) -> None:
    proposal = await office.proposes("NS-1", entry(office.city, "NS-1", note="All"))
    said = await office.answers(office.chief("PA-S"), proposal)
    assert said.version == 2
    assert (await office.sees(office.editor, proposal)).stands["PA-S.noise"] is Stand.AGREED


async def test_a_ruling_becomes_a_draft_once_and_waits_for_an_editor(office: Office) -> None:
    ruled = {"matter": "ST0101", "region": "PA-N-1", "lead": "pa.roads", "co": [], "basis": "Joint ruling 7", "number": "PA2611160001"}
    event = Event("dispute.ruled", UUID(int=7), ruled, office.now)
    for _ in range(2):
        async with office.db.transaction(SYSTEM) as tx:
            await jobs.propose_rulings(tx, (event,))
    [row] = await office.owner.fetch("SELECT id, code, kind, state, source, source_ref FROM proposal")
    assert tuple(row)[1:] == ("ST0101-2", "changed", "draft", "ruling", "PA2611160001"), "the entry for exactly this place is changed"
    with pytest.raises(service.NotFound):
        await office.sees(office.chief("pa.roads"), row["id"])
    async with office.db.transaction(review.acting(office.editor)) as tx:
        await service.send(tx, office.editor, row["id"], office.city, office.now)
    assert set((await office.sees(office.chief("pa.roads"), row["id"])).stands) == {"PA-N-1", "pa.roads"}
    office.passes(days=10)
    with pytest.raises(service.Refused, match="自己提出或送审"):
        await office.approves(office.editor, row["id"])
    await office.approves(office.other_editor, row["id"])


async def test_who_approves_is_told_what_an_entry_for_a_place_takes_from_those_with_conditions(office: Office) -> None:
    bins = entry(office.city, "BN01-1")
    near = msgspec.structs.replace(bins, code="", lead="pa.waste", co=(), who=None, places=("PA-N-1",))
    proposal = await office.proposes("", near)
    [said] = (await office.sees(office.editor, proposal)).warnings
    assert "BN01-1" in said
    office.passes(days=10)
    await office.approves(office.other_editor, proposal)
    register = (await office.in_force()).register
    leads = [getattr(register.resolve("BN01", at, Audience.FIRM, False, "", SOON), "lead", None) for at in ("PA-N-1", "PA-N-2")]
    assert leads == ["pa.waste", "pa.contact"], "the warning is true, and only there"
    same = await office.proposes("", msgspec.structs.replace(near, who=bins.who, places=("PA-N-2",)))
    assert (await office.sees(office.editor, same)).warnings == ()


async def test_a_ruling_that_says_what_the_list_says_makes_nothing(office: Office) -> None:
    ruled = {"matter": "BN", "region": None, "lead": "pa.waste", "co": [], "basis": "Waste Order 2", "number": "PA2611160002"}
    async with office.db.transaction(SYSTEM) as tx:
        await jobs.propose_rulings(tx, (Event("dispute.ruled", UUID(int=8), ruled, office.now),))
        unknown = ruled | {"lead": "pa.gone", "number": "PA2611160003"}
        await jobs.propose_rulings(tx, (Event("dispute.ruled", UUID(int=9), unknown, office.now),))
    assert await office.owner.fetchval("SELECT count(*) FROM proposal") == 0


async def test_a_ruling_that_confirms_the_list_makes_nothing_and_one_that_does_not_keeps_who_helps(office: Office) -> None:
    stands = entry(office.city, "ST0101-1")
    assert (stands.lead, stands.co) == ("pa.harbour", ("pa.roads", "@street")) and stands.note
    ruled = {"matter": "ST0101", "region": "PA-H", "audience": "person", "basis": "Joint ruling 9"}
    told = (
        {"lead": "pa.harbour", "co": [], "number": "PA2611160004"},
        {"lead": "pa.harbour", "co": ["pa.roads"], "number": "PA2611160005"},
        {"lead": "pa.roads", "co": [], "number": "PA2611160006"},
        {"lead": "pa.roads", "co": ["pa.waste"], "number": "PA2611160007"},
    )
    async with office.db.transaction(SYSTEM) as tx:
        await jobs.propose_rulings(tx, tuple(Event("dispute.ruled", UUID(int=n), ruled | one, office.now) for n, one in enumerate(told)))
    drafts = await office.owner.fetch("SELECT source_ref, code, after FROM proposal ORDER BY source_ref")
    found = [(d["source_ref"], d["code"], (after := json.loads(d["after"])).get("co", []), after.get("note")) for d in drafts]
    assert found == [("PA2611160006", "ST0101-1", ["@street"], stands.note), ("PA2611160007", "ST0101-1", ["pa.waste"], stands.note)]


async def test_a_list_of_proposals_costs_one_statement_whatever_its_length(office: Office) -> None:
    for n in range(12):
        await office.proposes("", Responsibility("", "HB02", "pa.roads", f"Bylaw {n}", SOON, words=(f"w{n}",)))
    sent: list[str] = []
    async with office.db.transaction(review.acting(office.editor)) as tx:
        tx.add_query_logger(lambda record: sent.append(record.query))
        found = await service.listing(tx, service.Filters(), 0, 10, office.now)
        rest = await service.listing(tx, service.Filters(), found.after, 10, office.now)
        await asyncio.sleep(0)
    asked = [query for query in sent if "FROM proposal p" in query]
    assert [len(found.proposals), len(rest.proposals), rest.after, len(asked), len(sent) - len(asked)] == [10, 2, 0, 2, 1], "and the BEGIN"
    assert all(len(p.units) == 1 and p.source is Source.HAND for p in found.proposals)
