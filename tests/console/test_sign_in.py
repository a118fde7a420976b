"""Signing in at a real provider over real HTTP, through the web process as it is started."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.orm import Session, sessionmaker
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from console.connect_result import read_refusal
from core.clock import utcnow
from core.db.engine import sessions_for
from core.db.models import Account, Event, Grant, Location, OAuthState, Person
from core.domain.roles import Role
from core.services.doctor.check import Level
from core.services.doctor.sign_in import examine_sign_in
from core.services.locations import add_location, issue_seat
from core.services.people import set_disabled, set_role, sign_out
from core.settings import Settings
from tests.conftest import fresh_database
from tests.console.oidc import SECRET, Browser, console_of, failing_provider, provider
from tests.sandbox_process import SandboxControl, SandboxProcess

MARA = {"sub": "mara", "name": "Mara Lind", "email": "mara@clinic.test", "roles": ["support"]}
HOST = {"sub": "hana", "name": "Hana Host", "email": "hana@clinic.test", "roles": "host", "locations": ["Harbour"]}
NOBODY = {"sub": "nick", "name": "Nick", "roles": ["gardener"]}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The provider, for all tests here."""
    with provider(MARA, HOST, NOBODY) as address:
        yield address


@pytest.fixture(scope="module")
def kept_database(server: Path) -> Iterator[str]:
    """One database for the one web process, which takes seconds to start."""
    with fresh_database(server) as address:
        yield address


@pytest.fixture
def database_url(kept_database: str) -> str:
    """It is empty when a test begins."""
    with sessions_for(kept_database).begin() as session:
        session.execute(sa.text("TRUNCATE locations, people, events, oauth_states RESTART IDENTITY CASCADE"))
    return kept_database


@pytest.fixture(scope="module")
def console(kept_database: str, sandbox_process: SandboxProcess, state_dir: Path, issuer: str) -> Iterator[str]:
    """The address of a console whose people sign in."""
    settings = Settings(
        _env_file=None,
        database_url=kept_database,
        state_dir=state_dir / "state",
        zoom_api_url=f"{sandbox_process.url}/v2",
        zoom_oauth_url=f"{sandbox_process.url}/oauth",
    )
    with console_of(settings, issuer) as address:
        yield address


@pytest.fixture
def places(sessions: sessionmaker[Session]) -> dict[str, int]:
    """Two locations with a seat each; the number of the seat by the location's name."""
    with sessions.begin() as session:
        seats = {}
        for name in ("Harbour", "Hill"):
            location = add_location(session, name=name, zone="Europe/Berlin", actor="test", now=utcnow())
            seat = issue_seat(session, location=location, address=f"{name}@seats.test", actor="test", now=utcnow())
            seats[name] = seat.id
        return seats


def person(sessions: sessionmaker[Session]) -> Person:
    """The only person there is."""
    with sessions() as session:
        return session.scalars(sa.select(Person)).one()


def signed_in(console: str, who: str) -> Browser:
    """The browser of *who*."""
    browser = Browser(console)
    browser.sign_in(who)
    return browser


def connect_begun(browser: Browser, seat: int) -> str:
    """Where the browser is sent that begins to connect a seat."""
    answer = browser.get(
        f"{browser.address}/oauth/zoom/start?seat={seat}",
        headers={"Sec-Fetch-Site": "same-origin"}, allow_redirects=False, timeout=20,
    )  # fmt: skip
    return answer.headers["Location"]


def test_who_is_signed_out_sees_a_button_and_nothing_else(console: str, places: dict[str, int]) -> None:
    """No page, no name of one, no location; the routes refuse as well."""
    browser = Browser(console)
    for path in ("/", "/appointment?id=A-1", "/connections", "/api_keys"):
        seen = browser.see(path)
        assert "You are not signed in." in seen and "sign_in" in seen
        assert not any(word in seen for word in ("Harbour", "Appointments", "Outgoing webhooks", "practice_role"))
    assert "/connections?refused" in connect_begun(browser, places["Harbour"])


def test_a_person_signs_in_and_is_known_by_name_and_role(
    console: str, places: dict[str, int], sessions: sessionmaker[Session]
) -> None:
    """The role is the claim's, kept in our table, and stands on the timeline."""
    browser = signed_in(console, "mara")
    seen = browser.see("/locations")

    assert "Mara Lind" in seen and "Harbour" in seen and "Hill" in seen
    assert (person(sessions).name, person(sessions).role) == ("Mara Lind", "support")
    with sessions() as session:
        kinds = session.execute(sa.select(Event.kind, Event.actor).where(Event.kind.like("person%"))).all()
    assert [tuple(each) for each in kinds] == [("person_signed_in", "Mara Lind (support)")]


