"""Zoom's OAuth for user-managed apps: authorization code with PKCE, rotating refresh tokens, revoke."""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import requests
from pydantic import BaseModel, ConfigDict, ValidationError

from core.clock import utcnow
from core.errors import NeedsReauth, ZoomError, ZoomRateLimited, ZoomRejected, ZoomUnavailable
from core.settings import Settings
from core.zoom.failures import json_object
from core.zoom.rate_headers import retry_at
from core.zoom.wire import TRACKING_HEADER, open_session, send

# Granular scope -> the classic one that older apps hold instead (Zoom API reference, the scopes of each call).
# Recordings are included from the start: a token gains no scope later, every user would have to consent again.
REQUIRED_SCOPES: Mapping[str, str] = {
    "user:read:user": "user:read",
    "user:read:settings": "user:read",
    "meeting:write:meeting": "meeting:write",
    "meeting:read:meeting": "meeting:read",
    "meeting:read:list_meetings": "meeting:read",
    "meeting:delete:meeting": "meeting:write",
    "meeting:update:status": "meeting:write",
    "meeting:read:past_meeting": "meeting:read",
    "meeting:read:list_past_instances": "meeting:read",
    "cloud_recording:read:list_recording_files": "recording:read",
    "cloud_recording:read:list_user_recordings": "recording:read",
    "cloud_recording:update:recover_meeting_recordings": "recording:write",
}

# Refusals that no retry mends (Zoom: OAuth error messages); some answers carry the number only inside `reason`.
DEAD_GRANT_CODES = re.compile(r"\b4,?7(?:11|17|35|37|38|40|41)\b")
AGAIN = "It is tried again by itself."


@dataclass(frozen=True)
class TokenPair:
    """What Zoom grants. *lifetime* is the access token's, to be counted from before the request."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    lifetime: timedelta
    scopes: str


class _TokenAnswer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    access_token: str
    refresh_token: str
    expires_in: float
    scope: str = ""


def missing_scopes(granted: str) -> list[str]:
    """Those of `REQUIRED_SCOPES` that the space-separated *granted* lacks in both spellings."""
    held = set(granted.split())
    return [granular for granular, classic in REQUIRED_SCOPES.items() if not held & {granular, classic}]


def new_verifier() -> str:
    """A PKCE code verifier: 86 characters, of the 43 to 128 that RFC 7636 §4.1 allows."""
    return secrets.token_urlsafe(64)


def challenge_of(verifier: str) -> str:
    """The S256 challenge of *verifier* (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class ZoomOAuth:
    """The app's side of the grants. One per process, used by many threads."""

    def __init__(self, settings: Settings, *, session: requests.Session | None = None) -> None:
        self._base = settings.oauth_url
        self._client_id = settings.zoom_client_id
        self._client_secret = settings.zoom_client_secret
        self._redirect_uri = settings.redirect_uri
        self._session = session or open_session(self._base, connections=settings.zoom_concurrency)

    def authorize_url(self, state: str, challenge: str) -> str:
        """Where a person consents. The method is always named: without it Zoom takes the challenge for `plain`."""
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._base}/authorize?{urlencode(query)}"

    def exchange(self, code: str, verifier: str) -> TokenPair:
        """Turn an authorization code, good once and for five minutes, into tokens.

        Raises:
            NeedsReauth: Zoom does not accept the code (any more).
            ZoomUnavailable, ZoomRateLimited, ZoomRejected.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        return self._token(form)

    def refresh(self, refresh_token: str) -> TokenPair:
        """A new pair for an old one, which is dead from then on, also when the answer gets lost.

        Raises:
            NeedsReauth: the grant is dead.
            ZoomUnavailable, ZoomRateLimited: it may well be alive; ask again later.
            ZoomRejected: Zoom refuses us, not the grant (wrong client id or secret).
        """
        return self._token({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def revoke(self, access_token: str) -> None:
        """Make a pair unusable. Raises like `refresh`; an expired access token cannot be revoked."""
        self._post("/revoke", {"token": access_token})

    def _token(self, form: Mapping[str, str]) -> TokenPair:
        response = self._post("/token", form)
        try:
            answer = _TokenAnswer.model_validate_json(response.content)
        except ValidationError:
            # Not `from error`: pydantic's message quotes the answer, and with it the tokens.
            raise ZoomUnavailable(
                "Zoom's answer holds no tokens.", next_step=AGAIN, maybe_done=True, status=response.status_code
            ) from None
        return TokenPair(
            answer.access_token, answer.refresh_token, timedelta(seconds=answer.expires_in), scopes=answer.scope
        )

    def _post(self, path: str, form: Mapping[str, str]) -> requests.Response:
        client = (self._client_id, self._client_secret.get_secret_value())
        response = send(self._session, "POST", f"{self._base}{path}", changes=True, data=form, auth=client)
        if error := _refusal(response):
            raise error
        return response


def _refusal(response: requests.Response) -> ZoomError | None:
    """The error in an answer of the OAuth endpoints, whose shape is `{"reason", "error"}`."""
    body = json_object(response)
    facts: dict[str, Any] = {"status": response.status_code, "tracking_id": response.headers.get(TRACKING_HEADER)}
    if response.status_code == 429:
        when = retry_at(response.headers, utcnow())
        return ZoomRateLimited("Zoom asks for fewer token requests.", next_step=AGAIN, retry_at=when, **facts)
    if response.status_code >= 500 or body is None:
        return ZoomUnavailable(
            f"Zoom's token service is not working properly (HTTP {response.status_code}).",
            next_step=AGAIN,
            maybe_done=True,
            **facts,
        )
    if 200 <= response.status_code < 300 and "error" not in body:
        return None
    error, reason = str(body.get("error", "")), str(body.get("reason", ""))
    if error == "invalid_grant" or DEAD_GRANT_CODES.search(f"{body.get('code', '')} {reason}"):
        return NeedsReauth(f"Zoom says that the connection has ended ({error}).", **facts)
    return ZoomRejected(
        f"Zoom refuses this app's request for tokens ({error or 'no reason given'}).",
        next_step="Compare ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET and the redirect address with the Marketplace app.",
        **facts,
    )
