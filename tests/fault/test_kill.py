"""Whoever was told "received" can rely on it, whatever dies."""

from __future__ import annotations

from pathlib import Path

from bench.bench_faults import Target, siege

TINY = Path(__file__).parents[1] / "packs" / "tiny"
BACK_WITHIN = 20.0
"""Seconds, on a machine that runs the whole test suite beside it."""


def test_nothing_acknowledged_is_lost_or_twice_when_anything_is_killed() -> None:
    found = siege(kills=4, rate=12, seed=5, folder=TINY, every=(0.5, 1.5))
    assert {kill.target for kill in found.kills} == set(Target)
    assert found.replay.longest_silence < BACK_WITHIN
    kept = found.replay.kept
    assert kept is not None and (kept.missing, kept.twice) == (0, 0)
    assert found.replay.sent == found.replay.acknowledged == kept.looked_at
    assert (found.lost_tickets, found.keys_without_contact, found.events_waiting) == (0, 0, 0)
    assert found.verify.sound
    assert found.verify.tickets >= found.replay.tickets
