"""The ways to pages that no address leads to: what somebody does on the page at the address until the one to be looked at has come."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from tests.browser import changing, lives
from yixian.app import clock
from yixian.people.model import Role

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

    from tests.browser.driving import Driver

Way = Callable[["Driver", "Tab"], None]

LAMP: Final = "海珠区江南中街紫金大街路灯坏了三天，晚上很黑"
SMOKE: Final = "我家厨房好像有焦味，不知道是不是着火，怎么办"
QUESTION: Final = "请问租房怎样提取公积金，要准备什么材料？"
UNHEARD: Final = "请问月球上的社区食堂周末几点开门？"


def look(text: str) -> Way:
    """What was understood of `text`."""

    def way(driver: Driver, tab: Tab) -> None:
        tab.fill("#text", text)
        tab.click("button[name=step][value=look]")
        tab.wait_for_url("**/say")

    return way


def corrected(driver: Driver, tab: Tab) -> None:
    """Another matter than the one that was understood, and what is said besides."""
    look("楼下太吵了睡不着")(driver, tab)
    tab.locator("#meant .chip").last.click()
    tab.locator("details.sheet > summary").last.click()


def told(text: str, phone: str = "", *, questions: bool = False) -> Way:
    """What became of `text`; once more where there was something to look at first."""

    def way(driver: Driver, tab: Tab) -> None:
        look(text)(driver, tab)
        if tab.locator("#phone").count():
            tab.fill("#phone", phone)
            _submitted(tab)
        tab.wait_for_selector("[data-draft-done=say]")

    return way


def told_again(driver: Driver, tab: Tab) -> None:
    """The same caller about the same matter."""
    lives.said(driver, LAMP, "13911141001")
    told(LAMP, "13911141001")(driver, tab)


def insisted(driver: Driver, tab: Tab) -> None:
    """The answer was none, or a person is wanted."""
    told(QUESTION)(driver, tab)
    tab.click("form[action='/say'] button")
    tab.wait_for_selector("form.say")


def helped(driver: Driver, tab: Tab) -> None:
    """The answer was of use."""
    told(QUESTION)(driver, tab)
    tab.click("form[action='/helped'] button")
    tab.wait_for_url("**/helped")


def _submitted(tab: Tab) -> None:
    tab.locator("form.say .buttons button.primary").last.click()


def screens(count: int) -> Way:
    """So many questions of the large print answered."""

    def way(driver: Driver, tab: Tab) -> None:
        tab.locator("a.big-button").first.click()
        answers = (("textarea", LAMP, "#place"), ("#place", "紫金大街 12 号门口", "#phone"), ("#phone", "13911141007", ".said-so-far"))
        tab.wait_for_selector("textarea")
        for field, text, then in answers[:count]:
            tab.fill(field, text)
            tab.locator("button.primary").click()
            tab.wait_for_selector(then)
        if count > len(answers):
            tab.locator("button.primary").click()
            tab.wait_for_selector(".codes")

    return way


def citizen(action: str, **fields: str) -> Way:
    """What a citizen did on the page of their ticket."""

    def way(driver: Driver, tab: Tab) -> None:
        form = tab.locator(f"form[action$='/{action}']")
        form.evaluate("form => form.closest('details')?.setAttribute('open', '')")
        for name, value in fields.items():
            field = form.locator(f"[name={name}]")
            if field.first.get_attribute("type") == "radio":
                form.locator(f"[name={name}][value='{value}']").check(force=True)
            else:
                field.fill(value)
        form.locator("button.primary, button.danger, button").last.click()
        tab.wait_for_selector("[role=status].good, [role=alert]")

    return way


def code_sent(phone: str, times: int = 1) -> Way:
    """A code was asked for."""

    def way(driver: Driver, tab: Tab) -> None:
        for _ in range(times):
            tab.goto("/my")
            tab.fill("#phone", phone)
            tab.click("form[action='/my/code'] button")
            tab.wait_for_selector("#code")

    return way


def all_of_a_number(driver: Driver, tab: Tab) -> None:
    """The tickets of a number that was proven."""
    code_sent("13900138000")(driver, tab)
    shown = "".join(c for c in tab.inner_text(".notice.info") if c.isdigit())
    tab.fill("#code", shown[-6:])
    tab.click("form[action='/my/enter'] button")
    tab.wait_for_selector(".ticket-cards")


def refused_at_the_door(driver: Driver, tab: Tab) -> None:
    """A wrong password."""
    _signs_in(tab, "nobody", "wrong horse battery staple")
    tab.wait_for_selector("[role=alert], .notice.bad")


def owes_the_second_factor(driver: Driver, tab: Tab) -> None:
    """Signed in with a password, where the installation asks for more."""
    _signs_in(tab, "analyst", driver.city.passwords["analyst"])
    tab.wait_for_url("**/desk/**")
    # Away from a desk that may only now be asking for its live numbers: they are not for half a sign-in.
    tab.goto("about:blank")
    changing.as_owner(
        driver, "UPDATE session SET full_login = false WHERE token_hash = (SELECT token_hash FROM session ORDER BY created_at DESC LIMIT 1)"
    )
    tab.goto("/login/second-factor")
    tab.wait_for_selector("#secret")


def wrong_second_factor(driver: Driver, tab: Tab) -> None:
    """A code that is none."""
    owes_the_second_factor(driver, tab)
    tab.fill("#one_time", "000000")
    tab.click("form[action='/login/second-factor'] button")
    tab.wait_for_selector(".notice.bad")


def _signs_in(tab: Tab, login: str, password: str) -> None:
    tab.fill("input[name=login]", login)
    tab.fill("input[name=password]", password)
    tab.press("input[name=password]", "Enter")


def password_refused(driver: Driver, tab: Tab) -> None:
    """Two new passwords that differ."""
    for field, text in (("old", "x"), ("new", "four harbour lamps glow"), ("again", "five harbour lamps glow")):
        tab.fill(f"#{field}", text)
    tab.click("form[action='/password'] button")
    tab.wait_for_selector("[aria-invalid=true]")


def typed(driver: Driver, tab: Tab) -> None:
    """A contact in hand: who calls, and what is understood while one types."""
    tab.fill("#phone", "13900138000")
    tab.fill("#text", LAMP)
    tab.wait_for_selector("#op-beside [data-put=matter]")
    tab.wait_for_selector("#op-saved:has-text('已保存')")


def call_over(driver: Driver, tab: Tab) -> None:
    """The call has ended, and what the operator reads out stands there."""
    tab.fill("#phone", "13800138077")
    tab.fill("#text", "海珠区江南中街的路灯不亮")
    tab.wait_for_selector("#op-beside [data-put=matter]")
    tab.keyboard.press("Alt+1")
    tab.keyboard.press("Control+Enter")
    tab.wait_for_selector("#op-receipt .op-read")
    tab.keyboard.press("Alt+h")
    tab.wait_for_selector("#op-bar .op-now .tag:text-is('话后')")


def nothing_typed(driver: Driver, tab: Tab) -> None:
    """A ticket of nothing."""
    tab.keyboard.press("Control+Enter")
    tab.wait_for_selector("#op-errors .notice")


def everything_open(driver: Driver, tab: Tab) -> None:
    """Every action that folds, unfolded."""
    tab.evaluate("document.querySelectorAll('main details:not(.menu)').forEach((fold) => { fold.open = true; })")


def checked_answer(driver: Driver, tab: Tab) -> None:
    """What an answer lacks, said before it is sent."""
    tab.fill("#reply-answer", "已处理。联系人张三 13800138000")
    tab.click("button[formaction$='/check']")
    tab.wait_for_load_state()


def overtaken(driver: Driver, tab: Tab) -> None:
    """Somebody was faster: what they did stands there, and what was typed."""
    number = tab.url.rpartition("/")[2]
    lives.step(driver, Role.SUPERVISOR, number, "urge", {"note": "请尽快"})
    form = tab.locator("#do-contact")
    form.evaluate("form => form.closest('details')?.setAttribute('open', '')")
    form.locator("textarea").fill("下午两点再次联系，市民在家等候")
    form.locator("button").last.click()
    tab.wait_for_selector(".notice.warn")


def first_suggestion_taken(driver: Driver, tab: Tab) -> None:
    """Dispatched with one key, and the next one is there."""
    for n in range(3):
        lives.said(driver, f"天河区石牌东路有人把东西乱放，影响通行，{950 + n}号门前", f"1390016{950 + n:04}")
    tab.reload()
    queue = tab.locator("[data-queue] [data-row] a")
    for address in [queue.nth(n).get_attribute("href") for n in range(queue.count())]:
        tab.goto(address or "")
        if tab.locator('button[data-key="1"]:not([data-asks])').count():
            with tab.expect_navigation():
                tab.keyboard.press("1")
            return
    raise AssertionError("nothing that could be dispatched")


def many_urged(driver: Driver, tab: Tab) -> None:
    """What came of doing one thing to many."""
    for tick in tab.locator("input[name=ticket]").all()[:3]:
        tick.check(force=True)
    tab.locator("#bulk-box > summary").click()
    tab.fill("#bulk-note", "请尽快办理")
    tab.click("#bulk button[value=urge]")
    tab.wait_for_url("**/bulk")


def nothing_ticked(driver: Driver, tab: Tab) -> None:
    """One thing to be done to none."""
    tab.locator("#bulk-box > summary").click()
    tab.fill("#bulk-note", "请尽快办理")
    tab.click("#bulk button[value=urge]")
    tab.wait_for_selector("[role=alert]")


def number_shown(driver: Driver, tab: Tab) -> None:
    """The caller's number in clear, the folds open."""
    tab.keyboard.press("p")
    tab.wait_for_selector("a.phone")
    everything_open(driver, tab)


