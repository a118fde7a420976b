"""Connecting an account through Zoom's own pages, and every way to be refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Account, ConnectionPeriod, Event, Grant, Location, OAuthState, Seat
from core.errors import ConnectRefused, NotFound, ZoomUnavailable
from core.services.accounts import bench
from core.services.connect import begin_connect
from core.services.locations import add_location
from tests.integration.zoom.conftest import EMAIL, Browser
from tests.world import TEST, World

Issue = Callable[..., Seat]
NEW = "new@harbour-clinic.test"


@pytest.fixture
def clinic(world: World) -> Location:
    """A location with no account."""
    return world.location(accounts=0)


def change(world: World, row: Any, **values: Any) -> None:
    """Change a row behind everybody's back."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(type(row)).where(type(row).id == row.id).values(**values))


def is_granted(world: World, email: str) -> bool:
    """Whether Zoom still holds a grant of this user for us."""
    return any(each["connected"] for each in world.sandbox.users() if each["email"] == email)


def refused(act: Callable[[], object]) -> ConnectRefused:
    """The refusal that *act* ends in."""
    with pytest.raises(ConnectRefused) as error:
        act()
    assert error.value.next_step, "a refusal says what to do"
    return error.value


def test_a_seat_is_connected_by_consenting_at_zoom(
    world: World, browser: Browser, clinic: Location, issue: Issue
) -> None:
    """From then on it is an idle account with a grant, a history and a line in the timeline."""
    connected = browser.connect(clinic, issue(clinic))

    assert (connected.email, connected.return_to) == (NEW, "/connections")
    [account] = world.accounts()
    assert (account.connection, account.location_id) == ("connected", clinic.id)
    assert utcnow() - account.idle_since < timedelta(seconds=10)
    [grant] = world.all(Grant)
    assert (grant.account_id, grant.zoom_user_id, grant.ended_at) == (account.id, account.zoom_user_id, None)
    assert [(each.status, each.to_at) for each in world.all(ConnectionPeriod)] == [("connected", None)]
    assert [each.actor for each in world.all(Event, kind="account_connected")] == [TEST]
    credentials = world.parts.zoom.tokens.fresh([account.id], now=utcnow()).ready[account.id]
    assert world.parts.zoom.client.list_meetings(credentials) == []


def test_the_state_is_stored_as_a_hash_and_the_verifier_encrypted(
    world: World, browser: Browser, clinic: Location, issue: Issue
) -> None:
    """Whoever reads the database can finish nobody's connect."""
    address = browser.begin(clinic, issue(clinic))

    [row] = _states(world)
    [state] = parse_qs(urlsplit(address).query)["state"]
    assert state.encode() not in row.state_hash
    assert len(world.parts.vault.decrypt(row.code_verifier)) >= 43


def test_an_address_works_once(world: World, browser: Browser, clinic: Location, issue: Issue) -> None:
    """Also when the first use was a success."""
    answer = browser.consent(browser.begin(clinic, issue(clinic)), as_user=NEW)
    browser.come_back(answer)

    assert refused(lambda: browser.come_back(answer)).reason == "state_used"


def test_an_address_expires_after_ten_minutes(world: World, browser: Browser, clinic: Location, issue: Issue) -> None:
    """Nobody finishes what somebody else left open."""
    answer = browser.consent(browser.begin(clinic, issue(clinic)), as_user=NEW)
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(OAuthState).values(expires_at=utcnow()))

    assert refused(lambda: browser.come_back(answer)).reason == "state_expired"


def test_another_browser_cannot_finish(world: World, browser: Browser, clinic: Location, issue: Issue) -> None:
    """And the one that began still can."""
    answer = browser.consent(browser.begin(clinic, issue(clinic)), as_user=NEW)

    browser.id = "browser-2"
    assert refused(lambda: browser.come_back(answer)).reason == "other_browser"
    browser.id = None
    assert refused(lambda: browser.come_back(answer)).reason == "other_browser"
    browser.id = "browser-1"
    assert browser.come_back(answer).email == NEW


