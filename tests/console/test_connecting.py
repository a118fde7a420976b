"""Connecting a seat in a browser: to the practice Zoom's consent page and back."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sqlalchemy.orm import Session, sessionmaker

from console.connect_result import COOKIE, read_refusal
from core.clock import utcnow
from core.db.models import Account
from core.services.locations import add_location, find_location, issue_seat
from core.settings import Settings
from tests.sandbox_process import SandboxControl

EMAIL = "seat1@harbour.test"
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def seat(sessions: sessionmaker[Session], sandbox: SandboxControl) -> int:
    """An issued seat whose Zoom user exists."""
    sandbox.create_user(EMAIL)
    with sessions.begin() as session:
        location = add_location(session, name="Harbour", zone="Europe/Berlin", actor="test", now=utcnow())
        return issue_seat(session, location=location, address=EMAIL, actor="test", now=utcnow()).id


def begin(web: str, browser: requests.Session, seat: object) -> str:
    """Press Connect; returns the address of the consent page."""
    answer = browser.get(
        f"{web}/oauth/zoom/start", params={"seat": str(seat)}, headers=OURS, allow_redirects=False, timeout=10
    )
    assert answer.status_code == 303
    return answer.headers["Location"]


def finish(browser: requests.Session, address: str) -> requests.Response:
    """Follow Zoom's redirect back to us."""
    return browser.get(address, allow_redirects=False, timeout=20)


def refusal(answer: requests.Response) -> tuple[str, str]:
    """The reason in the address of the page, and the sentence that travels beside it."""
    assert answer.status_code == 303
    page = urlsplit(answer.headers["Location"])
    assert page.path == "/connections"
    reason = parse_qs(page.query)["refused"][0]
    assert set(parse_qs(page.query)) == {"refused"}
    return reason, " ".join(read_refusal(reason, answer.cookies.get_dict()))


def accounts(sessions: sessionmaker[Session]) -> list[Account]:
    """Every account there is."""
    with sessions() as session:
        return list(session.query(Account))


def test_a_seat_is_connected(web: str, seat: int, sandbox: SandboxControl, sessions: sessionmaker[Session]) -> None:
    """After consent the browser is back on the page, and the account takes part."""
    browser = requests.Session()
    answer = finish(browser, sandbox.authorize(begin(web, browser, seat), EMAIL))

    assert answer.headers["Location"] == "/connections?connected=seat1%40harbour.test"
    assert [(account.email, account.connection) for account in accounts(sessions)] == [(EMAIL, "connected")]


def test_who_looked_at_one_location_comes_back_to_it(web: str, seat: int, sandbox: SandboxControl) -> None:
    """So that the next of its seats is at hand."""
    browser = requests.Session()
    asked = {"seat": str(seat), "here": "1"}
    begun = browser.get(f"{web}/oauth/zoom/start", params=asked, headers=OURS, allow_redirects=False, timeout=10)
    answer = finish(browser, sandbox.authorize(begun.headers["Location"], EMAIL))

    assert answer.headers["Location"] == "/connections?seats_of=Harbour&connected=seat1%40harbour.test"


def test_the_cookie_that_binds_the_browser_is_out_of_reach(web: str, seat: int) -> None:
    """Scripts cannot read it, other sites' requests do not carry it, and pages never see it."""
    answer = requests.get(f"{web}/oauth/zoom/start?seat={seat}", headers=OURS, allow_redirects=False, timeout=10)
    cookie = answer.headers["Set-Cookie"]

    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/oauth/zoom" in cookie


def test_another_browser_cannot_finish_a_connect(
    web: str, seat: int, sandbox: SandboxControl, sessions: sessionmaker[Session]
) -> None:
    """An address lured out of somebody connects nothing elsewhere."""
    back = sandbox.authorize(begin(web, requests.Session(), seat), EMAIL)

    assert refusal(finish(requests.Session(), back))[0] == "other_browser"
    assert accounts(sessions) == []


def test_an_address_works_once(web: str, seat: int, sandbox: SandboxControl) -> None:
    """Going back in the browser does not connect a second time."""
    browser = requests.Session()
    back = sandbox.authorize(begin(web, browser, seat), EMAIL)
    finish(browser, back)

    assert refusal(finish(browser, back))[0] == "state_used"


def test_a_person_who_declines_is_told_what_to_do(
    web: str, seat: int, sandbox: SandboxControl, sessions: sessionmaker[Session]
) -> None:
    """Declining connects nothing and is no error of anybody's."""
    browser = requests.Session()
    back = sandbox.authorize(begin(web, browser, seat), EMAIL, allow=False)
    reason, told = refusal(finish(browser, back))

    assert reason == "denied"
    assert "choose Allow" in told and "denied " in told  # its reference in the log
    assert accounts(sessions) == []


def test_the_wrong_zoom_user_is_named(web: str, seat: int, sandbox: SandboxControl) -> None:
    """The commonest mistake: still signed in to Zoom as somebody else."""
    sandbox.create_user("other@harbour.test")
    browser = requests.Session()
    reason, told = refusal(finish(browser, sandbox.authorize(begin(web, browser, seat), "other@harbour.test")))

    assert reason == "wrong_user"
    assert "other@harbour.test" in told and EMAIL in told