def an_event(driver: Driver, tab: Tab) -> None:
    """What five neighbours told of, once the worker has seen that it is one thing."""
    for n in range(5):
        lives.said(driver, f"海珠区滨江街道滨江东路 88 号楼电梯坏了，老人下不了楼，第{n + 1}次反映", f"1391114300{n}")
    for _ in range(60):
        if tab.locator("tr[data-row] a, [data-row] a").count():
            break
        tab.wait_for_timeout(500)
        tab.reload()
    tab.locator("[data-row] a").first.click()
    tab.wait_for_selector("#tickets")


def there_are(*lives: str) -> Way:
    """The list with such tickets on it: an empty one shows little of itself."""

    def way(driver: Driver, tab: Tab) -> None:
        assert all(driver.known[life] for life in lives)
        tab.reload()

    return way


def the_busiest_unit(driver: Driver, tab: Tab) -> None:
    """What it has in hand."""
    tab.goto("/desk/load?order=open")
    tab.locator("[data-row] th a").first.click()
    tab.wait_for_selector("table.tickets [data-row]")


def one_was_asked(driver: Driver, tab: Tab) -> None:
    """Units were asked whether a ticket is theirs."""
    number = driver.known["open:asked-of-units"]
    tab.goto(f"/desk/ticket/{number}/consultation")
    tab.click("form[action$='/consultation'] button.primary")
    tab.wait_for_load_state()
    tab.goto("/desk/consultations")
    tab.wait_for_selector("[data-row]")