def test_an_address_of_the_command_line_may_be_opened_anywhere(
    world: World, browser: Browser, clinic: Location, issue: Issue
) -> None:
    """It is bound to location and seat, but to no browser."""
    browser.id = None
    answer = browser.consent(browser.begin(clinic, issue(clinic)), as_user=NEW)
    browser.id = "whichever"

    assert browser.come_back(answer).location_id == clinic.id


def test_a_made_up_state_is_refused(browser: Browser, clinic: Location) -> None:
    """Without a word about what exists."""
    assert refused(lambda: browser.come_back({"state": "made-up", "code": "x"})).reason == "state_unknown"


def test_a_person_who_denies_is_told_that_nothing_happened(
    world: World, browser: Browser, clinic: Location, issue: Issue
) -> None:
    """Zoom sends an error instead of a code."""
    answer = browser.consent(browser.begin(clinic, issue(clinic)), as_user=NEW, allow=False)

    assert refused(lambda: browser.come_back(answer)).reason == "denied"
    assert world.accounts() == []


def test_a_code_that_zoom_does_not_know_is_refused(browser: Browser, clinic: Location, issue: Issue) -> None:
    """It lives five minutes."""
    answer = browser.consent(browser.begin(clinic, issue(clinic)), as_user=NEW)

    assert refused(lambda: browser.come_back({**answer, "code": "stale"})).reason == "zoom_refused"


def test_the_wrong_zoom_user_is_refused_and_his_grant_revoked(
    world: World, browser: Browser, clinic: Location, issue: Issue
) -> None:
    """The browser was signed in to Zoom as somebody else; both addresses are named."""
    world.sandbox.create_user("private@person.test")
    seat = issue(clinic)

    refusal = refused(lambda: browser.connect(clinic, seat, as_user="private@person.test"))

    assert refusal.reason == "wrong_user"
    assert "private@person.test" in refusal.message
    assert NEW in refusal.next_step
    assert not is_granted(world, "private@person.test")
    assert world.accounts() == world.all(Grant) == []


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        ({"type": 1}, "not_licensed"),
        ({"status": "inactive"}, "not_active"),
        ({"settings": {"recording": {"cloud_recording": False}}}, "cloud_recording_off"),
        ({"settings": {"in_meeting": {"waiting_room": True}}}, "waiting_room"),
        ({"locked": {"waiting_room": True}}, "waiting_room"),
        ({"locked": {"meeting_authentication": True}}, "sign_in_forced"),
    ],
)
def test_a_user_whose_meetings_would_fail_is_refused_and_his_grant_revoked(
    world: World, browser: Browser, clinic: Location, issue: Issue, user: dict[str, Any], reason: str
) -> None:
    """Better told at connecting than ten minutes before an appointment."""
    seat = issue(clinic, **user)

    assert refused(lambda: browser.connect(clinic, seat)).reason == reason
    assert not is_granted(world, NEW)
    assert world.accounts() == world.all(Grant) == []


def test_a_grant_without_every_scope_is_refused_and_names_what_is_missing(
    world: World, browser: Browser, clinic: Location, issue: Issue
) -> None:
    """Scopes cannot be added to it later."""
    scopes = world.sandbox.config()["app_scopes"]
    world.sandbox.configure(app_scopes=[each for each in scopes if each != "meeting:delete:meeting"])
    seat = issue(clinic)

    refusal = refused(lambda: browser.connect(clinic, seat))

    assert (refusal.reason, "meeting:delete:meeting" in refusal.message) == ("scopes_missing", True)
    assert not is_granted(world, NEW)


def test_a_seat_that_was_taken_back_is_refused(world: World, browser: Browser, clinic: Location, issue: Issue) -> None:
    """Before Zoom is asked, and also when it happens while the person is there."""
    seat = issue(clinic)
    answer = browser.consent(browser.begin(clinic, seat), as_user=NEW)
    change(world, seat, taken_back_at=utcnow())

    assert refused(lambda: browser.come_back(answer)).reason == "seat_taken_back"
    assert refused(lambda: browser.begin(clinic, seat)).reason == "seat_taken_back"