def test_the_page_that_was_asked_for_comes_after_the_sign_in(console: str, places: dict[str, int]) -> None:
    """A link from a mail or a ticket is not lost on the way."""
    for page in ("/appointment?id=A-1&location_id=7", "/api_keys"):
        browser = Browser(console)
        browser.open(page)

        assert browser.sign_in("mara") == page


def test_no_other_site_is_the_way_back(console: str, places: dict[str, int]) -> None:
    """Whatever a cookie says."""
    for lure in ("//evil.test/x", "https://evil.test/x", "/\\evil.test"):
        browser = Browser(console)
        browser.cookies.set("console_next", quote(lure, safe=""), domain="127.0.0.1", path="/")
        assert "evil" not in browser.sign_in("mara")


def test_a_host_sees_his_own_locations_and_connects_their_seats(
    console: str, places: dict[str, int], sessions: sessionmaker[Session]
) -> None:
    """Nothing of another, in no page and by no route; the connect is in his name."""
    browser = signed_in(console, "hana")
    seen = browser.see("/connections")

    assert "Harbour" in seen and "Hill" not in seen
    assert "A host may not see API keys" in browser.see("/api_keys")
    assert "authorize" in connect_begun(browser, places["Harbour"])
    assert "/connections?refused" in connect_begun(browser, places["Hill"])
    with sessions() as session:
        assert session.scalars(sa.select(OAuthState.actor)).all() == ["Hana Host (host)"]


LOST: dict[str, Callable[[Session, Person], None]] = {
    "A host may not|Operations may not connect accounts": lambda session, person: set_role(
        session, person, Role.OPERATIONS, [], actor="test", now=utcnow()
    ),
    "belongs to a location that is not yours": lambda session, person: set_role(
        session, person, Role.HOST, [session.scalars(sa.select(Location).filter_by(name="Hill")).one()],
        actor="test", now=utcnow(),
    ),
    "is not let in any more": lambda session, person: set_disabled(session, person, True, actor="test", now=utcnow()),
    "You are signed out": lambda session, person: sign_out(session, person, actor="test", now=utcnow()),
}  # fmt: skip


@pytest.mark.parametrize("said", LOST)
def test_who_loses_the_role_on_zooms_page_connects_nothing(
    console: str, places: dict[str, int], sandbox: SandboxControl, sessions: sessionmaker[Session], said: str
) -> None:
    """Neither what was begun, nor another one: a sentence says why, and nothing is stored or asked of Zoom."""
    sandbox.create_user("harbour@seats.test")
    browser = signed_in(console, "hana")
    browser.see("/")
    back = sandbox.authorize(connect_begun(browser, places["Harbour"]), "harbour@seats.test")
    with sessions.begin() as session:
        LOST[said](session, session.scalars(sa.select(Person)).one())

    answer = browser.get(back, allow_redirects=False, timeout=20)

    assert answer.headers["Location"].startswith("/connections?refused=")
    told = " ".join(read_refusal("failed", answer.cookies.get_dict()))
    assert re.search(said, told), told
    with sessions() as session:
        assert session.scalars(sa.select(Account)).all() == session.scalars(sa.select(Grant)).all() == []
        assert session.scalars(sa.select(OAuthState.used_at)).all() == [None]
    assert "/connections?refused=" in connect_begun(browser, places["Harbour"])


def test_who_signs_in_after_somebody_else_does_not_finish_his_connect(
    console: str, places: dict[str, int], sandbox: SandboxControl, sessions: sessionmaker[Session]
) -> None:
    """At a shared desk: the timeline would name the wrong one. He begins his own."""
    sandbox.create_user("harbour@seats.test")
    browser = signed_in(console, "hana")
    back = sandbox.authorize(connect_begun(browser, places["Harbour"]), "harbour@seats.test")
    browser.cookies.pop("_streamlit_user")
    browser.sign_in("mara")

    refused = browser.get(back, allow_redirects=False, timeout=20)
    own = sandbox.authorize(connect_begun(browser, places["Harbour"]), "harbour@seats.test")
    connected = browser.get(own, allow_redirects=False, timeout=20)

    assert refused.headers["Location"] == "/connections?refused=other_person"
    assert connected.headers["Location"] == "/connections?connected=harbour%40seats.test"
    with sessions() as session:
        [event] = session.scalars(sa.select(Event).filter_by(kind="account_connected")).all()
    assert event.actor == "Mara Lind (support)"


