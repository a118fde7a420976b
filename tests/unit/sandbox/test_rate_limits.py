"""Rate limits per Zoom account and label, and the host's hundred a day."""

from concurrent.futures import ThreadPoolExecutor

import requests

from tests.sandbox_process import SandboxControl
from tests.unit.sandbox.conftest import Wire


def burst(host: Wire, calls: int) -> list[requests.Response]:
    """Several calls at once, so that they share a second of the clock but for at most one change of second."""
    with ThreadPoolExecutor(calls) as pool:
        return list(pool.map(lambda _: host.call("GET", "/users/me"), range(calls)))


def test_more_calls_than_a_second_allows_are_refused(host: Wire, sandbox: SandboxControl) -> None:
    """The refusal is 429 with Zoom's body and headers and no Retry-After."""
    sandbox.configure(rate_limits={"Light": 2})
    answers = burst(host, 8)

    refused = [answer for answer in answers if answer.status_code == 429]
    assert 4 <= len(refused) <= 6
    assert refused[0].json()["code"] == 429
    assert "maximum per-second rate limit" in refused[0].json()["message"]
    headers = refused[0].headers
    assert (headers["X-RateLimit-Category"], headers["X-RateLimit-Type"]) == ("Light", "QPS")
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("2", "0")
    assert headers["X-RateLimit-Reset"].isdecimal()
    assert "Retry-After" not in headers
    assert sandbox.stats()["rate_limited"] == len(refused)


def test_the_limit_is_shared_by_the_users_of_a_zoom_account(host: Wire, sandbox: SandboxControl) -> None:
    """A colleague's calls count; those of another account do not."""
    sandbox.create_users([{"email": "colleague@demo.example"}, {"email": "far@demo.example", "account_id": "another"}])
    grants = sandbox.grants([{"email": "colleague@demo.example"}, {"email": "far@demo.example"}])
    colleague, far = (host.as_user(grant["access_token"]) for grant in grants)
    sandbox.configure(rate_limits={"Light": 1})

    def status(caller: Wire) -> int:
        return caller.call("GET", "/users/me").status_code

    callers = [host, colleague, far] * 4
    with ThreadPoolExecutor(len(callers)) as pool:
        statuses = list(pool.map(status, callers))
    own = statuses[0::3] + statuses[1::3]
    assert 1 <= own.count(200) <= 2
    assert 1 <= statuses[2::3].count(200) <= 2


def test_labels_are_counted_apart(host: Wire, sandbox: SandboxControl) -> None:
    """Creating is Medium, so it goes on where Light is used up."""
    sandbox.configure(rate_limits={"Light": 0})

    assert host.call("GET", "/users/me").status_code == 429
    assert host.create().status_code == 201


def test_limits_can_be_lifted(host: Wire, sandbox: SandboxControl) -> None:
    """With null there are none, and no headers speak of them."""
    sandbox.configure(rate_limits=None)
    answers = burst(host, 8)

    assert {answer.status_code for answer in answers} == {200}
    assert "X-RateLimit-Limit" not in answers[0].headers


def test_a_host_creates_and_updates_a_hundred_a_day(host: Wire, sandbox: SandboxControl) -> None:
    """The refusal is told by its message alone, and midnight UTC ends it; reading goes on all the while."""
    sandbox.configure(daily_create_limit=3)
    meeting = host.created()
    path = f"/meetings/{meeting['id']}"
    assert host.call("PATCH", path, json={"topic": "x"}).status_code == 204
    host.created()
    refused = host.create()

    assert refused.status_code == 429
    assert "permitted for this particular user" in refused.json()["message"]
    assert int(refused.headers["X-RateLimit-Remaining"]) > 0
    assert "X-RateLimit-Type" not in refused.headers and "Retry-After" not in refused.headers
    assert host.call("PATCH", path, json={"topic": "y"}).status_code == 429
    assert host.call("GET", path).status_code == 200
    sandbox.configure(clock_offset_seconds=86400)
    token = sandbox.grant("host@demo.example")["access_token"]
    assert host.as_user(token).create().status_code == 201


def test_a_refused_request_costs_nothing_of_the_day(host: Wire, sandbox: SandboxControl) -> None:
    """Validation comes first."""
    sandbox.configure(daily_create_limit=1)
    host.create(topic="x" * 300)

    assert host.create().status_code == 201