def test_a_suspended_location_gets_no_new_connection(
    world: World, browser: Browser, clinic: Location, issue: Issue
) -> None:
    """What it has stays; nothing is added."""
    seat = issue(clinic)
    change(world, clinic, status="suspended")

    assert refused(lambda: browser.connect(clinic, seat)).reason == "location_suspended"


def test_a_seat_of_another_location_does_not_exist_here(
    world: World, browser: Browser, clinic: Location, issue: Issue
) -> None:
    """A location cannot even ask for it."""
    with world.parts.sessions.begin() as session:
        other = add_location(session, name="Hill Clinic", zone="Europe/Berlin", actor=TEST, now=utcnow())
    seat = issue(clinic)

    with pytest.raises(NotFound):
        browser.begin(other, seat)


def _moved(world: World, issue: Issue) -> tuple[Location, Seat]:
    """The connected account's seat, taken back and issued to another location."""
    world.location()
    with world.parts.sessions.begin() as session:
        hill = add_location(session, name="Hill Clinic", zone="Europe/Berlin", actor=TEST, now=utcnow())
    [seat] = world.all(Seat)
    change(world, seat, taken_back_at=utcnow())
    return hill, issue(hill, EMAIL)


def test_a_user_who_is_connected_elsewhere_is_refused_and_works_on_there(
    world: World, browser: Browser, issue: Issue
) -> None:
    """Consenting again has ended his tokens; the account that holds him gets the new ones instead of dying."""
    hill, seat = _moved(world, issue)

    assert refused(lambda: browser.connect(hill, seat)).reason == "connected_elsewhere"

    [account] = world.accounts()
    credentials = world.parts.zoom.tokens.fresh([account.id], now=utcnow()).ready[account.id]
    assert world.parts.zoom.client.list_meetings(credentials) == []
    assert account.connection == "connected"


def test_a_user_whose_connection_elsewhere_is_dead_may_be_connected_here(
    world: World, browser: Browser, issue: Issue
) -> None:
    """A seat moves by ending one account and making another."""
    hill, seat = _moved(world, issue)
    change(world, world.accounts()[0], connection="needs_reauth")

    connected = browser.connect(hill, seat)

    assert connected.location_id == hill.id
    assert [each.account_id for each in world.all(Grant, ended_at=None)] == [connected.account_id]


def test_reconnecting_mends_a_dead_account(world: World, browser: Browser) -> None:
    """The same account, a new grant, the end of the line, and what the checks found mended is forgotten."""
    clinic = world.location()
    [account], [seat] = world.accounts(), world.all(Seat)
    with world.parts.sessions.begin() as session:
        bench(session, account.id, reason="waiting_room", until=None, actor=TEST, now=utcnow())
    change(world, account, connection="needs_reauth")

    connected = browser.connect(clinic, seat)

    [after] = world.accounts()
    assert connected.account_id == after.id == account.id
    assert (after.connection, after.benched_until) == ("connected", None)
    assert after.idle_since > account.idle_since
    old, new = world.all(Grant)
    assert old.ended_at is not None
    assert old.access_token is old.refresh_token is None
    assert new.ended_at is None
    assert [each.status for each in world.all(ConnectionPeriod)][-1] == "connected"
    assert world.all(Event, kind="account_reconnected")


def test_reconnecting_a_working_account_keeps_its_place_in_line(world: World, browser: Browser) -> None:
    """Pressing Connect twice must not change who is next."""
    clinic = world.location()
    [account], [seat] = world.accounts(), world.all(Seat)

    browser.connect(clinic, seat)

    assert world.accounts()[0].idle_since == account.idle_since


def test_a_reconnect_that_is_refused_costs_no_working_connection(world: World, browser: Browser) -> None:
    """The waiting room was switched on meanwhile: told, and the account works on as before."""
    clinic = world.location()
    [account], [seat] = world.accounts(), world.all(Seat)
    world.sandbox.change_user(EMAIL, settings={"in_meeting": {"waiting_room": True}})

    assert refused(lambda: browser.connect(clinic, seat)).reason == "waiting_room"

    assert account.id in world.parts.zoom.tokens.fresh([account.id], now=utcnow() + timedelta(hours=2)).ready


