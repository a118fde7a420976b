"""`/oauth/authorize`: the page where somebody signs in and allows or denies the app (Zoom: OAuth 2.0, authorize)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core.sandbox.oauth import new_code
from core.sandbox.templates import page

if TYPE_CHECKING:
    from core.sandbox.world import World

MAX_USERS_SHOWN = 50
_PARAMETERS = (
    "response_type",
    "client_id",
    "redirect_uri",
    "state",
    "scope",
    "code_challenge",
    "code_challenge_method",
)
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


def routes(world: World) -> list[Route]:
    """The consent page over one world."""

    async def show(request: Request) -> Response:
        return _page(world, dict(request.query_params))

    async def decide(request: Request) -> Response:
        form = await request.form()
        fields = dict(request.query_params) | {name: str(value) for name, value in form.items()}
        response = _decide(world, fields)
        world.store.flush()
        return response

    return [
        Route("/oauth/authorize", show, methods=["GET"]),
        Route("/oauth/authorize", decide, methods=["POST"]),
    ]


def _decide(world: World, fields: dict[str, str]) -> Response:
    if _refusal(world, fields):
        return _page(world, fields)
    if fields.get("decision") != "allow":
        return _back(fields, error="access_denied")
    user = world.find_user(fields.get("email", "").strip() or fields.get("user", ""))
    if user is None:
        return _page(world, fields, "No practice user has this e-mail address. Choose one of the list.")
    wanted = fields.get("scope", "").split()
    scopes = [scope for scope in world.config.app_scopes if not wanted or scope in wanted]
    # The method defaults to plain, as on Zoom, however unwise that is.
    method = fields.get("code_challenge_method") or "plain"
    code = new_code(world, user.id, fields["redirect_uri"], scopes, fields.get("code_challenge", ""), method)
    return _back(fields, code=code)


def _refusal(world: World, fields: dict[str, str]) -> str | None:
    """Why nobody can be asked for consent. Such errors stay here: the redirect address cannot be trusted yet."""
    if fields.get("client_id") != world.options.client_id:
        return "Invalid client id (4702). The app that sent you here is not registered with this practice Zoom."
    if not _redirect_allowed(world, fields.get("redirect_uri", "")):
        return "Invalid redirect URL (4700). The app that sent you here gave an address that is not on its allow list."
    if fields.get("response_type") != "code":
        return "Invalid response_type (4700). Only 'code' is supported."
    if fields.get("code_challenge_method", "plain") not in ("", "plain", "S256"):
        return "Invalid code_challenge_method (4700). It is S256 or plain."
    return None


def _redirect_allowed(world: World, redirect_uri: str) -> bool:
    if world.options.redirect_uris:
        return redirect_uri in world.options.redirect_uris
    parts = urlsplit(redirect_uri)
    return parts.scheme in ("http", "https") and parts.hostname in _THIS_MACHINE


def _back(fields: dict[str, str], **answer: str) -> Response:
    if "state" in fields:
        answer["state"] = fields["state"]
    redirect_uri = fields["redirect_uri"]
    joint = "&" if urlsplit(redirect_uri).query else "?"
    return RedirectResponse(f"{redirect_uri}{joint}{urlencode(answer)}", status_code=302)


def _page(world: World, fields: dict[str, str], error: str | None = None) -> Response:
    refusal = _refusal(world, fields)
    users = sorted(world.users.values(), key=lambda user: user.email)
    unconnected = [user.email for user in users if user.id not in world.grants]
    return page(
        "consent.html",
        status=400 if refusal or error else 200,
        refusal=refusal,
        error=error,
        users=users[:MAX_USERS_SHOWN],
        more=len(users) - MAX_USERS_SHOWN,
        chosen=fields.get("user") or next(iter(unconnected), ""),
        typed=fields.get("email", ""),
        connected=world.grants,
        hidden=[(name, fields[name]) for name in _PARAMETERS if name in fields],
        scopes=world.config.app_scopes,
    )
