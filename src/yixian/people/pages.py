"""The pages of signing in, of one's password, of accounts and of the audit."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Redirect

from yixian.city.inforce import City
from yixian.db.pool import NOBODY, Database
from yixian.people import audit, policy, service, sessions
from yixian.people.api import ISSUER
from yixian.people.attempts import Attempts
from yixian.people.audit import Search
from yixian.people.guards import needs
from yixian.people.model import Actor, Role, Session
from yixian.people.policy import RIGHTS, Deed
from yixian.people.refusals import Invalid, NotFound, Refused, SignInRefused, TooManyAttempts
from yixian.people.secrets import Vault
from yixian.people.service import NewStaff, Offer
from yixian.people.sessions import Held, address
from yixian.people.words import ROLE_NAMES
from yixian.settings import Settings
from yixian.web.render import page
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


@get("/admin/staff", include_in_schema=False, guards=[needs(*RIGHTS[Deed.LIST])])
async def staff_page(
    request: Asked,
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    city: NamedDependency[City],
    now: NamedDependency[datetime],
    after: FromQuery[str] = "",
) -> Response[Any]:
    """The accounts, with what this administrator may do to each."""
    return await _staff(request, session, db, city, now, after=after)


@post("/admin/staff", include_in_schema=False, guards=[needs(*RIGHTS[Deed.LIST])])
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


@get("/admin/audit", include_in_schema=False, guards=[needs(*RIGHTS[Deed.READ_AUDIT])])
async def audit_page(
    request: Asked,
    session: NamedDependency[Session],
    db: NamedDependency[Database],
    now: NamedDependency[datetime],
    by: FromQuery[str] = "",
    action: FromQuery[str] = "",
    subject: FromQuery[str] = "",
    before: FromQuery[str] = "",
) -> Response[Any]:
    """The audit, newest first."""
    asked = {"by": by, "action": action, "subject": subject}
    async with db.transaction(session.actor.acting) as tx:
        found = await audit.search(tx, session.actor, Search(actor=by, action=action, subject=subject, before=before), now)
    here = f"/admin/audit?{urlencode(asked)}"
    return page(
        request,
        "people/audit.html",
        session=session,
        rows=found.rows,
        asked=asked,
        next=f"{here}&before={found.next}" if found.next else "",
        first=here if before else "",
    )


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
        case Deed.LIST | Deed.READ_AUDIT | Deed.REVEAL:
            raise Refused("这项操作不在本页办理。")
    return ""


async def _staff(
    request: Asked,
    session: Session,
    db: Database,
    city: City,
    now: datetime,
    *,
    after: str = "",
    form: StaffForm | None = None,
    error: tuple[str, str] | None = None,
    done: StaffForm | None = None,
    told: str = "",
    status: int = 200,
) -> Response[Any]:
    async with db.transaction(session.actor.acting) as tx:
        accounts = await service.staff_list(tx, session.actor, after)
    may = {str(a.id): [d for d in Deed if not policy.refusal_on(session.actor, d, str(a.id), a.roles)] for a in accounts}
    return page(
        request,
        "people/staff.html",
        status=status,
        session=session,
        accounts=accounts,
        may=may,
        deeds=Deed,
        adds=not policy.refusal(session.actor, Deed.ADD),
        roles=[(role, name) for role, name in ROLE_NAMES.items() if role in policy.STAFF_ROLES - policy.ADMINISTRATORS],
        role_names=ROLE_NAMES,
        units=[(u.code, u.name) for u in city.pack.units if u.first_level],
        now=now,
        form=form,
        error=error,
        done=done,
        told=told,
        next=f"/admin/staff?after={quote(accounts[-1].login)}" if len(accounts) == service.PAGE else "",
        first="/admin/staff" if after else "",
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
    audit_page,
)
