"""The only place where rooms are wired together: routes, dependencies, errors, start and stop."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import structlog
from litestar import Litestar, Request, get
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Tag

import yixian
from yixian import logs
from yixian.administration import problems as administration_problems
from yixian.attachments import api as attachments
from yixian.attachments.model import NotFound as NoSuchFile
from yixian.attachments.model import Unfit as UnfitFile
from yixian.campaigns import service as campaigns
from yixian.city.inforce import City
from yixian.db import bootstrap
from yixian.db.ids import NumbersUsedUp
from yixian.db.keys import Keys, master_key
from yixian.db.pool import AWAY, Database
from yixian.disputes import cards as dispute_cards
from yixian.disputes import consulting
from yixian.disputes import service as disputes
from yixian.groups import service as groups
from yixian.intake import service as intake
from yixian.intake.service import Means
from yixian.language.live import LiveCity, live_city
from yixian.language.service import Reader
from yixian.learning import notes as learning_notes
from yixian.learning import service as learning
from yixian.learning.service import Learned
from yixian.operators import cards as operator_cards
from yixian.operators import service as operators
from yixian.people import problems as people_problems
from yixian.people import sessions
from yixian.people.model import HOTLINE_ROLES, UNIT_ROLES, Role
from yixian.people.secrets import SoftwareVault, Vault
from yixian.responsibilities import review
from yixian.responsibilities import service as responsibilities
from yixian.responsibilities.api import refused as list_refused
from yixian.sessions import hours
from yixian.sessions import service as answering
from yixian.settings import Settings, load
from yixian.tickets import above
from yixian.tickets import service as tickets
from yixian.tickets.above import Above
from yixian.web import problems, render, static
from yixian.web.heads import answering_heads
from yixian.web.problems import FieldError, Problem
from yixian.web.refused_bodies import RefusedBodies
from yixian.web.render import About, Desk

log = structlog.get_logger("yixian.app")

LARGEST_BODY = 256 * 1024
"""Bytes of one request: a contact of 10,000 characters and its form fit many times over."""

ROUTES = (
    "yixian.intake.api", "yixian.tickets.api", "yixian.people.api", "yixian.disputes.api", "yixian.disputes.pages",
    "yixian.tickets.asking_back", "yixian.disputes.consulting_api", "yixian.disputes.consulting_pages", "yixian.disputes.deciding_pages",
    "yixian.groups.api", "yixian.groups.pages", "yixian.learning.pages",
    "yixian.responsibilities.api", "yixian.responsibilities.pages",
    "yixian.campaigns.api", "yixian.campaigns.pages", "yixian.administration.api", "yixian.administration.pages",
    "yixian.attachments.api", "yixian.tickets.files", "yixian.tickets.mine", "yixian.tickets.dispatching.pages",
    "yixian.tickets.reviewing.pages", "yixian.tickets.supervising.pages", "yixian.tickets.presence.pages", "yixian.tickets.caring.pages",
    "yixian.tickets.waiting",
    "yixian.sessions.api", "yixian.sessions.pages", "yixian.intake.leaders",
    "yixian.intake.residents", "yixian.intake.operator", "yixian.operators.api", "yixian.tickets.pages", "yixian.people.pages",
    "yixian.web.static", "yixian.web.styleguide",
)  # fmt: skip


Asked = Request[Any, Any, Any]


class Process(msgspec.Struct, frozen=True):
    """What a running process holds."""

    settings: Settings
    database: Database
    live: LiveCity[Learned]
    keys: Keys
    vault: Vault
    clock: Callable[[], datetime]


def clock() -> datetime:
    """Now, UTC, to the millisecond: the precision of ids, so that both agree on the month a row belongs to."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def create() -> Litestar:
    """The application as the web server starts it: everything from the settings."""
    settings = load()
    logs.configure(settings.log_level)
    return create_app(settings)