def test_a_claim_that_is_no_role_of_ours_opens_nothing(console: str, places: dict[str, int]) -> None:
    """Being known to the provider is not enough."""
    seen = signed_in(console, "nick").see("/connections")

    assert "has no role here yet" in seen and "Harbour" not in seen


def test_another_claim_counts_from_the_next_sign_in(
    console: str, issuer: str, places: dict[str, int], sessions: sessionmaker[Session]
) -> None:
    """And one that was given by hand stays whatever the claim says."""
    signed_in(console, "mara").see("/")
    put(issuer, MARA | {"roles": ["engineer"]})
    try:
        backdate(sessions)
        signed_in(console, "mara").see("/")
        assert person(sessions).role == "engineer"

        with sessions.begin() as session:
            set_role(session, session.scalars(sa.select(Person)).one(), Role.ADMIN, [], actor="test", now=utcnow())
        backdate(sessions)
        signed_in(console, "mara").see("/")
        assert person(sessions).role == "admin"
    finally:
        put(issuer, MARA)


def put(issuer: str, claims: dict[str, object]) -> None:
    """Change what the provider says of a person."""
    answer = requests.put(f"{issuer}/users/{claims['sub']}", json=claims, timeout=10)
    assert answer.ok, answer.text


def backdate(sessions: sessionmaker[Session]) -> None:
    """The last sign-in as if it were a while ago: the provider counts whole seconds."""
    with sessions.begin() as session:
        session.scalars(sa.select(Person)).one().signed_in_at -= timedelta(minutes=1)


def test_a_role_that_is_taken_away_opens_nothing_from_then_on(
    console: str, places: dict[str, int], sessions: sessionmaker[Session]
) -> None:
    """The cookie is as it was; our table is what counts, for pages and for routes."""
    browser = signed_in(console, "mara")
    assert "Harbour" in browser.see("/locations")
    with sessions.begin() as session:
        set_role(session, session.scalars(sa.select(Person)).one(), Role.OPERATIONS, [], actor="test", now=utcnow())

    assert "Operations may not see locations" in browser.see("/locations")
    assert "/connections?refused" in connect_begun(browser, places["Harbour"])


def test_a_disabled_person_is_out_at_once(
    console: str, places: dict[str, int], sessions: sessionmaker[Session]
) -> None:
    """With the same cookie in the same browser."""
    browser = signed_in(console, "mara")
    assert "Harbour" in browser.see("/locations")
    with sessions.begin() as session:
        set_disabled(session, session.scalars(sa.select(Person)).one(), True, actor="test", now=utcnow())

    seen = browser.see("/locations")
    assert "is not let in any more" in seen and "Harbour" not in seen
    assert "/connections?refused" in connect_begun(browser, places["Harbour"])


@pytest.mark.parametrize("secret", ["another-secret-of-somebody-else-012345", ""])
def test_a_forged_cookie_is_none(console: str, issuer: str, places: dict[str, int], secret: str) -> None:
    """What is not signed by us says nothing."""
    browser = cookie_of(console, issuer, secret or "x", age=timedelta())

    assert "You are not signed in." in browser.see("/locations")
    assert "/connections?refused" in connect_begun(browser, places["Harbour"])


def test_a_cookie_that_is_too_old_is_none(console: str, issuer: str, places: dict[str, int]) -> None:
    """Streamlit keeps them for thirty days; we for half a day."""
    young, old = (cookie_of(console, issuer, SECRET, age=timedelta(hours=hours)) for hours in (11, 13))

    assert "Harbour" in young.see("/locations")
    assert "Your sign-in is too old." in old.see("/locations")
    assert "/connections?refused" in connect_begun(old, places["Harbour"])


def cookie_of(console: str, issuer: str, secret: str, *, age: timedelta) -> Browser:
    """A browser with a cookie that somebody signed with *secret*."""
    claims = MARA | {"iss": issuer, "iat": int((utcnow() - age).timestamp())}
    claims |= {"origin": console, "is_logged_in": True, "provider": "default"}
    browser = Browser(console)
    value = create_signed_value(secret, "_streamlit_user", json.dumps(claims)).decode()
    browser.cookies.set("_streamlit_user", value, domain="127.0.0.1", path="/")
    return browser


