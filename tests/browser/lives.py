"""Tickets that are brought as far in their life as a page needs them, through the doors and forms that people use; each once a run."""

from __future__ import annotations

import asyncio
import json
import re
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import asyncpg

from yixian.city import pack as packs
from yixian.city.inforce import compile_city
from yixian.cli.demo import default_pack, demo_staff
from yixian.people.model import Role
from yixian.tickets import choices

if TYPE_CHECKING:
    from tests.browser.driving import Driver

ANSWER: Final = "市民您好：江南中街江南大道中的路灯，我单位今天上午已派人更换灯具，晚上复查正常亮灯。如有问题请致电我单位。"
STREETS: Final = ("江南中街", "赤岗街道", "新港街道", "昌岗街道", "南石头街道", "海幢街道", "滨江街道", "素社街道", "凤阳街道")


def said(driver: Driver, text: str, phone: str) -> dict[str, Any]:
    """A resident's contact; its receipt."""
    body = {"text": text, "caller": {"name": "陈女士", "phone": phone}}
    asked = urllib.request.Request(
        f"{driver.city.address}/api/v1/contacts", json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return json.loads(answer.read())


def reported(driver: Driver, n: int) -> dict[str, Any]:
    """The `n`th broken lamp: its ticket, with number and check code. Each has a street and a caller of its own."""
    return said(driver, f"海珠区{STREETS[n % len(STREETS)]}路灯不亮{n}号", f"1391113{7000 + n % 1000:04}")["tickets"][0]


def step(driver: Driver, role: Role, number: str, action: str, fields: Mapping[str, str]) -> None:
    """A step, as the form of somebody with this role takes it."""
    form = {"csrf": csrf(driver, role), "public_anyway": "1", **fields}
    sent = driver.context(role).request.post(f"/desk/ticket/{number}/{action}", form=form, max_redirects=0)
    assert sent.status == 303, f"{action}: {sent.status} {re.sub(r'<[^>]+>', ' ', sent.text())[:1500]}"


def csrf(driver: Driver, role: Role) -> str:
    """The token that this person's forms carry."""
    if role not in driver.tokens:
        html = driver.context(role).request.get("/password").text()
        found = re.search(r'name="csrf" value="([^"]+)"', html)
        assert found, html[:500]
        driver.tokens[role] = found[1]
    return driver.tokens[role]


@cache
def home_of_the_handler() -> str:
    """Their unit, as a field holds it."""
    city = compile_city(packs.read(default_pack()))
    unit = next(account.unit for account in demo_staff(city) if Role.HANDLER in account.roles)
    return choices.written(city, choices.What.UNITS, unit)


def dispatched(driver: Driver, number: str) -> None:
    """To the unit where the handler and the unit's reviewer work."""
    html = driver.context(Role.SUPERVISOR).request.get(f"/desk/ticket/{number}").text()
    action = "dispatch" if f"/desk/ticket/{number}/dispatch" in html else "reassign"
    fields = {"unit": home_of_the_handler(), "basis": "职责清单", "note": "由该单位办理"}
    step(driver, Role.SUPERVISOR, number, action, fields)


def in_hand(driver: Driver, number: str) -> None:
    """Signed by the handler, and the citizen was spoken to."""
    dispatched(driver, number)
    step(driver, Role.HANDLER, number, "sign", {})
    step(driver, Role.HANDLER, number, "contact", {"note": "已电话联系"})


def answered(driver: Driver, number: str) -> None:
    """Answered, and the answer waits for the hotline."""
    in_hand(driver, number)
    step(driver, Role.HANDLER, number, "reply", {"answer": ANSWER})
    step(driver, Role.UNIT_REVIEWER, number, "approve", {})


def to_be_rated(driver: Driver, number: str) -> None:
    """The answer has passed; its citizen is to say what it was worth."""
    answered(driver, number)
    step(driver, Role.REVIEWER, number, "pass", {})


def disputed(driver: Driver, number: str) -> None:
    """The unit says that another one should lead."""
    in_hand(driver, number)
    step(driver, Role.HANDLER, number, "object", {"note": "该处路灯属公园管理范围", "basis": "公园移交协议第三条"})


def as_owner(driver: Driver, statement: str) -> None:
    """Says something to the database itself; in a thread, since this one belongs to the browser."""

    async def told() -> None:
        owner = await asyncpg.connect(driver.city.owner)
        await owner.execute(statement)
        await owner.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, told()).result()


def unreached(driver: Driver, number: str) -> None:
    """Rung three times, at three times of the day as far as the plan knows, and nobody answered."""
    to_be_rated(driver, number)
    for n in range(3):
        # The next call is due now: a page cannot wait until the afternoon, and a call before its time does not count.
        as_owner(driver, f"UPDATE ticket SET call_at = now() - interval '1 second' WHERE number = '{number}'")
        form = {"csrf": csrf(driver, Role.CALL_BACK), "reached": "no_answer", "note": f"第{n + 1}次"}
        sent = driver.context(Role.CALL_BACK).request.post(f"/desk/callback/{number}/missed", form=form, max_redirects=0)
        assert sent.status == 303, sent.text()[:500]


LIVES: Final[Mapping[str, Callable[[Driver, str], None]]] = {
    "open": lambda driver, number: None,
    "in_hand": in_hand,
    "answered": answered,
    "to_be_rated": to_be_rated,
    "disputed": disputed,
    "unreached": unreached,
}
"""What may stand in the address of a page: `{in_hand}` is the number of such a ticket, `{in_hand_own}` what its citizen's page needs.

A name may go on with a word of its own (`{open_own:withdrawn}`): then it is a ticket of its own, for a page that changes it.
"""


class Known(dict[str, str]):
    """What the names in addresses stand for: what the city knows, and tickets, made when they are first asked for."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver.city.known)
        self._driver = driver

    def in_address(self, address: str) -> str:
        """The address with every `{name}` replaced."""
        return re.sub(r"{([\w:]+)}", lambda found: self[found[1]], address)

    def __missing__(self, name: str) -> str:
        life, _, which = name.partition(":")
        made = reported(self._driver, 400 + len(self))
        LIVES[life.removesuffix("_own")](self._driver, made["number"])
        own = f"{made['number']}?code={made['check_code']}"
        self[f"{life.removesuffix('_own')}:{which}" if which else life.removesuffix("_own")] = made["number"]
        self[f"{life.removesuffix('_own')}_own:{which}" if which else f"{life.removesuffix('_own')}_own"] = own
        return self[name]