def disputes_there_are(driver: Driver, tab: Tab) -> None:
    """The list, once the worker has seen that its unit says a ticket is not its own."""
    assert driver.known["disputed"]
    row = tab.locator("[data-row] a[href^='/desk/disputes/']").first
    for _ in range(60):
        tab.reload()
        if row.count():
            return
        tab.wait_for_timeout(500)
    raise AssertionError("no dispute")


def a_dispute(driver: Driver, tab: Tab) -> None:
    """One of the disputes, opened from the list."""
    disputes_there_are(driver, tab)
    tab.locator("[data-row] a[href^='/desk/disputes/']").first.click()
    tab.wait_for_url(re.compile(r"/desk/disputes/[0-9a-f-]{36}"))


def a_campaign(driver: Driver, tab: Tab) -> None:
    """A campaign's board, as it is drafted."""
    _fill(tab, name=f"夜间亮灯专项{len(driver.known)}", purpose="夜间照明集中整治", basis="市政府工作要点", first_day="2031-03-03",
          last_day="2031-04-30", matters="UM0101", lead=lives.home_of_the_handler())  # fmt: skip
    tab.wait_for_url(re.compile(r"/desk/campaigns/[0-9a-f-]{36}"))


def campaign_revised(driver: Driver, tab: Tab) -> None:
    """The same campaign, its draft opened once more."""
    a_campaign(driver, tab)
    tab.goto(f"{tab.url.partition('?')[0]}/revise")


def campaigns_tickets(driver: Driver, tab: Tab) -> None:
    """What counts towards it."""
    a_campaign(driver, tab)
    tab.goto(f"{tab.url.partition('?')[0]}/tickets")