def create_app(settings: Settings, where: bootstrap.Addresses | None = None, now: Callable[[], datetime] = clock) -> Litestar:
    """The application. `where` names the database when it is not the one of the settings; `now` is the clock (tests)."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        addresses = where or bootstrap.Addresses(settings.database_url, settings.database_owner_url)
        async with bootstrap.ready(settings, addresses) as database:
            live = await live_city(database, learning.SCHOOL)
            keys = Keys(master_key(settings.home))
            app.state.process = Process(settings, database, live, keys, SoftwareVault(keys), now)
            app.state.pages = render.build(
                (
                    "people",
                    "attachments",
                    "tickets",
                    "responsibilities",
                    "intake",
                    "disputes",
                    "groups",
                    "learning",
                    "campaigns",
                    "sessions",
                    "administration",
                ),
                lambda: _about(live.city),
                DESKS,
            )
            app.state[problems.WHOSE] = sessions.whose
            app.state[above.COUNTING] = (consulting.unread, answering.unread, campaigns.unread)
            app.state[above.BOARDING] = (operator_cards.agents, dispute_cards.disputes, dispute_cards.consultations)
            app.state[above.GROUPING] = groups.tickets_of
            app.state[above.CAMPAIGNING] = campaigns.under_way
            app.state[above.NOTING] = (learning_notes.notes, consulting.notes)
            app.state[above.KEPT] = (Above(disputes.flags, disputes.bars), Above(answering.flags, answering.bars))
            following = asyncio.create_task(live.follow(database))
            try:
                yield
            finally:
                following.cancel()
                with suppress(asyncio.CancelledError):
                    await following

    app = Litestar(
        route_handlers=[health, *(route for name in ROUTES for route in importlib.import_module(name).routes)],
        dependencies={name: Provide(give, **how) for name, give, how in _dependencies()},
        exception_handlers=problems.handlers(PROBLEMS),
        middleware=[RefusedBodies()],
        before_send=[static.secure],
        lifespan=[lifespan],
        openapi_config=_openapi(),
        request_max_body_size=LARGEST_BODY,
        logging_config=None,
        debug=False,
    )
    app.asgi_handler = answering_heads(app.asgi_handler)
    return app


@get("/health", include_in_schema=False)
async def health(request: Asked) -> dict[str, str]:
    """For a load balancer: 200 when this process and its database answer, else 503."""
    await _process(request).database.answers()
    return {"state": "well", "version": yixian.__version__}


DESKS = (
    Desk("/desk/operator", "受理", frozenset({Role.OPERATOR, Role.SUPERVISOR}), "日常", "headset"),
    Desk("/desk/dispatch", "派单", frozenset({Role.DISPATCHER, Role.SUPERVISOR}), "日常", "route"),
    Desk("/desk/unit", "承办", UNIT_ROLES, "日常", "inbox"),
    Desk("/desk/review", "审核", frozenset({Role.REVIEWER, Role.SUPERVISOR}), "日常", "check-circle"),
    Desk("/desk/callback", "回访", frozenset({Role.CALL_BACK, Role.REVIEWER, Role.SUPERVISOR}), "日常", "phone-back"),
    Desk("/desk/supervisor", "总览", HOTLINE_ROLES - {Role.OPERATOR, Role.CALL_BACK}, "督导", "gauge"),
    Desk("/desk/load", "负荷", frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.ANALYST}), "督导", "chart"),
    Desk("/desk/disputes", "争议", frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.ANALYST}) | UNIT_ROLES, "协同", "scales"),
    Desk("/desk/consultations", "会商", consulting.LOOKING, "协同", "scales"),
    Desk("/desk/groups", "群诉", frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.ANALYST}), "协同", "people"),
    Desk("/desk/campaigns", "专项", (HOTLINE_ROLES - {Role.CALL_BACK}) | UNIT_ROLES, "协同", "flag"),
    Desk("/desk/answering", "接听日", hours.LOOKING, "协同", "phone-back"),
    Desk("/desk/templates", "答复模板", UNIT_ROLES | {Role.KNOWLEDGE_EDITOR}, "规则", "book"),
    Desk("/desk/list", "职责清单", review.READERS, "规则", "book"),
    Desk("/desk/models", "派单模型", learning.LOOKING, "规则", "chip"),
    Desk("/admin/city", "城市数据", frozenset({Role.SYSTEM_ADMIN}), "管理", "building"),
    Desk("/admin/staff", "账号", frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN}), "管理", "id"),
    Desk("/admin/sessions", "登录会话", frozenset({Role.SECURITY_ADMIN}), "管理", "lock"),
    Desk("/admin/keys", "密钥指纹", frozenset({Role.SECURITY_ADMIN}), "管理", "key"),
    Desk("/admin/audit", "审计", frozenset({Role.AUDIT_ADMIN}), "管理", "shield"),
)
"""The staff's navigation."""


# -- What the rooms' own exceptions mean to whoever asked --------------------------------------------------------


def _refused(error: tickets.Refused) -> Problem:
    return Problem(409, "refused", "现在不能这样操作", str(error), more={"allowed": [a.value for a in error.refusal.allowed]})


def _overtaken(error: tickets.Overtaken) -> Problem:
    change = error.change
    happened = {"action": change.action, "state": change.target, "at": change.at, "note": change.note} if change else None
    return Problem(409, "overtaken", "已被他人处理", str(error), more={"happened": happened})


def _dispute_refused(error: disputes.Refused) -> Problem:
    return Problem(409, "refused", "现在不能这样操作", str(error), more={"allowed": [d.value for d in error.allowed]})


def _dispute_overtaken(error: disputes.Overtaken) -> Problem:
    entry = error.entry
    happened = {"action": entry.action, "at": entry.at, "note": entry.note} if entry else None
    return Problem(409, "overtaken", "已被他人处理", str(error), more={"happened": happened})


def _campaign_unfit(error: campaigns.Unfit | answering.Unfit) -> Problem:
    return Problem(422, "invalid", "填写有误", str(error), tuple(FieldError(field, said) for field, said in error.problems))


def _unfit(error: intake.Unfit) -> Problem:
    return Problem(422, "invalid", "填写有误", str(error), (FieldError(error.field, str(error)),))


def _key_used(error: intake.KeyUsed) -> Problem:
    return Problem(422, "key-used", "重复的幂等键", str(error), (FieldError("Idempotency-Key", str(error)),))


