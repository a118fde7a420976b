"""Who calls: keys are checked, counted and noted before anything else happens."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import requests
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.clock import utcnow
from core.db.engine import engine_for
from core.db.models import ApiKey, Event
from core.services.api_keys import revoke_api_key
from core.settings import Settings
from tests.console.api.conftest import MakeProgram, Program
from tests.world import World


def one_key(sessions: sessionmaker[Session]) -> ApiKey:
    """The only key there is."""
    with sessions() as session:
        return session.scalars(sa.select(ApiKey)).one()


def test_a_key_says_what_it_may_do(program: MakeProgram, world: World) -> None:
    """The first thing to try: its name, its access, its locations, its limit."""
    harbour = world.location(accounts=0)
    answer = program("book", "Harbour Clinic", name="booking system").get("/key")

    assert (answer.status_code, answer.json()) == (
        200,
        {"name": "booking system", "access": "book", "locations": [harbour.id], "per_minute": 100_000},
    )


def test_a_key_for_all_names_no_location(program: MakeProgram) -> None:
    """It sees those that are added later, too."""
    assert program("read").get("/key").json()["locations"] is None


@pytest.mark.parametrize(
    "said",
    [
        None,
        "",
        "Bearer",
        "Bearer zp_",
        "Bearer zp__",
        "Bearer zp_000000000000_wrong",
        "Basic {key}",
        "Bearer {key}x",
        "Bearer x{key}",
        "Bearer zp_\xe9_\xe9",
        "Bearer {public}_",
    ],
)
def test_without_a_valid_key_nobody_is_answered(
    web: str, program: MakeProgram, sessions: sessionmaker[Session], said: str | None
) -> None:
    """Missing, malformed, unknown or wrong: the answer is the same."""
    key = program("admin").key or ""
    headers = {} if said is None else {"Authorization": said.format(key=key, public=key.rsplit("_", 1)[0])}

    answer = requests.get(
        f"{web}/api/v1/key", headers={name: value.encode("latin-1") for name, value in headers.items()}, timeout=10
    )

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.json()["type"] == "no_valid_key"
    assert one_key(sessions).last_used_at is None


def test_a_revoked_key_opens_nothing_any_more(program: MakeProgram, sessions: sessionmaker[Session]) -> None:
    """From the next request on, and the timeline says who took it away."""
    caller = program("admin")
    assert caller.get("/key").status_code == 200
    with sessions.begin() as session:
        revoke_api_key(session, one_key(sessions).public_id, actor="Ann", now=utcnow())

    assert caller.get("/key").status_code == 401
    with sessions() as session:
        assert [(each.kind, each.actor) for each in session.scalars(sa.select(Event).order_by(Event.id))] == [
            ("api_key_created", "test"),
            ("api_key_revoked", "Ann"),
        ]


def test_the_secret_is_in_no_table(program: MakeProgram, sessions: sessionmaker[Session]) -> None:
    """What is stored does not let anybody call."""
    key = program("admin").key or ""
    secret = key.split("_", 2)[2]
    with sessions() as session:
        text = str(
            session.execute(sa.text("SELECT to_jsonb(k), (SELECT jsonb_agg(e) FROM events e) FROM api_keys k")).all()
        )

    assert secret not in text and secret.encode().hex() not in text


def test_the_use_of_a_key_is_written_once_a_minute(program: MakeProgram, sessions: sessionmaker[Session]) -> None:
    """Every request would be a write, otherwise."""
    caller = program("admin")
    caller.get("/key")
    first = one_key(sessions).last_used_at
    caller.get("/key")
    assert first is not None and one_key(sessions).last_used_at == first

    with sessions.begin() as session:
        session.execute(sa.update(ApiKey).values(last_used_at=utcnow() - timedelta(seconds=61)))
    caller.get("/key")
    again = one_key(sessions).last_used_at
    assert again is not None and again >= first


def test_a_key_may_ask_so_many_times_a_minute(program: MakeProgram) -> None:
    """One too many is told when to come again; another key is not held up."""
    hasty, other = program("read", per_minute=3, name="hasty"), program("read", name="other")
    answers = [hasty.get("/key") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61
    assert answers[-1].json()["type"] == "too_many_requests"
    assert other.get("/key").status_code == 200


@pytest.mark.parametrize("path", ["/nothing", "/key/", "/openapi", "/"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_address_is_a_problem(web: str, method: str, path: str) -> None:
    """Never a page with 200."""
    answer = Program(web, None).send(method, path)

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["type"] == "no_such_address"


@pytest.mark.parametrize("path", ["/api", "/api/v2/key", "/api/v1", "/api/v1x"])
def test_beside_the_api_is_a_problem_too(web: str, path: str) -> None:
    """A mistyped version is no page either."""
    answer = requests.get(web + path, timeout=10)

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_a_wrong_method_names_the_right_ones(web: str) -> None:
    """As HTTP wants it."""
    answer = Program(web, None).send("PUT", "/key")

    assert (answer.status_code, answer.headers["Allow"], answer.json()["type"]) == (405, "GET", "wrong_method")


def test_a_database_that_is_down_is_said_and_no_more(
    program: MakeProgram, settings: Settings, use_settings: Callable[[Settings], None]
) -> None:
    """When to come again, and no word of where it is."""
    caller = program("read")
    nowhere = "postgresql+psycopg://nobody:hidden@127.0.0.1:1/none"
    use_settings(settings.model_copy(update={"database_url": nowhere}))
    answer = caller.get("/key")

    assert (answer.status_code, answer.json()["type"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] and "hidden" not in answer.text
    engine_for(nowhere).dispose()
