"""Misbehaviour on command."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from tests.sandbox_process import SandboxControl
from tests.unit.sandbox.conftest import VERIFIER, Wire

CREATE: dict[str, Any] = {"method": "POST", "path_regex": "/meetings$"}


def test_a_fault_hits_as_often_as_told(host: Wire, sandbox: SandboxControl) -> None:
    """Then all is well again."""
    sandbox.fault({"status": 503}, times=2, **CREATE)

    assert [host.create().status_code for _ in range(3)] == [503, 503, 201]
    assert len(sandbox.meetings()) == 1


def test_a_fault_without_times_lasts_until_it_is_removed(host: Wire, sandbox: SandboxControl) -> None:
    """It counts its hits meanwhile."""
    fault = sandbox.fault({"status": 500}, **CREATE)
    statuses = [host.create().status_code for _ in range(3)]

    assert statuses == [500, 500, 500]
    told = {"id": fault, "hits": 3, "times_left": None, "effect": {"status": 500}}
    assert [each | told for each in sandbox.faults()] == sandbox.faults()
    sandbox.remove_fault(fault)
    assert host.create().status_code == 201


def test_a_fault_hits_only_whom_it_is_meant_for(host: Wire, sandbox: SandboxControl) -> None:
    """Method, path and user all have to fit."""
    other = sandbox.create_user("other@demo.example")
    another = host.as_user(sandbox.grant("other@demo.example")["access_token"])
    sandbox.fault({"status": 500}, method="POST", path_regex="/meetings$", user_id=other["id"])

    assert host.create().status_code == 201
    assert another.call("GET", "/users/me/meetings").status_code == 200
    assert another.create().status_code == 500


def test_an_effect_after_the_change_leaves_the_change(host: Wire, sandbox: SandboxControl) -> None:
    """A 500 that lies: the meeting was made all the same."""
    sandbox.fault({"status": 500, "when": "after"}, times=1, **CREATE)

    assert host.create().status_code == 500
    assert len(sandbox.meetings()) == 1


def test_a_rate_limit_names_the_moment_as_zoom_does(host: Wire, sandbox: SandboxControl) -> None:
    """Retry-After is a moment in ISO 8601; a text is passed on as it is."""
    sandbox.fault({"status": 429, "retry_after": 5}, times=1)
    moment = datetime.fromisoformat(host.create().headers["Retry-After"])
    sandbox.fault({"status": 429, "retry_after": "7", "headers": {"X-RateLimit-Type": "QPS"}}, times=1)
    verbatim = host.create().headers

    assert 3 <= (moment - datetime.now(UTC)).total_seconds() <= 5
    assert (verbatim["Retry-After"], verbatim["X-RateLimit-Type"]) == ("7", "QPS")


def test_a_body_can_be_put_in_zooms_mouth(host: Wire, sandbox: SandboxControl) -> None:
    """For codes that the sandbox never says by itself."""
    sandbox.fault({"status": 400, "body": {"code": 3007, "message": "has ended"}}, times=1)

    assert host.create().json() == {"code": 3007, "message": "has ended"}


def test_html_comes_instead_of_json(host: Wire, sandbox: SandboxControl) -> None:
    """As from a gateway; 200 is possible too."""
    sandbox.fault({"html": True}, times=1)
    gateway = host.create()
    sandbox.fault({"html": True, "status": 200}, times=1)

    assert (gateway.status_code, gateway.headers["Content-Type"]) == (502, "text/html")
    assert gateway.text.startswith("<html>")
    assert host.create().status_code == 200


@pytest.mark.parametrize(
    ("effect", "made"),
    [
        ({"reset": True}, 0),
        ({"reset": True, "when": "after"}, 1),
        ({"lose_reply": True}, 1),
        ({"timeout": 0.2}, 0),
        ({"timeout": 0.2, "when": "after"}, 1),
    ],
)
def test_a_cut_connection_leaves_the_caller_in_doubt(
    host: Wire, sandbox: SandboxControl, effect: dict[str, Any], made: int
) -> None:
    """No answer comes; whether the meeting exists is only to be seen by looking."""
    sandbox.fault(effect, times=1, **CREATE)

    with pytest.raises(requests.ConnectionError):
        host.create()
    assert len(sandbox.meetings()) == made
    assert sandbox.stats()["answers"]["POST /v2/users/{user_id}/meetings"] == {"lost": 1}


def test_a_reset_is_a_reset(host: Wire, sandbox: SandboxControl) -> None:
    """The peer sees ECONNRESET, not a polite close."""
    sandbox.fault({"reset": True}, times=1)

    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        host.create()


def test_a_caller_who_loses_patience_ends_the_hanging(host: Wire, sandbox: SandboxControl) -> None:
    """The sandbox goes on serving others while one call hangs."""
    sandbox.fault({"timeout": 60}, times=1, **CREATE)

    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(
            requests.post,
            host.process.api_url + "/users/me/meetings",
            headers={"Authorization": f"Bearer {host.token}"},
            json={},
            timeout=0.5,
        )
        assert host.call("GET", "/users/me").status_code == 200
        with pytest.raises(requests.ReadTimeout):
            hanging.result()


def test_slow_is_slow_and_right(host: Wire, sandbox: SandboxControl) -> None:
    """The answer is late, nothing else."""
    sandbox.fault({"slow": 150}, times=1, **CREATE)
    began = time.monotonic()

    assert host.create().status_code == 201
    assert time.monotonic() - began >= 0.15


def test_a_dropped_setting_is_told_and_kept(host: Wire, sandbox: SandboxControl) -> None:
    """The 201 shows it, and so does a later GET."""
    sandbox.fault({"drop_settings": {"auto_recording": "none"}}, times=1, **CREATE)
    meeting = host.created(settings={"auto_recording": "cloud"})

    assert meeting["settings"]["auto_recording"] == "none"
    assert host.call("GET", f"/meetings/{meeting['id']}").json()["settings"]["auto_recording"] == "none"
    assert host.created(settings={"auto_recording": "cloud"})["settings"]["auto_recording"] == "cloud"


def test_a_lost_refresh_reply_leaves_nothing_that_works(host: Wire, sandbox: SandboxControl) -> None:
    """Zoom rotated and nobody heard: the pair at hand is dead. Faults on refreshes aim by user too."""
    user = sandbox.create_user("seat@demo.example")
    pair = host.exchange(host.code("seat@demo.example"), code_verifier=VERIFIER).json()
    sandbox.fault({"lose_reply": True}, times=1, path_regex="/oauth/token", user_id=user["id"])

    with pytest.raises(requests.ConnectionError):
        host.refresh(pair["refresh_token"])
    assert host.refresh(pair["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("match", "effect", "times"),
    [
        ({}, {}, None),
        ({}, {"explode": True}, None),
        ({}, {"reset": True, "timeout": 1}, None),
        ({}, {"timeout": 121}, None),
        ({}, {"status": "500"}, None),
        ({}, {"status": 500, "when": "later"}, None),
        ({}, {"status": 500}, 0),
        ({"path_regex": "("}, {"status": 500}, None),
        ({"host": "x"}, {"status": 500}, None),
        ({"smtp": True}, {"status": 500}, None),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(
    nobody: Wire, match: dict[str, Any], effect: dict[str, Any], times: int | None
) -> None:
    """400 with a sentence."""
    answer = requests.post(
        nobody.process.url + "/sandbox/faults", json={"match": match, "effect": effect, "times": times}, timeout=10
    )

    assert answer.status_code == 400
    assert answer.json()["error"]
