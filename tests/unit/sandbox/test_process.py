"""The sandbox as a process: what survives its death, how it starts and why it does not."""

import signal
import smtplib
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.sandbox_process import ROOT, SandboxProcess
from tests.unit.sandbox.conftest import OPEN, Wire


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_everything_survives_the_end_of_the_process(tmp_path: Path, end: str) -> None:
    """A stop and a kill -9 alike: what was answered is there afterwards, on the same ports."""
    process = SandboxProcess(state=tmp_path / "sandbox.db").start()
    try:
        control = process.control
        control.create_user("host@demo.example", locked={"waiting_room": True})
        control.configure(latency_ms=1, daily_create_limit=3)
        host = Wire(process, control.grant("host@demo.example")["access_token"])
        meeting = host.created()
        recorded = host.created(settings=OPEN)["id"]
        control.join(recorded, "Ann", force=True)
        control.leave(recorded)
        recording = control.finish_recording(recorded)["recordings"]
        control.start_meeting(meeting["id"])
        code = host.code("host@demo.example")
        with smtplib.SMTP("127.0.0.1", process.smtp_port, timeout=10) as server:
            server.sendmail("a@demo.example", ["b@demo.example"], "Subject: kept\r\n\r\nstill here")
        before = host.call("GET", f"/meetings/{meeting['id']}").json()["uuid"]

        getattr(process, end)()
        process.start()

        assert host.call("GET", f"/meetings/{meeting['id']}").json()["uuid"] == before
        assert control.meetings()[0]["state"] == "started"
        assert control.meeting(recorded)["recordings"] == recording
        assert control.meeting(recorded)["instances"][0]["participants"][0]["name"] == "Ann"
        assert control.users()[0]["locked"] == {"waiting_room": True}
        assert [mail["subject"] for mail in control.mail()] == ["kept"]
        assert control.config()["latency_ms"] == 1
        assert [host.create().status_code for _ in range(2)] == [201, 429]
        assert host.exchange(code).status_code == 200
    finally:
        process.stop()


def test_the_last_answer_before_a_kill_still_holds(tmp_path: Path) -> None:
    """A meeting told in a 201 and a mail acknowledged with 250 are stored before they are answered."""
    with SandboxProcess(state=tmp_path / "sandbox.db") as process:
        process.control.create_user("host@demo.example")
        host = Wire(process, process.control.grant("host@demo.example")["access_token"])
        meeting = host.created()
        process.kill()
        process.start()
        assert host.call("GET", f"/meetings/{meeting['id']}").status_code == 200

        with smtplib.SMTP("127.0.0.1", process.smtp_port, timeout=10) as server:
            server.sendmail("a@demo.example", ["b@demo.example"], "Subject: last\r\n\r\nwords")
            process.kill()
            process.start()
            assert process.control.mail_count() == 1
            server.close()


def test_a_reset_is_final(tmp_path: Path) -> None:
    """What was forgotten does not come back with a restart."""
    with SandboxProcess(state=tmp_path / "sandbox.db") as process:
        process.control.create_user("host@demo.example")
        process.control.configure(latency_ms=5)
        process.control.reset()
        process.kill()
        process.start()

        assert process.control.users() == []
        assert process.control.config()["latency_ms"] == 0


def test_it_takes_its_ways_from_the_command_line(tmp_path: Path) -> None:
    """Plan, latency, client, address and allowed redirects."""
    with SandboxProcess(
        *("--plan", "pro", "--latency-ms", "20", "--client-id", "app", "--client-secret", "s3cret"),
        *("--webhook-url", "http://127.0.0.1:9/hook", "--webhook-secret", "a secret"),
        *("--autopilot", "--no-show-every", "5", "--processing-seconds", "20"),
        *("--public-url", "https://practice.example/", "--redirect-uri", "https://app.example/callback"),
    ) as process:
        control = process.control
        control.create_user("host@demo.example")
        host = Wire(process, control.grant("host@demo.example")["access_token"])
        answer = host.create()

        assert control.config()["rate_limits"] == {"Light": 30, "Medium": 20, "Heavy": 10}
        config = control.config()
        assert (config["webhook_url"], config["webhook_secret"]) == ("http://127.0.0.1:9/hook", "a secret")
        assert (config["autopilot"], config["autopilot_no_show_every"], config["processing_seconds"]) == (True, 5, 20)
        assert answer.elapsed.total_seconds() >= 0.02
        assert answer.json()["join_url"].startswith("https://practice.example/j/")
        assert host.oauth("/token", {}, auth=("app", "s3cret")).json()["error"] == "unsupported_grant_type"
        local = host.authorize_url(client_id="app")
        allowed = host.authorize_url(client_id="app", redirect_uri="https://app.example/callback")
        assert requests.get(local, timeout=10).status_code == 400
        assert requests.get(allowed, timeout=10).status_code == 200


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    """It says which and what to do, without a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = _run("--port", str(taken.getsockname()[1]), "--smtp-port", "0")

    assert result.returncode == 2
    assert "Choose another port" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_state_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """A folder that does not exist, for one."""
    result = _run("--port", "0", "--smtp-port", "0", "--state", str(tmp_path / "no" / "such" / "file.db"))

    assert result.returncode == 2
    assert "Give a writable file" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_stop_does_not_wait_for_a_hanging_call() -> None:
    """A call that hangs on command holds nobody up: the process ends by itself and need not be killed."""
    with SandboxProcess() as process:
        process.control.fault({"timeout": 60})
        with socket.create_connection(("127.0.0.1", process.http_port)) as connection:
            connection.sendall(b"GET /v2/users/me HTTP/1.1\r\nHost: x\r\n\r\n")
            process.control.users()
            assert process.stop() == -signal.SIGTERM
            assert connection.recv(100) == b""


def test_ctrl_c_ends_it_without_a_traceback() -> None:
    """Nobody wants to read one."""
    with SandboxProcess() as process:
        assert process.stop(signal.SIGINT) == 0
        assert process.errors() == ""


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "core.sandbox", *arguments]
    return subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=20)
