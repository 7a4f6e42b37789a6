"""A real city, brought up once for the browser: embedded PostgreSQL, Guangzhou's pack, web, worker, staff, and contacts that came in."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import msgspec

from yixian import up
from yixian.app import clock
from yixian.city import pack as packs
from yixian.city import service as cities
from yixian.city.inforce import compile_city
from yixian.cli.demo import default_pack, demo_staff
from yixian.db import bootstrap
from yixian.db.bootstrap import Addresses
from yixian.db.pool import SYSTEM
from yixian.people import service as people
from yixian.people.model import SYSTEM_ACTOR
from yixian.settings import Settings

SAID = (
    "海珠区江南中街江南大道中路灯不亮，晚上黑麻麻，老人家出门容易摔跤",
    "天河区石牌街道石牌东路下水道堵塞，污水漫到人行道上，三天了没人管",
    "越秀区北京路商场空调外机噪音很大，晚上睡不着",
    "白云区同和街道小区物业乱收停车费",
    "番禺区市桥街道工地半夜施工，吵到凌晨两点",
    "荔湾区沙面街道有人占道经营，垃圾遍地",
    "请问社保卡丢了怎样补办？",
    "公交站牌倒了，在天河区体育西路",
)


class City(msgspec.Struct, frozen=True):
    """Where it answers, who works there, and what stands in the addresses of its pages."""

    address: str
    owner: str
    """The address of its database, for who owns it."""
    passwords: Mapping[str, str]
    """By login."""
    known: Mapping[str, str]
    """What `{ticket}` and the like in an address of `pages.PAGES` stand for."""


@contextmanager
def running_city(contacts: int = 0) -> Iterator[City]:
    """The city, for as long as the block lasts. `contacts`: how many more come in and are taken through their lives first."""
    home = Path(tempfile.mkdtemp(prefix="yx-"))
    home.chmod(0o755)
    settings = Settings(
        home=home, port=_free_port(), web_processes=1, secure_cookies=False, second_factor=False,
        staff_rate=10_000, meaning=False, log_level="error", sms="show",
    )  # fmt: skip
    try:
        with bootstrap.addresses(settings) as where:
            up.prepare(where)
            passwords = asyncio.run(_filled(settings, where))
            with up.running(settings, where):
                assert up.answers(settings, 120), "the web server did not start"
                address = f"http://{settings.host}:{settings.port}"
                if contacts:
                    _play(settings, where, contacts)
                receipts = [_say(address, text, n) for n, text in enumerate(SAID)]
                yield City(address, where.owner, passwords, asyncio.run(_known(where, receipts)))
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


async def _filled(settings: Settings, where: Addresses) -> dict[str, str]:
    pack = packs.read(default_pack())
    async with bootstrap.ready(settings, where) as database, database.transaction(SYSTEM) as tx:
        await cities.load(tx, pack, clock())
        added = [await people.add_staff(tx, SYSTEM_ACTOR, account, clock()) for account in demo_staff(compile_city(pack))]
    return {account.login: account.password for account in added}


def _play(settings: Settings, where: Addresses, count: int) -> None:
    environment = {
        **os.environ,
        "YIXIAN_HOME": str(settings.home), "YIXIAN_PORT": str(settings.port), "YIXIAN_SECOND_FACTOR": "false",
        "YIXIAN_DATABASE_URL": where.application, "YIXIAN_DATABASE_OWNER_URL": where.owner,
    }  # fmt: skip
    command = [sys.executable, "-m", "yixian.cli", "replay", "--count", str(count), "--left", "0.45", "--concurrency", "2", "--json"]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, timeout=600)


def _say(address: str, text: str, n: int) -> dict[str, object]:
    body = {"text": text, "caller": {"name": "陈女士", "phone": f"1390013{8000 + n:04}"}}
    asked = urllib.request.Request(
        f"{address}/api/v1/contacts", json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return json.loads(answer.read())


async def _known(where: Addresses, receipts: list[dict[str, object]]) -> dict[str, str]:
    first = next(ticket for receipt in receipts for ticket in receipt["tickets"])  # type: ignore[attr-defined]
    owner = await asyncpg.connect(where.owner)
    try:
        entry = await owner.fetchval("SELECT code FROM responsibility ORDER BY code LIMIT 1")
        return {"ticket": first["number"], "code": first["check_code"], "entry": entry}
    finally:
        await owner.close()
