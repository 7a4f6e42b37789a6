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
    door: str = ""
    """Where the way ends, as the door names it, if no address says so."""
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
    Page("second-factor", "/login", way="owes-the-second-factor", door="/login/second-factor", own=True),
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
    Page("load-unit", "/desk/load", Role.SUPERVISOR, way="the-busiest-unit", door="/desk/load/{unit:str}"),
    Page("rate-void", "/rate/nothing", status=404),
    Page("unit", "/desk/unit", Role.HANDLER, way="work-there-is"),
    Page("unit-ticket", "/desk/ticket/{in_hand}", Role.HANDLER, way="everything-open"),
    Page("unit-ticket-checked", "/desk/ticket/{in_hand}", Role.HANDLER, way="checked-answer"),
    Page("unit-ticket-overtaken", "/desk/ticket/{in_hand:overtaken}", Role.HANDLER, way="overtaken", status=409),
    Page("unit-ticket-printed", "/desk/ticket/{in_hand}/print", Role.HANDLER),
    Page("review", "/desk/review", Role.REVIEWER, way="answers-there-are"),
    Page("review-one", "/desk/review?ticket={answered}&done=pass&number={ticket}", Role.REVIEWER, way="everything-open"),
    Page("review-second", "/desk/review?tab=second", Role.REVIEWER),
    Page("callback", "/desk/callback", Role.CALL_BACK),
    Page("callback-one", "/desk/callback?tab=later&ticket={to_be_rated}", Role.CALL_BACK, way="number-shown"),
    Page("callback-link", "/desk/callback?tab=unreached&ticket={unreached:shown}", Role.CALL_BACK, way="link-sent"),
    Page(
        "rate", "/desk/callback?tab=unreached&ticket={unreached:followed}", Role.CALL_BACK, way="behind-the-link", door="/rate/{token:str}"
    ),
    Page("supervisor", "/desk/supervisor", Role.SUPERVISOR),
    Page("disputes", "/desk/disputes", Role.SUPERVISOR, way="disputes-there-are"),
    Page("dispute", "/desk/disputes", Role.SUPERVISOR, way="a-dispute", door="/desk/disputes/{dispute:uuid}"),
    Page("joint-review", "/desk/ticket/{disputed}/joint-review", Role.DISPATCHER),
    Page("consultation", "/desk/ticket/{open:asked}/consultation", Role.DISPATCHER),
    Page("groups", "/desk/groups", Role.SUPERVISOR),
    Page("group", "/desk/groups?which=all", Role.SUPERVISOR, way="an-event", door="/desk/groups/{group:uuid}"),
    Page("campaigns", "/desk/campaigns", Role.SUPERVISOR),
    Page("campaign", "/desk/campaigns/new", Role.SUPERVISOR, way="a-campaign", door="/desk/campaigns/{campaign:uuid}"),
    Page("campaign-new", "/desk/campaigns/new", Role.SUPERVISOR),
    Page("campaign-revised", "/desk/campaigns/new", Role.SUPERVISOR, way="campaign-revised", door="/desk/campaigns/{campaign:uuid}/revise"),
    Page(
        "campaign-tickets", "/desk/campaigns/new", Role.SUPERVISOR, way="campaigns-tickets", door="/desk/campaigns/{campaign:uuid}/tickets"
    ),
    # The rules
    Page("templates", "/desk/templates", Role.KNOWLEDGE_EDITOR),
    Page("list", "/desk/list", Role.KNOWLEDGE_EDITOR),
    Page("list-entry", "/desk/list/entry/{entry}", Role.KNOWLEDGE_EDITOR),
    Page("list-proposals", "/desk/list/proposals", Role.KNOWLEDGE_EDITOR),
    Page("list-propose", "/desk/list/propose", Role.KNOWLEDGE_EDITOR),
    Page("list-import", "/desk/list/import", Role.KNOWLEDGE_EDITOR),
    Page("list-compared", "/desk/list/import", Role.KNOWLEDGE_EDITOR, way="list-compared"),
    Page(
        "list-proposal",
        "/desk/list/propose?code={entry}",
        Role.KNOWLEDGE_EDITOR,
        way="proposed",
        door="/desk/list/proposals/{proposal:uuid}",
    ),
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
    Page("city-unit-closed-tried", "/admin/city/unit/close?code=gz.zoo", Role.SYSTEM_ADMIN, way="unit-closed-tried"),
    Page("city-unit-refused", "/admin/city/unit/add", Role.SYSTEM_ADMIN, way="not-filled-in", status=422),
    Page("city-queues", "/admin/city/queue", Role.SYSTEM_ADMIN),
    Page("city-queue", "/admin/city/queue/one?code=consumer", Role.SYSTEM_ADMIN),
    Page("city-queue-new", "/admin/city/queue/add", Role.SYSTEM_ADMIN),
    Page("city-queue-tried", "/admin/city/queue/change?code=consumer", Role.SYSTEM_ADMIN, way="queue-tried"),
    Page("city-matter", "/admin/city/matter/one?code=UM0101", Role.SYSTEM_ADMIN),
    Page("city-matter-new", "/admin/city/matter/add?parent=UM01", Role.SYSTEM_ADMIN),
    Page("city-matter-changing", "/admin/city/matter/change?code=UM0101", Role.SYSTEM_ADMIN),
    Page("city-matter-tried", "/admin/city/matter/change?code=UM0101", Role.SYSTEM_ADMIN, way="matter-tried"),
    Page("city-limit", "/admin/city/limit/one?code=help:normal:*", Role.SYSTEM_ADMIN),
    Page("city-limit-new", "/admin/city/limit/add", Role.SYSTEM_ADMIN),
    Page("city-day-new", "/admin/city/day/add", Role.SYSTEM_ADMIN),
    Page("city-hours", "/admin/city/hours/one?code=calendar", Role.SYSTEM_ADMIN),
    Page("city-hours-tried", "/admin/city/hours/change?code=calendar", Role.SYSTEM_ADMIN, way="hours-tried"),
    Page("city-lines", "/admin/city/line", Role.SYSTEM_ADMIN),
    Page("city-line-new", "/admin/city/line/add", Role.SYSTEM_ADMIN),
    Page("city-line-changed", "/admin/city/line/change?code=12350", Role.SYSTEM_ADMIN, way="line-changed"),
    Page("city-line-followed", "/admin/city/line/change?code=12322", Role.SYSTEM_ADMIN, way="line-followed"),
    Page("city-line-undone", "/admin/city/line/change?code=12396", Role.SYSTEM_ADMIN, way="line-undone"),
    Page("city-line-closing", "/admin/city/line/close?code=12317", Role.SYSTEM_ADMIN),
    Page("city-line-closed", "/admin/city/line/close?code=12317", Role.SYSTEM_ADMIN, way="line-closed"),
    Page("city-line-reopened", "/admin/city/line/close?code=12325", Role.SYSTEM_ADMIN, way="line-reopened"),
    Page("staff-import", "/admin/staff/import", Role.SECURITY_ADMIN),
    Page("staff-compared", "/admin/staff/import", Role.SECURITY_ADMIN, way="staff-compared"),
    Page("staff-not-read", "/admin/staff/import", Role.SECURITY_ADMIN, way="staff-not-read", status=422),
    Page("staff-added", "/admin/staff/import", Role.SECURITY_ADMIN, way="staff-added"),
    Page("settings", "/admin/settings", Role.SYSTEM_ADMIN),
    Page("sessions", "/admin/sessions", Role.SECURITY_ADMIN),
    Page("keys", "/admin/keys", Role.SECURITY_ADMIN),
    Page("audit", "/admin/audit", Role.AUDIT_ADMIN),
    Page("answering", "/desk/answering", Role.SUPERVISOR),
    Page("answering-new", "/desk/answering/new", Role.SUPERVISOR),
    Page("answering-one", "/desk/answering/new", Role.SUPERVISOR, way="a-leaders-day", door="/desk/answering/{answering:uuid}"),
    Page("consultations", "/desk/consultations", Role.DISPATCHER, way="one-was-asked"),
    Page("leaders", "/leaders"),
    Page("leader", "/desk/answering/new", Role.SUPERVISOR, way="leaders-own-page", door="/leaders/{answering:uuid}"),
)
