"""The pages of signing in, of one's password, of accounts and of the audit."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Redirect

from yixian.city.inforce import City
from yixian.db.pool import NOBODY, Database
from yixian.people import policy, service, sessions
from yixian.people.api import ISSUER
from yixian.people.attempts import Attempts
from yixian.people.guards import needs
from yixian.people.model import Actor, Role, Session
from yixian.people.oversight import staff as overseen
from yixian.people.oversight import telling, trail
from yixian.people.oversight import words as oversight_words
from yixian.people.oversight.model import Difference, Filters, Search, Standing
from yixian.people.policy import RIGHTS, Deed
from yixian.people.refusals import Invalid, NotFound, Refused, SignInRefused, TooManyAttempts
from yixian.people.secrets import Vault
from yixian.people.service import NewStaff, Offer
from yixian.people.sessions import Held, address
from yixian.people.words import ROLE_NAMES
from yixian.settings import Settings
from yixian.web.render import language, page, translator
from yixian.web.static import local

Asked = Request[Any, Any, Any]

DESK = "/desk"

OFFER_OVER: Final = "绑定信息已失效。下面是新的密钥：请在应用中删去刚才添加的，重新添加，再输入它显示的数字。"
OLD_WRONG: Final = "原密码不正确，或账号已被锁定。连续输错会锁定账号一段时间；忘记密码请联系安全管理员重置。"


class SignInForm(msgspec.Struct, frozen=True):
    """Of `/login`."""

    login: str = ""
    password: str = ""
    next: str = ""


class ProofForm(msgspec.Struct, frozen=True):
    """Of `/login/second-factor`."""

    one_time: str = ""
    ticket: str = ""
    next: str = ""
    csrf: str = ""


class PasswordForm(msgspec.Struct, frozen=True):
    """Of `/password`."""

    old: str = ""
    new: str = ""
    again: str = ""
    next: str = ""
    csrf: str = ""


class StaffForm(msgspec.Struct, frozen=True):
    """Of `/admin/staff`: what is to be done, and to whom or with what."""

    deed: Deed
    login: str = ""
    name: str = ""
    unit: str = ""
    roles: list[Role] | Role = []
    """One checked box arrives by itself, several as a list."""
    csrf: str = ""

    @property
    def chosen(self) -> frozenset[Role]:
        """The boxes that were checked."""
        return frozenset([self.roles] if isinstance(self.roles, Role) else self.roles)


@get("/login", include_in_schema=False)
async def login_page(request: Asked, next: FromQuery[str] = DESK) -> Response[Any]:
    """Asks for login and password; whoever is on the way in is taken to the next step."""
    found = await sessions.held(request)
    if found:
        return _onward(_step(found.session), next)
    return page(request, "people/login.html", login="", next=local(next), refused="")


@post("/login", include_in_schema=False, dependencies={"attempts": Provide(sessions.provide_attempts)})
async def login(
    request: Asked,
    data: URLEncodedBody[SignInForm],
    db: NamedDependency[Database],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    attempts: NamedDependency[Attempts],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """Signs in, or says on the same page why not."""
    try:
        sessions.check_rate(attempts, request, now)
        begun = await service.sign_in(db, vault, settings, data.login, data.password, "", address(request), now)
    except (SignInRefused, TooManyAttempts) as refused:
        status = 429 if isinstance(refused, TooManyAttempts) else 401
        return page(request, "people/login.html", status=status, login=data.login, next=local(data.next), refused=str(refused))
    answer = _onward("/login/second-factor" if begun.awaiting_second_factor else DESK, data.next)
    answer.set_cookie(sessions.cookie(begun.token, settings))
    return answer


@get("/login/second-factor", include_in_schema=False, dependencies={"held": Provide(sessions.provide_held)})
async def second_factor_page(
    request: Asked,
    held: NamedDependency[Held],
    db: NamedDependency[Database],
    vault: NamedDependency[Vault],
    now: NamedDependency[datetime],
    next: FromQuery[str] = DESK,
) -> Response[Any]:
    """Asks for the one-time password; shows the secret first when none is enrolled."""
    if not held.session.awaiting_second_factor:
        return _onward(_step(held.session), next)
    async with db.transaction(NOBODY) as tx:
        offer = await service.offer(tx, vault, held.session, ISSUER, now)
    return _second_factor(request, held, offer, next, "", 200)


@post("/login/second-factor", include_in_schema=False, dependencies={"held": Provide(sessions.provide_held)})
async def second_factor(
    request: Asked,
    data: URLEncodedBody[ProofForm],
    held: NamedDependency[Held],
    db: NamedDependency[Database],
    vault: NamedDependency[Vault],
    settings: NamedDependency[Settings],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """Completes signing in, or says on the same page why not.

    An offer stays the same after a slip, so that nothing has to be scanned again; one that ran out is replaced.
    """
    done, told = None, ""
    try:
        done = await service.second_factor(db, vault, settings, held.token, held.session, data.one_time, data.ticket, address(request), now)
    except SignInRefused as refused:
        told = str(refused)
    except Invalid:
        told = OFFER_OVER
    if done is None:
        offer, again = await _offered_again(db, vault, held.session, data.ticket, now)
        return _second_factor(request, held, offer, data.next, told if again else OFFER_OVER, 401)
    answer = _onward("/password" if held.session.must_change else DESK, data.next)
    answer.set_cookie(sessions.cookie(done.token, settings))
    return answer


@post("/logout", include_in_schema=False, dependencies={"held": Provide(sessions.provide_held)})
async def logout(
    request: Asked,
    held: NamedDependency[Held],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    now: NamedDependency[datetime],
) -> Redirect:
    """Signs out."""
    async with db.transaction(NOBODY) as tx:
        await service.sign_out(tx, held.token, held.session.actor, address(request), now)
    answer = Redirect("/login", status_code=303)
    answer.set_cookie(sessions.cookie("", settings))
    return answer


@get("/password", include_in_schema=False, dependencies={"held": Provide(sessions.provide_completed)})
async def password_page(
    request: Asked, held: NamedDependency[Held], next: FromQuery[str] = DESK, done: FromQuery[str] = ""
) -> Response[Any]:
    """One's own password. `done`: it was changed just now."""
    return _password(request, held.session, next, {}, 200, changed=bool(done))


