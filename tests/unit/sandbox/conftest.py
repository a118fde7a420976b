"""A bare HTTP view of the practice Zoom: what it answers is tested byte by byte, without our own client between."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.sandbox_process import JSON, SandboxControl, SandboxProcess
from tests.unit.sandbox.receiver import SECRET, Receiver, receiving

CALLBACK = "http://127.0.0.1:8501/oauth/zoom/callback"
CLIENT = ("sandbox-client", "sandbox-client-secret")
VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123456789"


class Wire:
    """Calls on Zoom's wire as one user. *token* is his access token."""

    def __init__(self, process: SandboxProcess, token: str = "") -> None:
        self.process = process
        self.token = token

    def as_user(self, token: str) -> "Wire":
        return Wire(self.process, token)

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return requests.request(method, self.process.api_url + path, headers=headers, timeout=10, **options)

    def create(self, **fields: Any) -> requests.Response:
        body = {"topic": "Intake", "type": 2, "start_time": "2099-01-01T10:00:00Z", "duration": 30}
        return self.call("POST", "/users/me/meetings", json=body | fields)

    def created(self, **fields: Any) -> JSON:
        answer = self.create(**fields)
        assert answer.status_code == 201, answer.text
        meeting: JSON = answer.json()
        return meeting

    def authorize_url(self, **changes: str) -> str:
        digest = hashlib.sha256(VERIFIER.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": CLIENT[0],
            "redirect_uri": CALLBACK,
            "state": "a state & more",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self.process.oauth_url}/authorize?{urlencode(query | changes)}"

    def code(self, email: str, **changes: str) -> str:
        """A fresh authorization code: *email* has allowed the app."""
        location = self.process.control.authorize(self.authorize_url(**changes), email)
        return parse_qs(urlsplit(location).query)["code"][0]

    def oauth(self, path: str, form: dict[str, str], auth: tuple[str, str] | None = CLIENT) -> requests.Response:
        return requests.post(self.process.oauth_url + path, data=form, auth=auth, timeout=10)

    def exchange(self, code: str, **changes: str) -> requests.Response:
        form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        return self.oauth("/token", form | {"code": code} | changes)

    def refresh(self, refresh_token: str) -> requests.Response:
        return self.oauth("/token", {"grant_type": "refresh_token", "refresh_token": refresh_token})


@pytest.fixture
def nobody(sandbox_process: SandboxProcess, sandbox: SandboxControl) -> Wire:
    """A caller without a token, before a sandbox without users."""
    return Wire(sandbox_process)


@pytest.fixture
def host(nobody: Wire, sandbox: SandboxControl) -> Wire:
    """A caller who is the licensed user host@demo.example."""
    sandbox.create_user("host@demo.example", first_name="Pool", last_name="One")
    return nobody.as_user(sandbox.grant("host@demo.example")["access_token"])


@pytest.fixture
def receiver(sandbox: SandboxControl) -> Iterator[Receiver]:
    """A subscriber to the sandbox's events."""
    with receiving() as receiver:
        sandbox.subscribe(receiver.url, SECRET)
        yield receiver
        sandbox.configure(webhook_url="")
        sandbox.clear_webhooks()


OPEN = {"join_before_host": True, "auto_recording": "cloud"}


def code_of(answer: requests.Response) -> tuple[int, int]:
    """The HTTP status and Zoom's own code of a refusal."""
    return answer.status_code, answer.json()["code"]