def a_leaders_day(driver: Driver, tab: Tab) -> None:
    """A day on which a leader answers, as it is planned."""
    _fill(tab, unit=lives.home_of_the_handler(), leader="分管副主任", day=f"{clock().date() + timedelta(days=7)}")
    tab.wait_for_url(re.compile(r"/desk/answering/[0-9a-f-]{36}"))


def leaders_own_page(driver: Driver, tab: Tab) -> None:
    """What residents see of that day, with the box for a question."""
    a_leaders_day(driver, tab)
    tab.locator("form[action$='/publish'] button").click()
    tab.wait_for_url("**done=publish**")
    tab.goto(re.sub(r".*/desk/answering/([0-9a-f-]{36}).*", r"/leaders/\1", tab.url))


def link_sent(driver: Driver, tab: Tab) -> None:
    """The link that whoever could not be reached gets, as the demo shows it."""
    tab.locator("form[action$='/link'] button").click()
    tab.wait_for_selector("text=/rate/")


def behind_the_link(driver: Driver, tab: Tab) -> None:
    """The page to rate on, without signing in."""
    link_sent(driver, tab)
    found = re.search(r"/rate/[\w-]+", tab.inner_text("main"))
    assert found
    tab.goto(found[0])


def _fill(tab: Tab, **fields: str) -> None:
    for name, text in fields.items():
        tab.fill(f"main [name={name}]", text)
    tab.locator("main form:has([name=csrf]) button.primary, main form:has([name=csrf]) button[type=submit]").last.click()


WAYS: Final[Mapping[str, Way]] = {
    **changing.WAYS,
    "look": look(LAMP),
    "a-dispute": a_dispute,
    "disputes-there-are": disputes_there_are,
    "work-there-is": there_are("in_hand", "in_hand:second", "answered"),
    "answers-there-are": there_are("answered", "answered:second"),
    "the-busiest-unit": the_busiest_unit,
    "one-was-asked": one_was_asked,
    "a-campaign": a_campaign,
    "campaign-revised": campaign_revised,
    "campaigns-tickets": campaigns_tickets,
    "a-leaders-day": a_leaders_day,
    "leaders-own-page": leaders_own_page,
    "link-sent": link_sent,
    "behind-the-link": behind_the_link,
    "asked-where": look("路灯不亮，晚上黑麻麻"),
    "corrected": corrected,
    "nothing-said": look(""),
    "told": told(LAMP, "13911141002"),
    "told-alarm": told(SMOKE, "13911141003"),
    "told-emergency": told("着火了着火了，我家厨房着火了，火很大，快来救火"),
    "told-giving-up": told("我不想活了，站在天台边，帮我照顾妈妈"),
    "told-again": told_again,
    "answered": told(QUESTION),
    "not-answered": told(UNHEARD, "13911141004"),
    "insisted": insisted,
    "helped": helped,
    "screen-what": screens(0),
    "screen-where": screens(1),
    "screen-who": screens(2),
    "screen-check": screens(3),
    "screen-told": screens(4),
    "supplemented": citizen("supplement", note="补充：门牌是 12 号，晚上八点以后全黑。"),
    "chased": citizen("urge", note="已经两天了。"),
    "withdrawn": citizen("withdraw", note="问题已经解决。"),
    "rated": citizen("rate", response="5", solution="5", attitude="4", words="修得很快"),
    "rated-badly": citizen("rate", response="2", solution="1", attitude="2", words="还是不亮"),
    "code-sent": code_sent("13911141005"),
    "code-too-often": code_sent("13911141006", 2),
    "all-of-a-number": all_of_a_number,
    "refused-at-the-door": refused_at_the_door,
    "owes-the-second-factor": owes_the_second_factor,
    "wrong-second-factor": wrong_second_factor,
    "password-refused": password_refused,
    "typed": typed,
    "call-over": call_over,
    "nothing-typed": nothing_typed,
    "everything-open": everything_open,
    "checked-answer": checked_answer,
    "overtaken": overtaken,
    "first-suggestion-taken": first_suggestion_taken,
    "many-urged": many_urged,
    "nothing-ticked": nothing_ticked,
    "number-shown": number_shown,
    "an-event": an_event,
}
"""By the names that `pages.PAGES` uses."""
