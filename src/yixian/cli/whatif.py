"""`yixian dispatch what-if` and `gaps`: what a change would move, and what the list leaves open."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import Progress, TaskID
from rich.table import Table

from yixian.app import clock
from yixian.city import pack as packs
from yixian.city import service as cities
from yixian.city.inforce import City, compile_city
from yixian.city.model import Pack
from yixian.city.tables import Severity
from yixian.cli.common import Json, err, out, print_json, progress, refused, with_database
from yixian.cli.dispatch import app
from yixian.db.ids import first_id
from yixian.db.pool import SYSTEM, Database
from yixian.language.service import compile_reader
from yixian.learning import gaps as open_gaps
from yixian.learning import service, training, whatif
from yixian.learning.service import Learned
from yixian.learning.whatif import Effect, Side
from yixian.responsibilities import files
from yixian.settings import Settings
from yixian.tickets import service as tickets

SINCE: timedelta = timedelta(days=90)
PAIRS_SHOWN = 25


class Unusable(Exception):
    """What was asked for cannot be replayed; the sentence says what to mend."""


class Asked(msgspec.Struct, frozen=True):
    """What is to be compared with what holds."""

    model: int | None
    list: Path | None
    pack: Path | None
    since: datetime
    on: date | None
    limit: int


class Compared(msgspec.Struct, frozen=True):
    """The two sides, and what tells this comparison from another."""

    before: Side
    after: Side
    on: date
    learned_from: frozenset[service.UUID]
    key: str


Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Tickets from this day on; without it, of the last 90 days.")]
On = Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="The day whose list is asked; without it, today.")]
ModelOption = Annotated[int | None, typer.Option("--model", help="This model instead of what is live; 0: the city pack alone.", min=0)]
ListOption = Annotated[Path | None, typer.Option("--list", help="This responsibility list (CSV, whole).", exists=True, dir_okay=False)]
PackOption = Annotated[
    Path | None, typer.Option("--pack", help="This city pack instead of the one in force.", exists=True, file_okay=False)
]


@app.command("what-if")
def what_if(
    model: ModelOption = None,
    list_file: ListOption = None,
    pack: PackOption = None,
    since: Day = None,
    on: On = None,
    limit: Annotated[int, typer.Option(help="So many tickets at most.", min=1)] = 1_000_000,
    again: Annotated[bool, typer.Option("--again", help="Begin anew, where an interrupted run would be continued.")] = False,
    json: Json = False,
) -> None:
    """Read and dispatch past tickets by another model, list or pack, and show what would move, from whom to whom. Changes nothing."""
    if sum(given is not None for given in (model, list_file, pack)) != 1:
        err.print("Give one of --model, --list, --pack: what is to be compared with what holds now.")
        raise typer.Exit(1)
    # From midnight, so that an interrupted run is known again for the rest of the day.
    begin = since.astimezone() if since else (clock() - SINCE).replace(hour=0, minute=0, second=0, microsecond=0)
    asked = Asked(model, list_file, pack, begin, on.date() if on else None, limit)
    with progress(json) as bar:
        task = bar.add_task("replaying", total=None)

        async def use(database: Database, settings: Settings) -> tuple[Compared, Effect]:
            compared = await _compared(database, asked)
            return compared, await _replay(database, compared, asked, _Kept(settings.home, compared.key, again), bar, task)

        try:
            compared, effect = with_database(use)
        except (Unusable, files.Unreadable, service.NotFound) as error:
            raise refused(error) from error
    if json:
        moved = [{"from": a, "to": b, "tickets": cell.count, "numbers": cell.numbers} for a, b, cell in whatif.moves(effect)]
        print_json({**msgspec.structs.asdict(effect), "matrix": moved})
    else:
        _show(effect, compared.before.city, compared.after.city)


async def _compared(database: Database, asked: Asked) -> Compared:
    async with database.transaction(SYSTEM) as tx:
        pack, load = await cities.current(tx), await cities.version(tx) or 0
        now_live = await service.learned(tx)
        other = now_live if asked.model is None else await service.learned_by(tx, asked.model or None)
        learned_from = await service.learned_from(tx, asked.model) if asked.model else frozenset[service.UUID]()
    changed = _changed(pack, asked)
    before, after = await asyncio.to_thread(_sides, pack, changed, load, now_live, other)
    on = asked.on or service.today(before.city, clock())
    told = (asked, on, training.pack_digest(pack), training.pack_digest(changed), now_live.mark, now_live.model, other.model)
    key = blake2b(repr(told).encode(), digest_size=8).hexdigest()
    return Compared(before, after, on, learned_from, key)


def _sides(pack: Pack, changed: Pack, load: int, now_live: Learned, other: Learned) -> tuple[Side, Side]:
    before = Side(compile_city(pack, load), compile_reader(pack, now_live.taught), now_live.standing)
    if changed is pack and other.taught == now_live.taught:
        return before, Side(before.city, before.reader, other.standing)
    return before, Side(compile_city(changed, load), compile_reader(changed, other.taught), other.standing)


def _changed(pack: Pack, asked: Asked) -> Pack:
    """The pack as it is to be.

    Raises:
        Unusable, files.Unreadable: the file or folder has errors.
    """
    if asked.pack is not None:
        errors = [p for p in packs.check(asked.pack) if p.severity is Severity.ERROR]
        if errors:
            raise Unusable(
                "\n".join([*(str(p) for p in errors[:20]), f"The pack has {len(errors)} errors: yixian pack check {asked.pack}"])
            )
        return packs.read(asked.pack)
    if asked.list is None:
        return pack
    rows, problems = files.read(asked.list.read_bytes(), files.format_of(asked.list.name))
    if problems:
        told = [f"{asked.list}:{p.row}: {p.column}: {p.sentence}" for p in problems[:20]]
        raise Unusable("\n".join([*told, f"The list has {len(problems)} errors."]))
    return msgspec.structs.replace(pack, responsibilities=tuple(row.entry for row in rows))


class _Kept:
    """Where an interrupted replay is continued: a small file under the installation's home."""

    def __init__(self, home: Path, key: str, again: bool) -> None:
        self._file = home / "what-if" / f"{key}.json"
        if again:
            self.drop()

    def load(self) -> Effect | None:
        return msgspec.json.decode(self._file.read_bytes(), type=Effect) if self._file.exists() else None

    def keep(self, effect: Effect) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        new = self._file.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(effect))
        new.replace(self._file)

    def drop(self) -> None:
        self._file.unlink(missing_ok=True)


