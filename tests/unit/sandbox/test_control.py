"""The control commands refuse what they cannot understand, in a sentence."""

from typing import Any

import pytest
import requests

from tests.sandbox_process import SandboxControl
from tests.unit.sandbox.conftest import Wire


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/users", {}, 400),
        ("POST", "/users", {"email": "no address"}, 400),
        ("POST", "/users", {"email": "host@demo.example"}, 409),
        ("POST", "/users", {"email": "x@demo.example", "shoe_size": 43}, 400),
        ("POST", "/users", {"email": "x@demo.example", "type": "licensed"}, 400),
        ("POST", "/users", ["x@demo.example"], 400),
        ("PATCH", "/users/nobody@demo.example", {"type": 1}, 404),
        ("PATCH", "/users/host@demo.example", {"email": "y@demo.example"}, 400),
        ("PATCH", "/users/host@demo.example", [], 400),
        ("POST", "/grants", {"email": "host@demo.example"}, 400),
        ("POST", "/grants", [{"email": "nobody@demo.example"}], 404),
        ("POST", "/meetings/1/start", {}, 404),
        ("PATCH", "/config", {"speed": 9}, 400),
        ("PATCH", "/config", {"latency_ms": "fast"}, 400),
        ("PATCH", "/config", {"rate_limits": {"Light": "many"}}, 400),
        ("GET", "/mail?since=yesterday", {}, 400),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(host: Wire, method: str, path: str, body: Any, status: int) -> None:
    """The answer holds one sentence."""
    answer = requests.request(method, f"{host.process.url}/sandbox{path}", json=body, timeout=10)

    assert (answer.status_code, list(answer.json())) == (status, ["error"])


def test_a_body_that_is_no_json_is_refused(nobody: Wire) -> None:
    """Text is not a command."""
    answer = requests.post(nobody.process.url + "/sandbox/users", data="{", timeout=10)

    assert answer.status_code == 400


def test_many_users_and_grants_are_made_at_once(nobody: Wire, sandbox: SandboxControl) -> None:
    """In the order asked for; each token is its own user's."""
    users = sandbox.create_users([{"email": f"u{n}@demo.example"} for n in range(50)])
    grants = sandbox.grants([{"user_id": user["id"]} for user in users])

    assert [grant["email"] for grant in grants] == [user["email"] for user in users]
    assert nobody.as_user(grants[7]["access_token"]).call("GET", "/users/me").json()["email"] == "u7@demo.example"
    assert all(user["connected"] for user in sandbox.users())


def test_access_tokens_expire_on_command(host: Wire, sandbox: SandboxControl) -> None:
    """One user's or everybody's; refresh tokens live on."""
    refresh_token = sandbox.grant("host@demo.example")["refresh_token"]
    sandbox.expire_access_tokens("host@demo.example")
    renewed = host.refresh(refresh_token).json()["access_token"]

    assert host.as_user(renewed).call("GET", "/users/me").status_code == 200
    sandbox.expire_access_tokens()
    assert host.as_user(renewed).call("GET", "/users/me").status_code == 401


def test_meetings_ever_made_are_counted_and_listed(host: Wire, sandbox: SandboxControl) -> None:
    """Deleted ones stay in the list with their state, so that doubles and leftovers show."""
    kept, gone = host.created(agenda="zp:1"), host.created(agenda="zp:2")
    host.call("DELETE", f"/meetings/{gone['id']}")

    listed = {meeting["id"]: meeting for meeting in sandbox.meetings()}
    assert (listed[kept["id"]]["state"], listed[gone["id"]]["state"]) == ("waiting", "deleted")
    assert (listed[kept["id"]]["agenda"], listed[kept["id"]]["host_email"]) == ("zp:1", "host@demo.example")
    assert sandbox.stats()["creates"] == 2