def test_a_personal_account_is_told_which_seats_are_expected(
    web: str, seat: int, sandbox: SandboxControl, sessions: sessionmaker[Session]
) -> None:
    """Those of this location that are free, and none of another one; nothing is kept."""
    with sessions.begin() as session:
        here = find_location(session, "Harbour")
        elsewhere = add_location(session, name="Hill", zone="UTC", actor="test", now=utcnow())
        for place, email in ((here, "seat2@harbour.test"), (here, "seat3@harbour.test"), (elsewhere, "a@hill.test")):
            issue_seat(session, location=place, address=email, actor="test", now=utcnow())
        two = issue_seat(session, location=here, address="seat2@harbour.test", actor="test", now=utcnow()).id
    sandbox.create_user("seat2@harbour.test")
    sandbox.create_user("jane@home.test", type=1)
    browser = requests.Session()
    finish(browser, sandbox.authorize(begin(web, browser, two), "seat2@harbour.test"))

    reason, told = refusal(finish(browser, sandbox.authorize(begin(web, browser, seat), "jane@home.test")))

    assert reason == "wrong_user"
    assert "no personal accounts" in told and f"signed in as {EMAIL}" in told
    assert "not connected: seat3@harbour.test." in told and "hill.test" not in told
    assert [account.email for account in accounts(sessions)] == ["seat2@harbour.test"]


def test_who_is_signed_in_as_another_seat_is_sent_there(
    web: str, seat: int, sandbox: SandboxControl, sessions: sessionmaker[Session]
) -> None:
    """He pressed the wrong button."""
    sandbox.create_user("seat2@harbour.test")
    with sessions.begin() as session:
        here = find_location(session, "Harbour")
        issue_seat(session, location=here, address="seat2@harbour.test", actor="test", now=utcnow())
    browser = requests.Session()

    _, told = refusal(finish(browser, sandbox.authorize(begin(web, browser, seat), "seat2@harbour.test")))

    assert "Press Connect beside seat2@harbour.test" in told


def test_a_zoom_that_fails_is_a_sentence(web: str, seat: int, sandbox: SandboxControl) -> None:
    """An outage at the wrong moment shows no trace and loses nothing."""
    browser = requests.Session()
    back = sandbox.authorize(begin(web, browser, seat), EMAIL)
    sandbox.fault({"status": 500}, path_regex="/oauth/token")
    reason, told = refusal(finish(browser, back))

    assert reason == "failed"
    assert "press Connect again" in told


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Referer": "https://elsewhere.test/"}, {}])
def test_other_sites_cannot_begin_a_connect(web: str, seat: int, headers: dict[str, str]) -> None:
    """A link on a foreign page must not walk a signed-in person through a connect."""
    answer = requests.get(f"{web}/oauth/zoom/start?seat={seat}", headers=headers, allow_redirects=False, timeout=10)

    assert refusal(answer)[0] == "foreign_page"


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "none"}, {"Referer": "{web}/connections"}])
def test_our_own_page_and_a_typed_address_begin_a_connect(web: str, seat: int, headers: dict[str, str]) -> None:
    """Browsers without Sec-Fetch-Site are known by their Referer."""
    sent = {name: value.format(web=web) for name, value in headers.items()}
    answer = requests.get(f"{web}/oauth/zoom/start?seat={seat}", headers=sent, allow_redirects=False, timeout=10)

    assert "/oauth/authorize?" in answer.headers["Location"]


@pytest.mark.parametrize("number", ["", "x", "-1", "999", "9" * 5000, "\u0661"])
def test_a_seat_that_does_not_exist_is_refused(web: str, number: str) -> None:
    """Whatever stands in the address, the answer is a sentence."""
    answer = requests.get(
        f"{web}/oauth/zoom/start", params={"seat": number}, headers=OURS, allow_redirects=False, timeout=10
    )

    assert "There is no such seat." in refusal(answer)[1]


@pytest.mark.parametrize("query", ["", "?code=x", "?state=x&code=y", "?error=%3Cscript%3E&state=x"])
def test_a_callback_that_nobody_asked_for_is_refused(web: str, settings: Settings, query: str) -> None:
    """A forged or broken callback changes nothing and repeats nothing of what it was given."""
    answer = requests.get(f"{web}/oauth/zoom/callback{query}", allow_redirects=False, timeout=10)
    reason, told = refusal(answer)

    assert reason == "state_unknown"
    assert "script" not in told


@pytest.mark.parametrize("cookies", [{}, {COOKIE: "%%%"}, {COOKIE: "bm9uc2Vuc2U="}, {COOKIE: "W10="}])
def test_a_refusal_without_its_sentence_is_told_in_general(cookies: dict[str, str]) -> None:
    """An address alone cannot make the page say anything."""
    assert read_refusal("wrong_user", cookies)[0] == "The last connect was refused."