async def _replay(database: Database, compared: Compared, asked: Asked, kept: _Kept, bar: Progress, task: TaskID) -> Effect:
    start = kept.load() or Effect(first_id(asked.since))
    async with database.transaction(SYSTEM) as tx:
        left = await tickets.count_after(tx, start.after)
    bar.update(task, total=min(asked.limit, start.tickets + left), completed=start.tickets)

    def done(effect: Effect) -> None:
        kept.keep(effect)
        bar.update(task, completed=effect.tickets)

    sides = (compared.before, compared.after, compared.on)
    effect = await service.replay(database, *sides, start, asked.limit, compared.learned_from, done)
    kept.drop()
    return effect


def _of(right: int, known: int) -> str:
    return f"{right:,} of {known:,}"


def _show(effect: Effect, before: City, after: City) -> None:
    if not effect.tickets:
        out.print("There are no tickets since then.")
        return
    out.print(f"{effect.tickets:,} tickets: {effect.moved:,} would go to another unit ({effect.moved / effect.tickets:.1%}).")
    first, then = effect.at_once_before / effect.tickets, effect.at_once_after / effect.tickets
    out.print(f"At once: {effect.at_once_before:,} ({first:.1%}) -> {effect.at_once_after:,} ({then:.1%});", end=" ")
    learned = f" ({effect.newly_learned:,} of them learned from)" if effect.newly_learned else ""
    out.print(f"{effect.newly_at_once:,} newly{learned}, {effect.no_longer_at_once:,} no longer, {effect.at_once_moved:,} to another unit.")
    if effect.known:
        right = f"{effect.right_before / effect.known:.1%} -> {effect.right_after / effect.known:.1%}"
        out.print(f"Of {effect.known:,} that were answered and not learned from, the first unit is the right one for {right}.")
    if effect.at_once_known_before or effect.at_once_known_after:
        first_right = _of(effect.at_once_right_before, effect.at_once_known_before)
        out.print(f"Of those among them that go at once: {first_right} -> {_of(effect.at_once_right_after, effect.at_once_known_after)}.")
    table = Table("from", "to", "tickets", "for example")
    for a, b, cell in whatif.moves(effect)[:PAIRS_SHOWN]:
        table.add_row(before.unit_name(a) or "nobody", after.unit_name(b) or "nobody", f"{cell.count:,}", ", ".join(cell.numbers[:3]))
    if effect.matrix:
        out.print(table)
    if len(effect.matrix) > PAIRS_SHOWN:
        out.print(f"... and {len(effect.matrix) - PAIRS_SHOWN} more pairs: --json shows all.")


@app.command()
def gaps(json: Json = False) -> None:
    """List what the responsibility list leaves open: matters without an owner, two owners, matters that are taken for each other."""

    async def use(database: Database, _settings: Settings) -> tuple[City, open_gaps.Report]:
        async with database.transaction(SYSTEM) as tx:
            city = compile_city(await cities.current(tx), await cities.version(tx) or 0)
            return city, await service.report(tx, city, clock())

    city, found = with_database(use)
    if json:
        print_json(found)
        return
    _table(
        "Nobody answers for",
        ("matter", "district", "who"),
        ((_matter(city, h.matter), city.region_name(h.district), h.audience or "") for h in found.holes),
    )
    _table(
        "Tickets for which nobody was found",
        ("matter", "tickets", "for example"),
        ((_matter(city, u.matter), str(u.tickets), ", ".join(u.numbers)) for u in found.unowned),
    )
    _table(
        "Two owners",
        ("matter", "entry", "lead", "entry", "lead", "why"),
        ((_matter(city, p.matter), p.one, p.one_lead, p.other, p.other_lead, p.why) for p in found.pairs),
    )
    _table(
        "Sent elsewhere than the list says",
        ("matter", "district", "the list says", "people choose", "times", "for example"),
        (
            (
                _matter(city, c.matter),
                city.region_name(c.district),
                city.unit_name(c.listed) or "nobody",
                city.unit_name(c.chosen),
                str(c.times),
                ", ".join(c.numbers),
            )
            for c in found.contradicted
        ),
    )
    _table(
        "Taken for each other",
        ("suggested", "chosen", "times", "the other way"),
        ((_matter(city, s.suggested), _matter(city, s.chosen), str(s.times), str(s.back)) for s in found.swaps),
    )


def _matter(city: City, code: str | None) -> str:
    return f"{city.matter_name(code)} [{code}]" if code else "nothing fits"


def _table(title: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*row)
    if table.row_count:
        out.print(table, markup=False)
    else:
        out.print(f"{title}: nothing.")
