"""What a fresh demo holds."""

from __future__ import annotations

from pathlib import Path

import msgspec

from yixian.city import pack
from yixian.city.inforce import compile_city
from yixian.city.model import RequestKind
from yixian.cli import demo, demo_answers
from yixian.db import bootstrap, pool
from yixian.people.model import Role
from yixian.settings import Settings
from yixian.tickets import answers, words
from yixian.tickets.hints import Case, Rule, hints

TINY = Path(__file__).parents[1] / "packs" / "tiny"


async def test_a_handler_finds_texts_to_begin_from_and_they_are_there_once(fresh: bootstrap.Addresses, home: Path) -> None:
    settings = msgspec.structs.replace(Settings(home=home), second_factor=False)
    assert len(await demo.fill(settings, fresh, TINY)) == len(demo.demo_staff(compile_city(pack.read(TINY))))
    assert await demo.fill(settings, fresh, TINY) == (), "a second start changes nothing"
    opened = await pool.connect(fresh.application, 2)
    try:
        async with opened.transaction(pool.Acting(pool.Scope.UNIT, "somebody", "pa/pa.roads/")) as tx:
            kept = await tx.fetch("SELECT title, changed_by FROM answer_template WHERE retired_at IS NULL")
        assert sorted(k["title"] for k in kept) == sorted(t.title for t in demo_answers.TEMPLATES)
        async with opened.transaction(pool.SYSTEM) as tx:
            editor = await tx.fetchval("SELECT id FROM staff WHERE $1 = ANY (roles)", Role.KNOWLEDGE_EDITOR.value)
        assert {k["changed_by"] for k in kept} == {str(editor)}
    finally:
        await opened.close()


def test_every_kind_has_one_that_can_be_used_and_reminds_of_its_blanks() -> None:
    city = compile_city(pack.read(TINY))
    for draft in demo_answers.TEMPLATES:
        assert answers.problems(draft, city) == ()
        assert Rule.BLANK in {hint.rule for hint in hints(draft.text, Case("路灯不亮"))}
        assert Rule.GREETING not in {hint.rule for hint in hints(draft.text, Case("路灯不亮"))}
    kinds = {draft.title.partition("：")[0] for draft in demo_answers.TEMPLATES}
    assert kinds == {words.KINDS[kind] for kind in RequestKind}
