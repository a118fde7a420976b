"""The addresses that are not pages."""

import asyncio
from collections.abc import Callable

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message

from console.middleware import LimitBody, SecurityHeaders
from core.db.engine import engine_for
from core.settings import Settings


def test_a_healthy_process_says_so(web: str) -> None:
    """With a migrated database everything is well."""
    answer = requests.get(f"{web}/healthz", timeout=10)

    assert (answer.status_code, answer.json()) == (200, {"ok": True})


def test_health_names_a_database_that_does_not_answer(
    web: str, settings: Settings, use_settings: Callable[[Settings], None]
) -> None:
    """Whoever starts the process learns what is missing, and no address or password of it."""
    nowhere = "postgresql+psycopg://nobody:hidden@127.0.0.1:1/none"
    use_settings(settings.model_copy(update={"database_url": nowhere}))

    answer = requests.get(f"{web}/healthz", timeout=20)

    assert answer.status_code == 503
    assert "The database does not answer" in answer.json()["reason"]
    assert "hidden" not in answer.text


def test_health_names_an_old_schema(web: str, database_url: str) -> None:
    """A database of another version is not usable, and the sentence says what to run."""
    with engine_for(database_url).begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'before'")

    answer = requests.get(f"{web}/healthz", timeout=10)

    assert answer.status_code == 503
    assert "zoompool migrate" in answer.json()["reason"]


@pytest.mark.parametrize("path", ["/webhooks/zoom/x", "/webhooks", "/oauth", "/oauth/zoom/nothing"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_unknown_addresses_of_programs_are_not_found(web: str, method: str, path: str) -> None:
    """A program that mistypes an address gets a JSON 404, never a page with 200."""
    answer = requests.request(method, f"{web}{path}", timeout=10)

    assert answer.status_code == 404
    assert path in answer.json()["error"]


def test_answers_carry_careful_headers(web: str) -> None:
    """Nothing is sniffed, framed, cached or loaded from our own routes."""
    headers = requests.get(f"{web}/healthz", timeout=10).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/api/v1/locations/%0A/pool", "/api/%0A/x", "/webhooks/%0A/x", "/oauth/%0A/x"])
def test_a_line_break_in_an_address_leads_to_no_page(web: str, path: str) -> None:
    """Everything below our prefixes is answered by us."""
    answer = requests.get(web + path, timeout=10)

    assert answer.status_code in (401, 404)
    assert "json" in answer.headers["Content-Type"]


@pytest.mark.parametrize(("path", "ours"), [("/api", True), ("/api/v1/key", True), ("/api_keys", False), ("/", False)])
def test_a_page_whose_name_begins_like_a_route_may_load_what_it_needs(path: str, ours: bool) -> None:
    """Strict is what our own routes answer; a page would stay blank."""
    headers: dict[str, str] = {}

    async def send(message: Message) -> None:
        headers.update({name.decode(): value.decode() for name, value in message.get("headers", [])})

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    asyncio.run(SecurityHeaders(PlainTextResponse("here"))(scope, receive, send))

    assert headers["content-security-policy"].startswith("default-src 'none'") == ours


@pytest.mark.parametrize(
    ("path", "type_"), [("/webhooks/zoom", "application/json"), ("/api/v1/key", "application/problem+json")]
)
def test_what_is_too_large_is_told_in_the_manner_of_the_route(web: str, path: str, type_: str) -> None:
    """The API words it as a problem."""
    answer = requests.post(f"{web}{path}", data=b"x" * 1_000_001, timeout=10)

    assert (answer.status_code, answer.headers["Content-Type"]) == (413, type_)


def test_a_body_that_says_it_is_too_large_is_refused_unread(web: str) -> None:
    """The announced length alone is enough."""
    answer = requests.post(f"{web}/webhooks/zoom", data=b"x" * 1_000_001, timeout=10)

    assert answer.status_code == 413


@pytest.mark.parametrize(("sizes", "status"), [([60, 40], 200), ([60, 41], 413)])
def test_a_body_that_grows_too_large_is_refused_on_the_way(sizes: list[int], status: int) -> None:
    """A body in pieces announces nothing, so it is counted."""

    async def echo(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    app = LimitBody(Starlette(routes=[Route("/", echo, methods=["POST"])]), limit=100)
    pieces = [{"type": "http.request", "body": b"x" * size, "more_body": True} for size in sizes]
    pieces.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[Message] = []

    async def receive() -> Message:
        return pieces.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    asyncio.run(app(scope, receive, send))

    assert sent[0]["status"] == status