@post("/password", include_in_schema=False, dependencies={"held": Provide(sessions.provide_completed)})
async def change_password(
    request: Asked,
    data: URLEncodedBody[PasswordForm],
    held: NamedDependency[Held],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """Changes one's own password, or says at the field why not."""
    errors: dict[str, str] = {}
    if data.new != data.again:
        errors["again"] = "两次输入的新密码不一致，请重新输入。"
    else:
        try:
            await service.change_password(db, held.token, held.session.actor, data.old, data.new, settings, now)
        except Invalid as invalid:
            errors[invalid.field] = str(invalid)
        except SignInRefused:
            errors["old"] = OLD_WRONG
    if errors:
        return _password(request, held.session, data.next, errors, 422)
    if held.session.must_change:
        return _onward(DESK, data.next)
    return Redirect("/password?done=1", status_code=303)


STANDINGS: Final = (
    (Standing.USABLE, "可用"), (Standing.LOCKED, "已锁定"), (Standing.DISABLED, "已停用"), (Standing.UNENROLLED, "未绑定一次性口令"),
)  # fmt: skip


@get("/admin/staff", include_in_schema=False, guards=[needs(*RIGHTS[Deed.LIST])])
async def staff_page(
    request: Asked,
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
    after: FromQuery[str] = "",
    q: FromQuery[str] = "",
    unit: FromQuery[str] = "",
    role: FromQuery[str] = "",
    standing: FromQuery[str] = "",
) -> Response[Any]:
    """The accounts that fit, with what this administrator may do to each."""
    filters = Filters(
        q.strip()[:100],
        unit.strip()[:100],
        Role(role) if role in tuple(Role) else None,
        Standing(standing) if standing in tuple(Standing) else None,
    )
    return await _staff(request, session, db, city, now, after=after, filters=filters)


@post("/admin/staff", include_in_schema=False, guards=[needs(*RIGHTS[Deed.ADD])])
async def administer(
    request: Asked,
    data: URLEncodedBody[StaffForm],
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """Does one thing to one account, and shows the accounts again with what came of it."""
    try:
        async with db.transaction(session.actor.acting) as tx:
            told = await _do(tx, session.actor, data, now, address(request))
    except Invalid as invalid:
        return await _staff(request, session, db, city, now, form=data, error=(invalid.field, str(invalid)), status=422)
    except (Refused, NotFound) as refused:
        return await _staff(request, session, db, city, now, form=data, error=("", str(refused)), status=403)
    return await _staff(request, session, db, city, now, done=data, told=told)


class FileForm(msgspec.Struct, frozen=True):
    """Of `/admin/staff/import`."""

    text: str = ""
    step: str = "try"
    csrf: str = ""


@get("/admin/staff/import", include_in_schema=False, guards=[needs(*RIGHTS[Deed.ADD])])
async def import_page(request: Asked, session: NamedDependency[Session], city: NamedDependency[City]) -> Response[Any]:
    """Asks for a file of accounts."""
    return _import(request, session, city, "", None)


@post("/admin/staff/import", include_in_schema=False, guards=[needs(*RIGHTS[Deed.ADD])])
async def import_staff(
    request: Asked,
    data: URLEncodedBody[FileForm],
    session: NamedDependency[Session],
    city: NamedDependency[City],
    db: NamedDependency[Database],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """Shows what a file of accounts would do; does it, all or nothing, when that was seen."""
    text = data.text.replace("\x00", "")
    async with db.transaction(session.actor.acting) as tx:
        found = await overseen.difference(tx, session.actor, text)
    if data.step != "decide" or not found.does_something:
        return _import(request, session, city, text, found, status=422 if found.problems else 200)
    async with db.transaction(session.actor.acting) as tx:
        added = await overseen.carry_out(tx, session.actor, text, now, address(request))
    changed = sum(turn.deed == "change" for turn in found.turns)
    return page(request, "people/imported.html", session=session, added=added, changed=changed)


def _import(request: Asked, session: Session, city: City, text: str, found: Difference | None, status: int = 200) -> Response[Any]:
    return page(
        request,
        "people/import.html",
        status=status,
        session=session,
        city=city,
        text=text,
        found=found,
        role_names=ROLE_NAMES,
        words={"add": "新增", "change": "变更", "same": "不变"},
    )


class EndForm(msgspec.Struct, frozen=True):
    """Of `/admin/sessions`."""

    session: str = ""
    csrf: str = ""


@get("/admin/sessions", include_in_schema=False, guards=[needs(*RIGHTS[Deed.SEE_SESSIONS])])
async def sessions_page(
    request: Asked,
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    now: NamedDependency[datetime],
    q: FromQuery[str] = "",
) -> Response[Any]:
    """Who is signed in."""
    return await _sessions(request, session, db, settings, now, q)


@post("/admin/sessions", include_in_schema=False, guards=[needs(*RIGHTS[Deed.END_SESSION])])
async def end_session(
    request: Asked,
    data: URLEncodedBody[EndForm],
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """Signs somebody out."""
    try:
        async with db.transaction(session.actor.acting) as tx:
            login = await overseen.end_session(tx, session.actor, data.session, now, address(request))
    except (Refused, NotFound) as refused:
        status = 404 if isinstance(refused, NotFound) else 403
        return await _sessions(request, session, db, settings, now, "", refused=str(refused), status=status)
    return await _sessions(request, session, db, settings, now, "", ended=login)


async def _sessions(
    request: Asked,
    session: Session,
    db: Database,
    settings: Settings,
    now: datetime,
    query: str,
    *,
    ended: str = "",
    refused: str = "",
    status: int = 200,
) -> Response[Any]:
    async with db.transaction(session.actor.acting) as tx:
        rows = await overseen.sessions(tx, session.actor, query[:100], settings, now)
    return page(
        request,
        "people/sessions.html",
        status=status,
        session=session,
        rows=rows,
        query=query,
        ended=ended,
        refused=refused,
        role_names=ROLE_NAMES,
        most=overseen.SESSIONS,
    )


async def provide_search(
    by: FromQuery[str] = "",
    action: FromQuery[str] = "",
    subject: FromQuery[str] = "",
    ticket: FromQuery[str] = "",
    where: FromQuery[str] = "",
    result: FromQuery[str] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    before: FromQuery[str] = "",
) -> Search:
    """Dependency `search`: what is looked for in the audit; a day that is none is passed over."""
    by, action, subject, ticket, where = (word.strip()[:200] for word in (by, action, subject, ticket, where))
    kind = result if result in ("done", "refused") else ""
    return Search(by, action, subject, ticket, where, kind, _day(since), _day(until), before)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


SEARCH: Final = {"search": Provide(provide_search)}


@get("/admin/audit", include_in_schema=False, guards=[needs(*RIGHTS[Deed.READ_AUDIT])], dependencies=SEARCH)
async def audit_page(
    request: Asked,
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    search: NamedDependency[Search],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """The audit, newest first: by who, what, ticket, days, address."""
    async with db.transaction(trail.acting(session.actor)) as tx:
        found = await trail.search(tx, session.actor, search, _zone(city), now)
    asked = {
        "by": search.actor, "action": search.action, "subject": search.subject, "ticket": search.ticket, "where": search.address,
        "result": search.result, "since": search.since or "", "until": search.until or "",
    }  # fmt: skip
    words = urlencode({name: str(value) for name, value in asked.items() if value})
    return page(
        request,
        "people/audit.html",
        session=session,
        rows=[telling.told(row, city, translator(language(request))) for row in found.rows],
        actions=_deeds(search.action),
        asked=asked,
        next=f"/admin/audit?{words}&before={found.next}" if found.next else "",
        first=f"/admin/audit?{words}" if search.before else "",
        file=f"/admin/audit.csv?{words}",
        most=trail.MOST_TAKEN,
        days=trail.DAYS,
    )


def _deeds(asked: str) -> list[tuple[str, str]]:
    """What can be chosen: all deeds of a kind, one deed; what was asked for otherwise stays to be seen."""
    known = [*oversight_words.GROUPS.items(), *oversight_words.ACTIONS.items()]
    return known if not asked or asked in dict(known) else [*known, (asked, asked)]


@get("/admin/audit.csv", include_in_schema=False, guards=[needs(*RIGHTS[Deed.READ_AUDIT])], dependencies=SEARCH)
async def audit_file(
    request: Asked,
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    search: NamedDependency[Search],
    now: NamedDependency[datetime],
) -> Response[Any]:
    """What the search finds as a file; that it was taken is written into the audit."""
    async with db.transaction(trail.acting(session.actor)) as tx:
        text, _count = await trail.taken(tx, session.actor, search, _zone(city), now, address(request))
    named = f'attachment; filename="audit-{now:%Y%m%d-%H%M}.csv"'
    return Response(text.encode("utf-8-sig"), media_type="text/csv", headers={"Content-Disposition": named, "Cache-Control": "no-store"})


def _zone(city: City) -> ZoneInfo:
    return ZoneInfo(city.pack.city.timezone)


async def _do(tx: Any, actor: Actor, form: StaffForm, now: datetime, where: str) -> str:
    """Does it, and gives the password that is to be told, if there is one."""
    match form.deed:
        case Deed.ADD:
            new = NewStaff(form.login.strip(), form.name, form.chosen, form.unit.strip())
            return (await service.add_staff(tx, actor, new, now, where)).password
        case Deed.RESET:
            return await service.reset(tx, actor, form.login, now, where)
        case Deed.DISABLE:
            await service.disable(tx, actor, form.login, now, where)
        case Deed.ENABLE:
            await service.enable(tx, actor, form.login, now, where)
        case Deed.UNLOCK:
            await service.unlock(tx, actor, form.login, now, where)
        case Deed.CHANGE_ROLES:
            await service.change_roles(tx, actor, form.login, form.chosen, now, where)
        case Deed.CHANGE_UNIT:
            await overseen.change_unit(tx, actor, form.login, form.unit.strip(), now, where)
        case Deed.LIST | Deed.READ_AUDIT | Deed.REVEAL | Deed.SEE_SESSIONS | Deed.END_SESSION | Deed.SEE_KEYS:
            raise Refused("这项操作不在本页办理。")
    return ""


ON_ACCOUNTS: Final = (Deed.ENABLE, Deed.DISABLE, Deed.RESET, Deed.UNLOCK)
"""What is done to an account in its row."""


async def _staff(
    request: Asked,
    session: Session,
    db: Database,
    city: City,
    now: datetime,
    *,
    after: str = "",
    filters: Filters | None = None,
    form: StaffForm | None = None,
    error: tuple[str, str] | None = None,
    done: StaffForm | None = None,
    told: str = "",
    status: int = 200,
) -> Response[Any]:
    wanted = filters or Filters()
    async with db.transaction(session.actor.acting) as tx:
        accounts = await overseen.listed(tx, session.actor, wanted, after, now)
    may = {str(a.id): [d for d in Deed if not policy.refusal_on(session.actor, d, str(a.id), a.roles)] for a in accounts}
    asked = {"q": wanted.query, "unit": wanted.unit, "role": wanted.role or "", "standing": wanted.standing or ""}
    words = urlencode({name: str(value) for name, value in asked.items() if value})
    return page(
        request,
        "people/staff.html",
        status=status,
        session=session,
        accounts=accounts,
        may=may,
        acts=any(not policy.refusal(session.actor, deed) for deed in ON_ACCOUNTS),
        deeds=Deed,
        adds=not policy.refusal(session.actor, Deed.ADD),
        roles=[(role, name) for role, name in ROLE_NAMES.items() if role in policy.STAFF_ROLES - policy.ADMINISTRATORS],
        all_roles=[(role, name) for role, name in ROLE_NAMES.items() if role in policy.STAFF_ROLES],
        role_names=ROLE_NAMES,
        standings=STANDINGS,
        asked=asked,
        units=[(u.code, u.name) for u in city.pack.units if u.first_level],
        now=now,
        form=form,
        error=error,
        done=done,
        told=told,
        next=f"/admin/staff?{words}&after={quote(accounts[-1].login)}" if len(accounts) == overseen.PAGE else "",
        first=f"/admin/staff?{words}" if after else "",
    )


def _second_factor(request: Asked, held: Held, offer: Offer | None, next: str, refused: str, status: int) -> Response[Any]:
    return page(request, "people/second_factor.html", status=status, half=held.session, offer=offer, next=local(next), refused=refused)


async def _offered_again(db: Database, vault: Vault, session: Session, ticket: str, now: datetime) -> tuple[Offer | None, bool]:
    """What was offered, and whether it is still the same; a fresh offer when that one no longer holds."""
    async with db.transaction(NOBODY) as tx:
        try:
            return await service.offer(tx, vault, session, ISSUER, now, ticket), True
        except Invalid:
            return await service.offer(tx, vault, session, ISSUER, now), False


def _password(request: Asked, session: Session, next: str, errors: dict[str, str], status: int, *, changed: bool = False) -> Response[Any]:
    return page(request, "people/password.html", status=status, session=session, next=local(next), errors=errors, changed=changed)


def _step(session: Session) -> str:
    """Where somebody with a session goes on."""
    if session.awaiting_second_factor:
        return "/login/second-factor"
    return "/password" if session.must_change else DESK


def _onward(step: str, next: str) -> Redirect:
    """To the next step, which remembers where one wanted to go; after the last, there."""
    wanted = local(next) if next else DESK
    if step != DESK:
        return Redirect(f"{step}?next={quote(wanted, safe='/')}", status_code=303)
    return Redirect(wanted, status_code=303)


routes = (
    login_page,
    login,
    second_factor_page,
    second_factor,
    logout,
    password_page,
    change_password,
    staff_page,
    administer,
    import_page,
    import_staff,
    sessions_page,
    end_session,
    audit_page,
    audit_file,
)
