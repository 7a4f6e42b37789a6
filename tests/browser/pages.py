"""Every page that is looked at in a real browser: by axe, with the keyboard, at both widths, light and dark, and for `make screenshots`.

A new page is entered here, a line each. Its address may hold `{ticket}`, `{code}`, `{entry}` (see `city.City.known`).
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


PAGES = (
    # Residents
    Page("front", "/"),
    Page("track", "/track"),
    Page("progress", "/ticket/{ticket}?code={code}"),
    Page("my", "/my"),
    Page("problem", "/nowhere"),
    Page("login", "/login"),
    # Everybody who works here
    Page("styleguide", "/styleguide"),
    Page("password", "/password", Role.OPERATOR),
    # Desks
    Page("operator", "/desk/operator", Role.OPERATOR),
    Page("dispatch", "/desk/dispatch", Role.DISPATCHER),
    Page("load", "/desk/load", Role.SUPERVISOR),
    Page("ticket", "/desk/ticket/{ticket}", Role.SUPERVISOR),
    Page("tickets", "/desk/tickets", Role.SUPERVISOR),
    Page("tickets-narrowed", "/desk/tickets?light=red&rating=none", Role.SUPERVISOR),
    Page("rate-void", "/rate/nothing"),
    Page("unit", "/desk/unit", Role.HANDLER),
    Page("review", "/desk/review", Role.REVIEWER),
    Page("review-second", "/desk/review?tab=second", Role.REVIEWER),
    Page("callback", "/desk/callback", Role.CALL_BACK),
    Page("supervisor", "/desk/supervisor", Role.SUPERVISOR),
    Page("disputes", "/desk/disputes", Role.SUPERVISOR),
    Page("groups", "/desk/groups", Role.SUPERVISOR),
    Page("campaigns", "/desk/campaigns", Role.SUPERVISOR),
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
    Page("settings", "/admin/settings", Role.SYSTEM_ADMIN),
    Page("sessions", "/admin/sessions", Role.SECURITY_ADMIN),
    Page("keys", "/admin/keys", Role.SECURITY_ADMIN),
    Page("audit", "/admin/audit", Role.AUDIT_ADMIN),
    Page("answering", "/desk/answering", Role.SUPERVISOR),
    Page("consultations", "/desk/consultations", Role.DISPATCHER),
    Page("leaders", "/leaders"),
)