@pytest.fixture
def signing_in(settings: Settings, issuer: str) -> Settings:
    """The settings of a console that is registered at the provider under its own address."""
    about = {"redirect_uris": [settings.sign_in_redirect_uri], "token_endpoint_auth_method": "client_secret_basic"}
    client = requests.post(f"{issuer}/oauth2/clients", json=about, timeout=10).json()
    return settings.model_copy(
        update={
            "oidc_issuer": issuer,
            "oidc_client_id": client["client_id"],
            "oidc_client_secret": SecretStr(client["client_secret"]),
        }
    )


def test_the_doctor_finds_a_provider_that_takes_us(signing_in: Settings) -> None:
    """With the address that is registered there. Without one there is nothing to look for."""
    [found] = examine_sign_in(signing_in)
    [nobody] = examine_sign_in(signing_in.model_copy(update={"oidc_issuer": None}))

    assert (found.level, nobody.level) == (Level.OK, Level.OK)
    assert f"sends them back to {signing_in.sign_in_redirect_uri}." in found.says
    assert "Nobody signs in" in nobody.says


@pytest.mark.parametrize(
    ("wrong", "says", "next_step"),
    [
        ({"oidc_issuer": "http://127.0.0.1:1"}, "cannot be reached", "Nobody can sign in meanwhile."),
        ({"oidc_issuer": "{issuer}/realms/x"}, "is no description of a provider (HTTP 404)", "Set OIDC_ISSUER"),
        ({"oidc_issuer": "{loud}"}, "calls itself {quiet}, not {loud}", "Set OIDC_ISSUER"),
        ({"mode": "production"}, "token_endpoint is {issuer}/oauth2/token, without https", "public addresses"),
        ({"public_base_url": "http://other.test"}, "redirect URI http://other.test/oauth2callback", "PUBLIC_BASE_URL"),
        ({"oidc_client_secret": SecretStr("hidden")}, "does not take the secret", "OIDC_CLIENT_SECRET"),
    ],
)
def test_the_doctor_says_why_nobody_could_sign_in(
    issuer: str, signing_in: Settings, wrong: dict[str, object], says: str, next_step: str
) -> None:
    """And what to correct; before people stand at the door."""
    quiet = issuer.replace("127.0.0.1", "localhost")
    names = {"issuer": issuer, "quiet": quiet, "loud": quiet.replace("localhost", "LOCALHOST")}
    changed = {key: value.format(**names) if isinstance(value, str) else value for key, value in wrong.items()}
    found = list(examine_sign_in(signing_in.model_copy(update=changed)))

    assert {check.level for check in found} == {Level.FAIL}
    assert any(says.format(**names) in check.says and next_step in check.next_step for check in found), found
    assert "hidden" not in repr(found)


@pytest.mark.parametrize(
    ("page", "token", "says"),
    [
        (503, 400, "The provider's sign-in page fails (HTTP 503)."),
        (302, 404, "The provider's token endpoint fails (HTTP 404)."),
        (302, 500, "The provider's token endpoint fails (HTTP 500)."),
        (302, 400, None),
    ],
)
def test_the_doctor_finds_a_provider_that_fails(signing_in: Settings, page: int, token: int, says: str | None) -> None:
    """It describes itself well, and yet nobody gets in."""
    with failing_provider(page, token) as address:
        [found] = examine_sign_in(signing_in.model_copy(update={"oidc_issuer": address}))

    assert (found.level is Level.OK) == (says is None), found
    if says:
        assert (found.says, found.next_step) == (says, "See to the provider, then try again.")


def test_signing_out_ends_it_in_every_browser(console: str, places: dict[str, int]) -> None:
    """Also for whoever has kept a copy of the cookie."""
    browser, copy = signed_in(console, "mara"), Browser(console)
    assert "Harbour" in browser.see("/locations")
    copy.cookies.update(browser.cookies)
    seen = browser.see("/locations", press="sign_out")

    assert "/auth/logout" in seen
    assert "You are signed out." in copy.see("/locations")
    assert "/connections?refused" in connect_begun(copy, places["Harbour"])


def test_a_new_sign_in_after_signing_out_counts(
    console: str, places: dict[str, int], sessions: sessionmaker[Session]
) -> None:
    """Only what was before is over."""
    browser = signed_in(console, "mara")
    browser.see("/locations", press="sign_out")
    browser.cookies.clear()
    with sessions.begin() as session:  # as if it were a while ago: the provider counts whole seconds
        found = session.scalars(sa.select(Person)).one()
        assert found.not_before is not None
        found.not_before -= timedelta(seconds=2)
        found.signed_in_at -= timedelta(seconds=2)
    browser.sign_in("mara")

    assert "Harbour" in browser.see("/locations")
