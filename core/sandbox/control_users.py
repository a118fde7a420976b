"""Commands about users, their consent and their tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from core.sandbox import events
from core.sandbox.command import Commands, Refused, objects, user_named
from core.sandbox.records import JSON, Grant, User

if TYPE_CHECKING:
    from core.sandbox.world import World

_USER_FIELDS: dict[str, type] = {
    "email": str,
    "first_name": str,
    "last_name": str,
    "type": int,
    "status": str,
    "account_id": str,
    "timezone": str,
    "settings": dict,
    "locked": dict,
}


def _create_users(world: World, request: Request, body: Any) -> Any:
    if isinstance(body, list):
        return [_create_user(world, values) for values in objects(body)]
    return _create_user(world, body)


def _create_user(world: World, values: JSON) -> JSON:
    _check_user(values)
    address = values.get("email", "")
    if "@" not in address:
        raise Refused("a user needs an email")
    if world.find_user(address):
        raise Refused(f"there is a user {address} already", 409)
    user = world.new_user(**values)
    world.add_user(user)
    return _user_json(world, user)


def _check_user(values: JSON) -> None:
    for name, value in values.items():
        if name not in _USER_FIELDS:
            raise Refused(f"a user has no {name}; known: {', '.join(sorted(_USER_FIELDS))}")
        if not isinstance(value, _USER_FIELDS[name]):
            raise Refused(f"{name} of a user cannot be {value!r}")


def _list_users(world: World, request: Request, body: Any) -> Any:
    return [_user_json(world, user) for user in world.users.values()]


def _change_user(world: World, request: Request, body: Any) -> Any:
    user = user_named(world, request.path_params["user"])
    _check_user(body)
    if fixed := body.keys() & {"email", "account_id"}:
        raise Refused(f"{min(fixed)} of a user cannot be changed")
    for name, value in body.items():
        setattr(user, name, value)
    world.store.put(user)
    return _user_json(world, user)


def _delete_user(world: World, request: Request, body: Any) -> Any:
    world.remove_user(user_named(world, request.path_params["user"]))
    return {}


def _revoke_consent(world: World, request: Request, body: Any) -> Any:
    user = user_named(world, request.path_params["user"])
    revoke_consent(world, user)
    return {}


def revoke_consent(world: World, user: User) -> None:
    """The user removes the app on Zoom's own pages."""
    connected = user.id in world.grants
    world.drop_grant(user.id)
    if connected and world.config.deauthorized_event:
        events.app_deauthorized(world, user)


def _create_grants(world: World, request: Request, body: Any) -> Any:
    return [_create_grant(world, values) for values in objects(body)]


def _create_grant(world: World, values: JSON) -> JSON:
    user = user_named(world, values.get("user_id") or values.get("email", ""))
    return _grant_json(world, world.issue_grant(user.id, values.get("scopes") or world.config.app_scopes))


def _expire_tokens(world: World, request: Request, body: Any) -> Any:
    chosen = [user_named(world, body["user_id"]).id] if body.get("user_id") else list(world.grants)
    grants = [world.grants[user_id] for user_id in chosen if user_id in world.grants]
    for grant in grants:
        grant.access_expires_at = world.now()
        world.store.put(grant)
    return {"expired": len(grants)}


def _user_json(world: World, user: User) -> JSON:
    return vars(user) | {"connected": user.id in world.grants}


def _grant_json(world: World, grant: Grant) -> JSON:
    return {
        "user_id": grant.user_id,
        "email": world.users[grant.user_id].email,
        "access_token": grant.access_token,
        "refresh_token": grant.refresh_token,
        "expires_in": round(grant.access_expires_at - world.now()),
        "scope": " ".join(grant.scopes),
    }


COMMANDS: Commands = (
    ("POST", "/sandbox/users", _create_users),
    ("GET", "/sandbox/users", _list_users),
    ("PATCH", "/sandbox/users/{user}", _change_user),
    ("DELETE", "/sandbox/users/{user}", _delete_user),
    ("POST", "/sandbox/users/{user}/revoke-consent", _revoke_consent),
    ("POST", "/sandbox/grants", _create_grants),
    ("POST", "/sandbox/tokens/expire", _expire_tokens),
)
TAKE_LISTS = (_create_users, _create_grants)
