"""What is reached over the network: Zoom, the mail server, and our own web process as Zoom and people reach it."""

import contextlib
import json
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import requests

from core.errors import MailError, NeedsReauth, ZoomUnavailable
from core.mail.smtp import Mailer
from core.services.doctor.check import Check, fail, ok, warn
from core.services.inbox.notice import URL_VALIDATION
from core.settings import Settings
from core.wiring import Wiring
from core.zoom.signatures import signature_of, validation_answer
from core.zoom.wire import open_session, send

TIMEOUT = (3, 5)  # seconds to connect and to answer; Zoom itself waits three for an answer to an event
UNREACHABLE = "See to this machine's way there: DNS, firewall, HTTPS_PROXY (in the sandbox: start it with `make up`)."
UNEASY_SKEW, WRONG_SKEW = timedelta(seconds=10), timedelta(minutes=5)


def examine_zoom(settings: Settings, clock: Callable[[], datetime]) -> Iterator[Check]:
    """Whether its API can be reached, told by its refusal of a call without a token, and whether our clocks agree."""
    session = open_session(settings.api_url, connections=1)
    try:
        answer = send(session, "GET", f"{settings.api_url}/users/me", changes=False)
    except ZoomUnavailable as error:
        yield fail("Zoom API", f"{settings.api_url}: {error.message}", UNREACHABLE)
        return
    if answer.status_code >= 500 or answer.status_code == 404:
        step = "See status.zoom.us; check ZOOM_API_URL if it is set."
        yield fail("Zoom API", f"{settings.api_url} answers with HTTP {answer.status_code}.", step)
        return
    yield ok("Zoom API", f"{settings.api_url} answers.")
    try:
        theirs = parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError):
        return
    apart = abs((theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)) - clock())
    says, step = f"Zoom and this machine are {apart.total_seconds():.0f} s apart.", "Let this machine keep time by NTP."
    if apart > WRONG_SKEW:
        yield fail("clock", says, step)
    elif apart > UNEASY_SKEW:
        yield warn("clock", says, step)
    else:
        yield ok("clock", says)


def examine_oauth(parts: Wiring) -> Iterator[Check]:
    """Whether Zoom knows our app: it refuses a made-up token in one way, and a wrong secret in another."""
    try:
        with contextlib.suppress(NeedsReauth):
            parts.oauth.refresh(f"doctor-{secrets.token_hex(8)}")
    except ZoomUnavailable as error:
        yield fail("Zoom OAuth", f"{parts.settings.oauth_url}: {error.message}", UNREACHABLE)
        return
    yield ok("Zoom OAuth", "Zoom knows this app's client id and secret.")


def examine_mail(parts: Wiring) -> Iterator[Check]:
    """Whether the mail server lets us in. No mail is sent."""
    server = parts.mail_server
    try:
        with Mailer(server) as mailer:
            mailer.knock()
    except MailError as error:
        yield fail("mail server", f"{error.message} {error.reply}".strip(), "Correct SMTP_URL, or see to the server.")
        return
    plain = server.scheme == "smtp" and server.host not in ("127.0.0.1", "localhost", "::1")
    if plain and parts.settings.mode == "production":
        yield warn("mail server", "Mails reach it unencrypted.", "Use smtp+starttls:// or smtps:// in SMTP_URL.")
    else:
        yield ok("mail server", f"{server.host}:{server.port} lets us in.")


def examine_console(settings: Settings) -> Iterator[Check]:
    """The web process on this machine, and what stands between it and the world."""
    local = f"http://127.0.0.1:{settings.console_port}"
    for part, base in (("console", local), ("public address", settings.base_url)):
        if part == "public address" and base == local:
            continue
        step = (
            "Start it: python -m console.app."
            if base == local
            else "See to DNS, TLS and the proxy (docs/production.md)."
        )
        try:
            answer = _ask("GET", f"{base}/healthz")
        except requests.RequestException as error:
            yield fail(part, f"{base} cannot be reached ({type(error).__name__}).", step)
            continue
        if answer.status_code == 200:
            yield ok(part, f"{base} answers and is healthy.")
        else:
            yield fail(part, f"{base} says: {_reason(answer)}", step)


def examine_webhooks(settings: Settings, clock: Callable[[], datetime]) -> Iterator[Check]:
    """Ask our own public endpoint what Zoom asks every 72 hours, signed with our own secret."""
    part, target = "webhook endpoint", f"{settings.base_url}/webhooks/zoom"
    if not settings.webhook_secrets:
        yield fail(part, "There is no secret to verify events with.", "Set ZOOM_WEBHOOK_SECRET_TOKEN.")
        return
    secret, plain = settings.webhook_secrets[0], secrets.token_urlsafe(16)
    now = clock()
    asked = {"event": URL_VALIDATION, "event_ts": int(now.timestamp() * 1000), "payload": {"plainToken": plain}}
    body, stamp = json.dumps(asked).encode(), str(int(now.timestamp()))
    headers = {
        "content-type": "application/json",
        "x-zm-request-timestamp": stamp,
        "x-zm-signature": signature_of(secret, stamp, body),
    }
    try:
        answer = _ask("POST", target, data=body, headers=headers)
    except requests.RequestException as error:
        step = "See to DNS, TLS and the proxy: Zoom has to reach it too."
        yield fail(part, f"{target} cannot be reached ({type(error).__name__}).", step)
        return
    try:
        right = answer.json() == validation_answer(secret, plain)
    except ValueError:
        right = False
    if answer.status_code == 200 and right:
        yield ok(part, f"{target} answers as Zoom expects.")
    else:
        step = (
            "The proxy has to pass /webhooks/zoom on unchanged, to a console with the same ZOOM_WEBHOOK_SECRET_TOKEN."
        )
        yield fail(part, f"{target} does not answer as Zoom expects (HTTP {answer.status_code}).", step)


def _ask(method: str, url: str, **request: object) -> requests.Response:
    return requests.request(method, url, timeout=TIMEOUT, allow_redirects=False, **request)  # type: ignore[arg-type]


def _reason(answer: requests.Response) -> str:
    try:
        return str(answer.json()["reason"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"
