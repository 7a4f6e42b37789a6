"""Every page that is looked at in a real browser: by axe, with the keyboard, at both widths, light and dark, and for `make screenshots`.

A new page is entered here, a line each. Its address may hold `{ticket}`, `{code}`, `{entry}` (see `city.City.known`) and tickets that are
made for it (`lives.LIVES`). A page that comes after a form has a `way` to it.
"""

from __future__ import annotations

import msgspec

from yixian.people.model import Role


class Page(msgspec.Struct, frozen=True):
    """A page and who looks at it."""

    name: str
    """Of its pictures: letters and hyphens."""
    address: str
    role: Role | None = None
    """Nobody is signed in without one."""
    way: str = ""
    """What is done there until the page has come that is meant: a name of `ways.WAYS`."""
    status: int = 200
    """With which it answers, or what its script asked for: a refusal is looked at like any other page."""
    own: bool = False
    """In a browser of its own: the page changes who one is, or how one likes pages."""


PAGES = (
    # Residents
    Page("front", "/"),
    Page("track", "/track"),
    Page("progress", "/ticket/{ticket}?code={code}"),
    Page("my", "/my"),
    Page("problem", "/nowhere", status=404),
    Page("login", "/login"),
    # After their forms
    Page("look", "/", way="look"),
    Page("look-where", "/", way="asked-where"),
    Page("look-corrected", "/", way="corrected"),
    Page("say-refused", "/", way="nothing-said", status=422),
    Page("told", "/", way="told", status=201),
    Page("told-alarm", "/", way="told-alarm", status=201),
    Page("told-emergency", "/", way="told-emergency", status=201),
    Page("told-giving-up", "/", way="told-giving-up", status=201),
    Page("told-again", "/", way="told-again", status=201),
    Page("answer-found", "/", way="answered", status=201),
    Page("answer-not-found", "/", way="not-answered", status=201),
    Page("answer-insisted", "/", way="insisted"),
    Page("answer-helped", "/", way="helped", status=201),
    # In large print, one question a screen
    Page("elder", "/preference?look=elder&back=/", own=True),
    Page("elder-what", "/preference?look=elder&back=/", way="screen-what", own=True),
    Page("elder-where", "/preference?look=elder&back=/", way="screen-where", own=True),
    Page("elder-who", "/preference?look=elder&back=/", way="screen-who", own=True),
    Page("elder-check", "/preference?look=elder&back=/", way="screen-check", own=True),
    Page("elder-told", "/preference?look=elder&back=/", way="screen-told", own=True, status=201),
    Page("track-refused", "/ticket/{ticket}?code=WRONG234", status=404),
    Page("progress-to-rate", "/ticket/{to_be_rated_own}"),
    Page("progress-supplemented", "/ticket/{open_own:supplemented}", way="supplemented"),
    Page("progress-chased", "/ticket/{open_own:chased}", way="chased"),
    Page("progress-withdrawn", "/ticket/{open_own:withdrawn}", way="withdrawn"),
    Page("progress-rated", "/ticket/{to_be_rated_own:well}", way="rated"),
    Page("progress-rated-badly", "/ticket/{to_be_rated_own:badly}", way="rated-badly"),
    Page("my-code", "/my", way="code-sent", own=True),
    Page("my-too-often", "/my", way="code-too-often", own=True, status=429),
    Page("my-tickets", "/my", way="all-of-a-number", own=True),
    # Coming in
    Page("login-refused", "/login", way="refused-at-the-door", own=True, status=401),
    Page("second-factor", "/login", way="owes-the-second-factor", own=True),
    Page("second-factor-refused", "/login", way="wrong-second-factor", own=True, status=401),
    # Everybody who works here
    Page("styleguide", "/styleguide"),
    Page("password", "/password", Role.OPERATOR),
    Page("password-changed", "/password?done=1", Role.OPERATOR),
    Page("password-refused", "/password", Role.OPERATOR, way="password-refused", status=422),
    Page("forbidden", "/admin/staff", Role.OPERATOR, status=403),
    Page("no-such-ticket", "/desk/ticket/GZ2020010100001", Role.SUPERVISOR, status=404),
    # Desks
    Page("operator", "/desk/operator", Role.OPERATOR),
    Page("operator-typed", "/desk/operator?new=1", Role.OPERATOR, way="typed"),
    Page("operator-over", "/desk/operator?new=1", Role.OPERATOR, way="call-over"),
    Page("operator-refused", "/desk/operator?new=1", Role.OPERATOR, way="nothing-typed", status=422),
    Page("dispatch", "/desk/dispatch", Role.DISPATCHER),
    Page("dispatch-done", "/desk/dispatch", Role.DISPATCHER, way="first-suggestion-taken"),
    Page("load", "/desk/load", Role.SUPERVISOR),
    Page("ticket", "/desk/ticket/{ticket}", Role.SUPERVISOR),
    Page("ticket-printed", "/desk/ticket/{ticket}/print", Role.SUPERVISOR),
    Page("tickets", "/desk/tickets", Role.SUPERVISOR),
    Page("tickets-urged", "/desk/tickets", Role.SUPERVISOR, way="many-urged"),
    Page("tickets-none", "/desk/tickets", Role.SUPERVISOR, way="nothing-ticked", status=422),
    Page("tickets-narrowed", "/desk/tickets?light=red&rating=none", Role.SUPERVISOR),
    Page("tickets-unclear", "/desk/tickets?region=荔湾&unit=城管", Role.SUPERVISOR),
    Page("load-unit", "/desk/load/440105", Role.SUPERVISOR),
    Page("rate-void", "/rate/nothing", status=404),
    Page("unit", "/desk/unit", Role.HANDLER),
    Page("unit-ticket", "/desk/ticket/{in_hand}", Role.HANDLER, way="everything-open"),
    Page("unit-ticket-checked", "/desk/ticket/{in_hand}", Role.HANDLER, way="checked-answer"),
    Page("unit-ticket-overtaken", "/desk/ticket/{in_hand:overtaken}", Role.HANDLER, way="overtaken", status=409),
    Page("unit-ticket-printed", "/desk/ticket/{in_hand}/print", Role.HANDLER),
    Page("review", "/desk/review", Role.REVIEWER),
    Page("review-one", "/desk/review?ticket={answered}&done=pass&number={ticket}", Role.REVIEWER, way="everything-open"),
    Page("review-second", "/desk/review?tab=second", Role.REVIEWER),
    Page("callback", "/desk/callback", Role.CALL_BACK),
    Page("callback-one", "/desk/callback?tab=later&ticket={to_be_rated}", Role.CALL_BACK, way="number-shown"),
    Page("callback-link", "/desk/callback?tab=unreached&ticket={unreached:shown}", Role.CALL_BACK, way="link-sent"),
    Page("rate", "/desk/callback?tab=unreached&ticket={unreached:followed}", Role.CALL_BACK, way="behind-the-link"),
    Page("supervisor", "/desk/supervisor", Role.SUPERVISOR),
    Page("disputes", "/desk/disputes", Role.SUPERVISOR),
    Page("dispute", "/desk/disputes", Role.SUPERVISOR, way="a-dispute"),
    Page("joint-review", "/desk/ticket/{disputed}/joint-review", Role.DISPATCHER),
    Page("consultation", "/desk/ticket/{open:asked}/consultation", Role.DISPATCHER),
    Page("groups", "/desk/groups", Role.SUPERVISOR),
    Page("group", "/desk/groups?which=all", Role.SUPERVISOR, way="an-event"),
    Page("campaigns", "/desk/campaigns", Role.SUPERVISOR),
    Page("campaign", "/desk/campaigns/new", Role.SUPERVISOR, way="a-campaign"),
    Page("campaign-new", "/desk/campaigns/new", Role.SUPERVISOR),
    # The rules
    Page("templates", "/desk/templates", Role.KNOWLEDGE_EDITOR),
    Page("list", "/desk/list", Role.KNOWLEDGE_EDITOR),
    Page("list-entry", "/desk/list/entry/{entry}", Role.KNOWLEDGE_EDITOR),
    Page("list-proposals", "/desk/list/proposals", Role.KNOWLEDGE_EDITOR),
    Page("list-propose", "/desk/list/propose", Role.KNOWLEDGE_EDITOR),
    Page("list-import", "/desk/list/import", Role.KNOWLEDGE_EDITOR),
    Page("models", "/desk/models", Role.SUPERVISOR),
    # Administration
    Page("staff", "/admin/staff", Role.SYSTEM_ADMIN),
    Page("city", "/admin/city", Role.SYSTEM_ADMIN),
    Page("city-tried", "/admin/city/limit/change?code=help:normal:*", Role.SYSTEM_ADMIN, way="limit-tried"),
    Page("city-recounting", "/admin/city/day/add", Role.SYSTEM_ADMIN, way="recounting"),
    Page("city-units", "/admin/city/unit", Role.SYSTEM_ADMIN),
    Page("city-matters", "/admin/city/matter", Role.SYSTEM_ADMIN),
    Page("city-limits", "/admin/city/limit", Role.SYSTEM_ADMIN),
    Page("city-days", "/admin/city/day", Role.SYSTEM_ADMIN),
    Page("city-unit", "/admin/city/unit/one?code=440105", Role.SYSTEM_ADMIN),
    Page("city-unit-new", "/admin/city/unit/add", Role.SYSTEM_ADMIN),
    Page("staff-import", "/admin/staff/import", Role.SECURITY_ADMIN),
    Page("settings", "/admin/settings", Role.SYSTEM_ADMIN),
    Page("sessions", "/admin/sessions", Role.SECURITY_ADMIN),
    Page("keys", "/admin/keys", Role.SECURITY_ADMIN),
    Page("audit", "/admin/audit", Role.AUDIT_ADMIN),
    Page("answering", "/desk/answering", Role.SUPERVISOR),
    Page("answering-new", "/desk/answering/new", Role.SUPERVISOR),
    Page("answering-one", "/desk/answering/new", Role.SUPERVISOR, way="a-leaders-day"),
    Page("consultations", "/desk/consultations", Role.DISPATCHER),
    Page("leaders", "/leaders"),
    Page("leader", "/desk/answering/new", Role.SUPERVISOR, way="leaders-own-page"),
)
