"""The list as files: out as it reads on a day; in as a difference that is looked at first, and becomes proposals when it is confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from yixian.city import amendments as amending
from yixian.city import service as cities
from yixian.city.inforce import City
from yixian.city.model import Responsibility
from yixian.db.ids import new_id
from yixian.db.pool import Transaction
from yixian.people.model import Actor
from yixian.people.refusals import Invalid
from yixian.responsibilities import difference, files, review, service, store
from yixian.responsibilities.model import Difference, Import, ImportRow, ReadProblem, Step
from yixian.responsibilities.service import NotFound, Overtaken, Refused, today


async def export(tx: Transaction, city: City, form: files.Format, on: date) -> bytes:
    """The list as it reads on the day `on`: each entry once, as it holds then or will next."""
    return files.written((entry for _, entry in sorted((await _current(tx, on)).items())), city, form)


async def compare_file(tx: Transaction, content: bytes, name: str, since: date, whole: bool, city: City) -> Difference:
    """What a file would change from `since` on; nothing is kept. `whole`: entries that it leaves out are to end.

    Raises:
        Invalid: it cannot be read at all.
    """
    rows, problems = _read(content, name)
    return difference.compare(city, rows, problems, await _current(tx, since), since, whole)


async def read_file(
    tx: Transaction, actor: Actor, content: bytes, name: str, since: date, whole: bool, city: City, now: datetime
) -> tuple[Import, Difference]:
    """Reads a file, shows what it would change, and keeps it (unless it has problems) until somebody confirms.

    Raises:
        Invalid: it cannot be read at all, or `since` is past.
        Refused: not for this person.
    """
    if not review.RIGHTS[Step.PROPOSE] & actor.roles:
        raise Refused("您的角色不能进行这项操作；如工作需要，请联系管理员。")
    if since < today(city, now):
        raise Invalid("since", "生效日不能早于今天。")
    rows, problems = _read(content, name)
    found = difference.compare(city, rows, problems, await _current(tx, since), since, whole)
    kept = Import(new_id(now), now, actor.id, name[:200], since, whole, rows, difference.digest(found))
    if not found.problems:
        await store.keep_import(tx, kept)
    return kept, found


async def confirm(tx: Transaction, actor: Actor, identifier: UUID, reason: str, city: City, now: datetime) -> tuple[UUID, ...]:
    """Makes proposals of a file that was shown: all its changes, in this transaction.

    Raises:
        NotFound: no such file is kept (any more).
        Refused: it was confirmed already, or changes nothing.
        Overtaken: the list has changed since the difference was shown.
        Invalid: no reason is given.
    """
    kept = await store.find_import(tx, identifier, lock=True)
    if kept is None:
        raise NotFound(GONE)
    if kept.confirmed_at is not None:
        raise Refused("这份文件已经确认过，不会重复提出建议。")
    found = await difference_of(tx, kept, city)
    if difference.digest(found) != kept.shown:
        raise Overtaken("查看差异之后清单有了改动，请重新上传，按最新的差异确认。")
    if not found.changes:
        raise Refused("这份文件与现行清单没有差异，不需要提出建议。")
    made = await service.propose(tx, actor, difference.wanted(found, kept.since, reason, kept.file), city, now, file=kept.id)
    await store.confirm_import(tx, identifier, now)
    return made


async def difference_of(tx: Transaction, kept: Import, city: City) -> Difference:
    """What a kept file would change now."""
    return difference.compare(city, kept.rows, (), await _current(tx, kept.since), kept.since, kept.whole)


async def kept_file(tx: Transaction, identifier: UUID) -> Import:
    """A file that was read.

    Raises:
        NotFound: none (any more).
    """
    kept = await store.find_import(tx, identifier)
    if kept is None:
        raise NotFound(GONE)
    return kept


async def forget_files(tx: Transaction, before: datetime) -> None:
    """Forgets files that nobody confirmed."""
    await store.forget_imports(tx, before)


GONE = "没有找到这份导入文件，可能已经过期，请重新上传。"


def _read(content: bytes, name: str) -> tuple[tuple[ImportRow, ...], tuple[ReadProblem, ...]]:
    try:
        return files.read(content, files.format_of(name))
    except files.Unreadable as unreadable:
        raise Invalid("file", str(unreadable)) from None


async def _current(tx: Transaction, on: date) -> Mapping[str, Responsibility]:
    """The list on a day, by code."""
    return amending.version_on((await cities.responsibility_list(tx)).entries, on)
