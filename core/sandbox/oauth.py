"""`/oauth/token` and `/oauth/revoke`: codes, rotating refresh tokens and their refusals (Zoom: OAuth 2.0)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import TYPE_CHECKING

from core.sandbox.records import AuthorizationCode, Grant
from core.sandbox.wire import Call, OAuthError, Operation, Reply

if TYPE_CHECKING:
    from core.sandbox.world import World

CODE_SECONDS = 300


def token(world: World, call: Call) -> Reply:
    """Exchange a code or a refresh token for a new pair."""
    _require_client(world, call)
    form = call.form()
    match form.get("grant_type"):
        case "authorization_code":
            grant = _exchange(world, form)
        case "refresh_token":
            grant = _refresh(world, form.get("refresh_token", ""))
        case _:
            raise OAuthError(400, "unsupported_grant_type", "unsupported grant type")
    return Reply(
        200,
        {
            "access_token": grant.access_token,
            "token_type": "bearer",
            "refresh_token": grant.refresh_token,
            "expires_in": round(grant.access_expires_at - world.now()),
            "scope": " ".join(grant.scopes),
            "api_url": world.options.public_url,
        },
    )


def revoke(world: World, call: Call) -> Reply:
    """Kill the pair that an access token belongs to. An expired token cannot be revoked."""
    _require_client(world, call)
    grant = world.grant_by_access_token.get(call.form().get("token", ""))
    if grant is None or grant.access_expires_at <= world.now():
        raise OAuthError(400, "invalid_request", "Invalid Token!")
    world.drop_grant(grant.user_id)
    return Reply(200, {"status": "success"})


def new_code(
    world: World, user_id: str, redirect_uri: str, scopes: list[str], challenge: str, challenge_method: str
) -> str:
    """A fresh authorization code for a user who has agreed."""
    code = secrets.token_urlsafe(24)
    expires_at = world.now() + CODE_SECONDS
    world.add_code(
        AuthorizationCode(code, user_id, redirect_uri, scopes, challenge, challenge_method, expires_at=expires_at)
    )
    return code


def _exchange(world: World, form: dict[str, str]) -> Grant:
    text = form.get("code", "")
    code = world.take_code(text)
    if code is None or code.expires_at <= world.now():
        raise OAuthError(400, "invalid_grant", f"Invalid authorization code {text}")
    if form.get("redirect_uri") != code.redirect_uri:
        raise OAuthError(400, "invalid_request", "Redirect URI mismatch.")
    if not _verified(code, form.get("code_verifier", "")):
        raise OAuthError(400, "invalid_grant", "Invalid code verifier.")
    return world.issue_grant(code.user_id, code.scopes)


def _verified(code: AuthorizationCode, verifier: str) -> bool:
    """Whether the PKCE verifier fits the challenge (RFC 7636 §4.6); without a challenge anything fits."""
    if not code.challenge:
        return True
    if code.challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        verifier = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return secrets.compare_digest(verifier.encode(), code.challenge.encode())


def _refresh(world: World, refresh_token: str) -> Grant:
    """Rotate a pair. The old refresh token and the old access token are dead from here on."""
    grant = world.grant_by_refresh_token.get(refresh_token)
    if grant is None or grant.refresh_expires_at <= world.now():
        raise OAuthError(400, "invalid_grant", "Invalid Token!")
    return world.issue_grant(grant.user_id, grant.scopes)


def _require_client(world: World, call: Call) -> None:
    kind, _, encoded = call.headers.get("authorization", "").partition(" ")
    expected = f"{world.options.client_id}:{world.options.client_secret}"
    try:
        given = base64.b64decode(encoded).decode() if kind.lower() == "basic" else ""
    except ValueError:
        given = ""
    if not secrets.compare_digest(given.encode(), expected.encode()):
        raise OAuthError(401, "invalid_client", "Invalid client_id or client_secret")


OPERATIONS = (
    Operation("POST", "/oauth/token", token),
    Operation("POST", "/oauth/revoke", revoke),
)