def _away(error: Exception) -> Problem:
    """The database is away or overloaded: whoever asks again with the same key loses nothing."""
    log.warning("the database is away", error=repr(error))
    kind, title, detail = problems.USUAL[503]
    return Problem(503, kind, title, detail, headers={"Retry-After": "1"})


def _unstorable(_error: Exception) -> Problem:
    """Text that no database can hold: NUL, half of a character. The transaction is undone: nothing was stored."""
    return problems.usual(400, (FieldError("", "文字编码须为 UTF-8。"),))


def _full(error: NumbersUsedUp) -> Problem:
    return Problem(503, "numbers-used-up", "今天的工单编号已用完", str(error))


PROBLEMS: dict[type[Exception], Callable[[Any], Problem]] = {
    **people_problems.KNOWN,
    UnfitFile: attachments.unfit,
    NoSuchFile: lambda error: Problem(404, "not-found", "没有找到", str(error)),
    **administration_problems.KNOWN,
    tickets.NotFound: lambda error: Problem(404, "not-found", "没有找到", str(error)),
    tickets.Refused: _refused,
    tickets.Overtaken: _overtaken,
    disputes.NotFound: lambda error: Problem(404, "not-found", "没有找到", str(error)),
    disputes.Refused: _dispute_refused,
    disputes.Overtaken: _dispute_overtaken,
    responsibilities.NotFound: lambda error: Problem(404, "not-found", "没有找到", str(error)),
    responsibilities.Refused: list_refused,
    responsibilities.Overtaken: lambda error: Problem(409, "overtaken", "已被他人处理", str(error)),
    answering.NotFound: lambda error: Problem(404, "not-found", "没有找到", str(error)),
    answering.Refused: lambda error: Problem(409, "refused", "现在不能这样操作", str(error)),
    answering.Unfit: _campaign_unfit,
    campaigns.NotFound: lambda error: Problem(404, "not-found", "没有找到", str(error)),
    campaigns.Unfit: _campaign_unfit,
    campaigns.Overtaken: lambda error: Problem(409, "overtaken", "已被他人处理", str(error)),
    learning.NotAllowed: lambda error: Problem(403, "not-allowed", "没有权限", str(error)),
    operators.NotFound: lambda error: Problem(404, "not-found", "没有找到", str(error)),
    operators.Refused: lambda error: Problem(409, "refused", "现在不能这样操作", str(error)),
    intake.Unfit: _unfit,
    intake.KeyUsed: _key_used,
    intake.TooManyContacts: lambda error: Problem(429, "too-many", "操作太频繁", str(error), headers={"Retry-After": "60"}),
    NumbersUsedUp: _full,
    RecursionError: lambda _error: problems.usual(400),
    asyncpg.CharacterNotInRepertoireError: _unstorable,
    asyncpg.UntranslatableCharacterError: _unstorable,
    UnicodeEncodeError: _unstorable,
    **dict.fromkeys(AWAY, _away),
    TimeoutError: _away,
}


# -- What handlers ask for by name -------------------------------------------------------------------------------


def _process(request: Asked) -> Process:
    return request.app.state.process


def _database(request: Asked) -> Database:
    return _process(request).database


def _city(request: Asked) -> City:
    return _process(request).live.city


def _reader(request: Asked) -> Reader:
    return _process(request).live.reader


def _settings(request: Asked) -> Settings:
    return _process(request).settings


def _keys(request: Asked) -> Keys:
    return _process(request).keys


def _vault(request: Asked) -> Vault:
    return _process(request).vault


def _now(request: Asked) -> datetime:
    return _process(request).clock()


def _means(request: Asked) -> Means:
    process = _process(request)
    live = process.live
    return Means(process.database, live.city, live.reader, process.vault, process.keys, live.lesson.standing)


def _dependencies() -> tuple[tuple[str, Callable[..., Any], dict[str, Any]], ...]:
    plain = {
        "db": _database,
        "city": _city,
        "reader": _reader,
        "settings": _settings,
        "keys": _keys,
        "vault": _vault,
        "now": _now,
        "means": _means,
    }
    waiting = {
        "session": sessions.provide_session,
        "actor": sessions.provide_actor,
        "operator": sessions.provide_operator,
    }
    return (
        *((name, give, {"sync_to_thread": False}) for name, give in plain.items()),
        *((name, give, {}) for name, give in waiting.items()),
    )


def _about(city: City) -> About:
    identity = city.pack.city
    lines = tuple(dict.fromkeys(e.to for e in city.pack.triage.emergency))
    return About(identity.name, identity.name_en, ZoneInfo(identity.timezone), lines, identity.hotline)


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Yixian",
        version=yixian.__version__,
        path="/api",
        description="One line between a city and its people.",
        tags=[
            Tag("contacts"),
            Tag("tickets"),
            Tag("responsibilities"),
            Tag("disputes"),
            Tag("groups"),
            Tag("campaigns"),
            Tag("answering"),
            Tag("session"),
            Tag("staff"),
            Tag("city"),
        ],
        use_handler_docstrings=True,
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
    )
