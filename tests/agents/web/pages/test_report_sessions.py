"""Reports whose session ends in the middle, and drafts that grow old."""

import datetime as dt
import json

from agents.web.gate import Gateway
from tests.agents.web.conftest import WORKER, Make, Running
from tests.agents.web.pages.test_pages import text_of
from tests.agents.web.pages.test_reports import ACCIDENT, Report
from tests.support.browser import Browser, Clock


def test_what_was_typed_when_the_session_ran_out_is_there_after_the_next_sign_in(
    gateway: Running, make: Make, clock: Clock, unhurried: None
) -> None:
    make("clinic:lapsing")
    browser = Browser(gateway[1])
    browser.sign_in("clinic:lapsing")
    report = Report(browser)
    report.fill({"who": ACCIDENT["who"]})
    clock.at += dt.timedelta(hours=1)
    found = report.put("what", ACCIDENT["what"])
    assert found.headers["location"] == f"/sign-in?back={report.home}/what"
    assert browser.ask("GET", f"{report.home}/what").headers["location"].startswith("/sign-in")
    assert (report.send().status, report.at) == (303, f"/sign-in?back={report.home}/check")
    browser.sign_in("clinic:lapsing")
    assert 'value="2024-07-07"' in report.see("what") and "checked" in report.see("what")
    assert (report.put("what", ACCIDENT["what"]).status, report.at) == (303, "how")


def test_a_session_that_was_ended_by_hand_keeps_nothing_here(
    gateway: Running, make: Make, clock: Clock, unhurried: None
) -> None:
    """Of a disabled principal, or from another site. The answer is the door, and holds the form for who comes in."""
    make("clinic:ended")
    browser, stranger = Browser(gateway[1]), Browser(gateway[1])
    report = Report(browser)
    browser.sign_in("clinic:ended")
    report.fill({"who": ACCIDENT["who"]})
    token = browser.cookie
    clock.at += dt.timedelta(hours=1)
    stranger.cookie, stranger.site = token, "cross-site"
    assert Report(stranger, draft=report.home.rsplit("/", 1)[1]).put("what", ACCIDENT["what"]).status == 403
    gateway[0].access.disable("urn:santunan:clinic:ended", "test", clock.at)
    door = report.put("what", ACCIDENT["what"])
    assert (door.status, 'name="kept"' in door.raw.decode()) == (200, True)
    assert stored(gateway[0], report) == ["member"]


def stored(gateway: Gateway, report: Report) -> list[str]:
    """The names that the draft has answers to."""
    with gateway.access.reading() as connection:
        found = connection.exec_driver_sql(
            "SELECT answers FROM report_drafts WHERE id = ?", (report.home.rsplit("/", 1)[1],)
        ).scalar_one()
    return sorted(json.loads(found))


def test_a_draft_is_gone_after_the_time_of_the_setting(
    gateway: Running, make: Make, clock: Clock, unhurried: None
) -> None:
    make("clinic:slow")
    browser = Browser(gateway[1])
    browser.sign_in("clinic:slow")
    report = Report(browser)
    report.fill({"who": ACCIDENT["who"]})
    clock.at += dt.timedelta(hours=72)
    browser.sign_in("clinic:slow")
    assert WORKER not in report.see("who")
    assert browser.ask("GET", f"{report.home}/what").headers["location"] == "/report?said=gone"
    assert report.home not in text_of(browser.ask("GET", "/report"))