def test_another_zoom_user_with_the_seats_address_is_not_taken_for_the_old_one(world: World, browser: Browser) -> None:
    """The user was deleted and made anew at Zoom: what was his is not hers."""
    clinic = world.location()
    [seat] = world.all(Seat)
    world.sandbox.delete_user(EMAIL)
    world.sandbox.create_user(EMAIL, account_id="harbour-clinic")

    assert refused(lambda: browser.connect(clinic, seat)).reason == "other_user"
    assert not is_granted(world, EMAIL)


def test_an_outage_while_connecting_keeps_nothing_and_says_to_begin_again(
    world: World, browser: Browser, clinic: Location, issue: Issue
) -> None:
    """Half a connect is none."""
    answer = browser.consent(browser.begin(clinic, issue(clinic)), as_user=NEW)
    world.sandbox.fault({"status": 503}, path_regex="/users/me")

    with pytest.raises(ZoomUnavailable) as outage:
        browser.come_back(answer)

    assert "Connect again" in outage.value.next_step
    assert not is_granted(world, NEW)
    assert world.accounts() == []


def test_a_revoke_that_fails_does_not_hide_the_refusal(
    world: World, browser: Browser, clinic: Location, issue: Issue
) -> None:
    """It is best effort; the token expires by itself."""
    seat = issue(clinic, type=1)
    world.sandbox.fault({"status": 500}, path_regex="/oauth/revoke$")

    assert refused(lambda: browser.connect(clinic, seat)).reason == "not_licensed"


def test_old_addresses_are_swept_when_new_ones_are_made(
    world: World, browser: Browser, clinic: Location, issue: Issue
) -> None:
    """The table does not grow for ever."""
    seat = issue(clinic)
    browser.begin(clinic, seat)
    later = utcnow() + timedelta(hours=1)
    parts = world.parts
    with parts.sessions.begin() as session:
        ids = {"location_id": clinic.id, "seat_id": seat.id}
        begin_connect(session, parts.oauth, parts.vault, **ids, actor=TEST, now=later)

    assert len(_states(world)) == 1


def test_no_secret_is_in_the_timeline(world: World, browser: Browser, clinic: Location, issue: Issue) -> None:
    """Nor an address: events hold ids and short words."""
    browser.connect(clinic, issue(clinic))
    [grant] = world.all(Grant)
    token = world.parts.vault.decrypt(grant.access_token)

    shown = " ".join(str(vars(each)) for each in world.all(Event))
    assert token not in shown
    assert NEW not in " ".join(str(each.detail) for each in world.all(Event, kind="account_connected"))


def test_two_connects_of_one_user_at_once_leave_one_account(
    world: World, browser: Browser, clinic: Location, issue: Issue
) -> None:
    """The last consent holds the live tokens, whoever finishes first."""
    seat = issue(clinic)
    first = browser.consent(browser.begin(clinic, seat), as_user=NEW)
    second = browser.consent(browser.begin(clinic, seat), as_user=NEW)
    browser.come_back(first)

    browser.come_back(second)

    [account] = world.accounts()
    assert isinstance(account, Account)
    assert len(world.all(Grant, ended_at=None)) == 1
    assert account.id in world.parts.zoom.tokens.fresh([account.id], now=utcnow() + timedelta(hours=2)).ready


def test_a_callback_without_code_or_error_is_refused(browser: Browser, clinic: Location, issue: Issue) -> None:
    """A browser that was sent back by hand."""
    answer = browser.consent(browser.begin(clinic, issue(clinic)), as_user=NEW)

    assert refused(lambda: browser.come_back({"state": answer["state"]})).reason == "no_code"


def _states(world: World) -> list[OAuthState]:
    with world.parts.sessions() as session:
        return list(session.scalars(sa.select(OAuthState)))
