"""Signing in over OpenID Connect: what Streamlit needs to know, whose cookie a request carries, and the way back to
where the person wanted to go."""

import json
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote, unquote

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from console.middleware import is_below
from core.settings import Settings, get_settings

CALLBACK = "/oauth2callback"
NEXT = "console_next"
NEXT_SECONDS = 600
NO_PAGE = ("/auth", "/_stcore", "/oauth", CALLBACK, "/api", "/webhooks", "/healthz", "/media", "/static", "/component")


def secrets(settings: Settings) -> dict[str, Any]:
    """Streamlit's `[auth]`; nothing where nobody signs in."""
    if not settings.signs_in:
        return {}
    assert settings.oidc_client_secret and settings.session_secret
    return {
        "auth": {
            "redirect_uri": settings.sign_in_redirect_uri,
            "cookie_secret": settings.session_secret.get_secret_value(),
            "client_id": settings.oidc_client_id,
            "client_secret": settings.oidc_client_secret.get_secret_value(),
            "server_metadata_url": settings.oidc_metadata_url,
        }
    }


def claims_of(cookies: Mapping[str, str], secret: str) -> dict[str, Any]:
    """What the provider said of whoever sent the cookies; nothing where our signature is missing or wrong."""

    def one(name: str) -> bytes | None:
        return decode_signed_value(secret, name, cookies.get(name, ""))

    try:
        claims = json.loads(get_cookie_with_chunks(one, USER_COOKIE_NAME) or b"{}")
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


class ReturnTo:
    """Send people who signed in to the page they asked for; Streamlit sends everybody to `/` (streamlit#10162).

    The page that was loaded last is in a short-lived cookie. Over https every cookie of this site is for https only.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, and look at cookies and at the callback's answer."""
        if scope["type"] != "http" or not get_settings().signs_in:
            await self.app(scope, receive, send)
            return

        async def remembered(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                _lead(scope, headers, message["status"])
                if get_settings().base_url.startswith("https://"):
                    _for_https_only(headers)
            await send(message)

        await self.app(scope, receive, remembered)


def _lead(scope: Scope, headers: MutableHeaders, status: int) -> None:
    path = scope["path"]
    if path == CALLBACK and status in (302, 303, 307):
        if wanted := _same_site(_cookie(scope, NEXT)):
            headers["Location"] = wanted
        headers.append("Set-Cookie", f"{NEXT}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
    elif _is_page(scope):
        query = scope["query_string"].decode("latin-1")
        wanted = quote(f"{path}?{query}" if query else path, safe="")
        if len(wanted) < 2000:
            headers.append("Set-Cookie", f"{NEXT}={wanted}; Path=/; Max-Age={NEXT_SECONDS}; HttpOnly; SameSite=Lax")


def _is_page(scope: Scope) -> bool:
    return (
        scope["method"] == "GET"
        and "text/html" in Headers(scope=scope).get("accept", "")
        and not is_below(scope["path"], *NO_PAGE)
    )


def _cookie(scope: Scope, name: str) -> str:
    try:
        found = SimpleCookie(Headers(scope=scope).get("cookie", "")).get(name)
    except CookieError:
        return ""
    return unquote(found.value) if found else ""


def _same_site(path: str) -> str | None:
    """*path*, if no browser can take it for the address of another site."""
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isascii() and path.isprintable()
    return quote(path, safe="/?&=%+:@,;~!$'()*-._") if safe else None


def _for_https_only(headers: MutableHeaders) -> None:
    headers.raw[:] = [
        (name, value + b"; Secure" if name.lower() == b"set-cookie" and b"secure" not in value.lower() else value)
        for name, value in headers.raw
    ]
