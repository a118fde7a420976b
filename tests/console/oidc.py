"""A console whose people sign in at a real provider on this machine, and a browser without a screen."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urljoin

import requests
from pydantic import SecretStr
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from core.settings import WELL_KNOWN, Settings
from tests.console.test_app import free_port, start
from tests.e2e.leftovers import until

SECRET = "a-session-secret-of-the-tests-0123456789"
HTML = {"Accept": "text/html"}
CLIENT = {"OIDC_CLIENT_ID": "console", "OIDC_CLIENT_SECRET": "the-clients-own-secret", "SESSION_SECRET": SECRET}


@contextmanager
def provider(*people: dict[str, object]) -> Iterator[str]:
    """The address of an OpenID Connect provider that knows *people*."""
    port = free_port()
    known = [part for person in people for part in ("--user-claims", json.dumps(person))]
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "-p", str(port), *known],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: process.poll() is not None or is_up(f"{address}{WELL_KNOWN}"), 60, "the provider answers")
        assert process.poll() is None, "the provider did not start"
        yield address
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def failing_provider(page: int, token: int) -> Iterator[str]:
    """The address of one that describes itself, whose sign-in page and token endpoint answer with these statuses."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            described = self.path == WELL_KNOWN
            self._answer(200 if described else page, told if described else {})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(token, {"error": "invalid_grant"})

        def _answer(self, status: int, body: dict[str, str]) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{server.server_port}"
    told = {"issuer": address, "authorization_endpoint": f"{address}/authorize", "token_endpoint": f"{address}/token"}
    told["jwks_uri"] = f"{address}/keys"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield address
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def is_up(address: str) -> bool:
    """Whether somebody answers there, and well."""
    try:
        return requests.get(address, timeout=5).ok
    except requests.RequestException:
        return False


@contextmanager
def console_of(settings: Settings, issuer: str) -> Iterator[str]:
    """The address of a web process whose people sign in at *issuer*."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    given = {
        name.upper(): value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in settings.model_dump(exclude_unset=True).items()
    }
    process = start(given.pop("DATABASE_URL"), port, PUBLIC_BASE_URL=address, OIDC_ISSUER=issuer, **CLIENT, **given)
    try:
        until(lambda: process.poll() is not None or is_up(f"{address}/healthz"), 60, "the console answers")
        assert process.poll() is None, process.communicate()[1]
        yield address
    finally:
        process.terminate()
        process.communicate(timeout=20)


class Browser(requests.Session):
    """Cookies, redirects, and Streamlit's own websocket, through which pages come."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address

    def open(self, path: str) -> str:
        """Load a page as a browser does; its address after all redirects."""
        answer = self.get(f"{self.address}{path}", headers=HTML, timeout=20)
        assert answer.ok, answer
        return answer.url.removeprefix(self.address)

    def sign_in(self, subject: str) -> str:
        """Press Sign in, and be *subject* at the provider; where one ends up."""
        page = self.get(f"{self.address}/auth/login?provider={self.login_token()}", headers=HTML, timeout=20)
        form = urljoin(page.url, unescape((re.search(r'action="([^"]*)"', page.text) or ["", ""])[1]) or page.url)
        answer = self.post(form, data={"sub": subject}, headers=HTML, timeout=20)
        assert answer.ok, answer.text
        return answer.url.removeprefix(self.address)

    def login_token(self) -> str:
        """What the button of Streamlit's st.login carries."""
        sent = self.see("/", press="sign_in")
        return (re.search(r"provider=([\w.-]+)", sent) or ["", ""])[1]

    def see(self, path: str, *, press: str | None = None) -> str:
        """Every word that the server sends for a page, in one text; after a button of that key was pressed."""
        self.get(f"{self.address}/_stcore/host-config", timeout=20)
        self.get(f"{self.address}/_stcore/health", timeout=20)
        xsrf = self.cookies.get("_streamlit_xsrf", "")
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.cookies)
        with connect(
            f"{self.address.replace('http', 'ws', 1)}/_stcore/stream",
            origin=self.address,  # type: ignore[arg-type]
            subprotocols=["streamlit", xsrf],  # type: ignore[list-item]
            additional_headers={"Cookie": cookies},
            max_size=None,
        ) as socket:
            name, _, query = path.partition("?")
            ask = BackMsg()
            ask.rerun_script.page_name = name.strip("/")
            ask.rerun_script.query_string = query
            socket.send(ask.SerializeToString())
            seen, sent = _run(socket)
            if press is None:
                return seen
            button = next(word for word in re.findall(r"\$\$ID-[0-9a-f]+-" + press, seen))
            ask.rerun_script.page_script_hash = sent[-1].new_session.page_script_hash if sent else ""
            state = ask.rerun_script.widget_states.widgets.add()
            state.id, state.trigger_value = button, True
            socket.send(ask.SerializeToString())
            return _run(socket)[0]


def _run(socket: ClientConnection) -> tuple[str, list[ForwardMsg]]:
    """What one run of a page sends."""
    seen, sessions = [], []
    while True:
        message = ForwardMsg()
        message.ParseFromString(socket.recv(timeout=30))  # type: ignore[arg-type]
        seen.append(str(message))
        if message.WhichOneof("type") == "new_session":
            sessions.append(message)
        if message.WhichOneof("type") == "script_finished" and message.script_finished == 0:
            return "\n".join(seen).replace("\\", ""), sessions
