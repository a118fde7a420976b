"""The sandbox's own commands under `/sandbox`, for the demo, tests and benchmarks. Zoom has nothing like them.

Bodies and answers are JSON. A command that cannot be obeyed is answered 400 or 404 with `{"error": sentence}`.

=======  =======================================  ==============================================================
POST     /sandbox/users                           one user or a list: {email, first_name?, last_name?, type?=2,
                                                  status?, account_id?, timezone?, settings?, locked?}
GET      /sandbox/users                           all users, each with `connected`
PATCH    /sandbox/users/{id or e-mail}            {type?, status?, settings?, locked?, first_name?, last_name?};
                                                  settings and locked replace what was there
DELETE   /sandbox/users/{id or e-mail}            the user left his Zoom account: token 400, API 401
POST     /sandbox/users/{id or e-mail}/revoke-consent   the user removed the app: his pair is dead
POST     /sandbox/grants                          a list of {user_id or email, scopes?} -> token pairs
POST     /sandbox/tokens/expire                   {user_id?}: access tokens expire now, refresh tokens live
GET      /sandbox/meetings                        all meetings ever made, deleted ones included
POST     /sandbox/meetings/{id}/start|end|delete  as if somebody did it by hand in Zoom
GET      /sandbox/mail?to=&since=                 mails received, oldest first; since is ISO 8601
GET      /sandbox/mail/envelopes                  number, from, to, received_at (epoch): cheap where there are many
GET      /sandbox/mail/count                      {"count": n}
DELETE   /sandbox/mail                            empty the mailbox
POST     /sandbox/faults                          {match, effect, times?} -> {"id"}; see faults.py
GET      /sandbox/faults                          those set, with hits
DELETE   /sandbox/faults, /sandbox/faults/{id}    stop misbehaving
GET, PATCH /sandbox/config                        latency_ms, rate_limits, daily_create_limit, clock_offset_seconds,
                                                  access_token_seconds, app_scopes
GET, DELETE /sandbox/stats                        answers by route and status
POST     /sandbox/reset                           forget everything
=======  =======================================  ==============================================================
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.sandbox import meetings
from core.sandbox.faults import BadFault
from core.sandbox.mailbox import read
from core.sandbox.meeting_list import join_url
from core.sandbox.meetings import CannotStart, wire_time
from core.sandbox.records import JSON, Grant, Meeting, User
from core.sandbox.stats import Stats

if TYPE_CHECKING:
    from core.sandbox.world import World

Command = Callable[["World", Request, Any], Any]

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


class Refused(Exception):
    """A command that cannot be obeyed."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


def routes(world: World) -> list[Route]:
    """All control routes over one world."""
    return [Route(path, _served(world, command), methods=[method]) for method, path, command in _COMMANDS]


def _served(world: World, command: Command) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        try:
            raw = await request.body()
            body = json.loads(raw) if raw else {}
            if not isinstance(body, dict) and command not in _TAKE_LISTS:
                raise Refused("the body must be a JSON object")
            answer = command(world, request, body)
        except (Refused, BadFault, CannotStart, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=getattr(error, "status", 400))
        finally:
            world.store.flush()
        return JSONResponse(answer)

    return serve


# -- users and grants


def _create_users(world: World, request: Request, body: Any) -> Any:
    if isinstance(body, list):
        return [_create_user(world, values) for values in _objects(body)]
    return _create_user(world, body)


def _objects(body: Any) -> list[JSON]:
    if not isinstance(body, list) or not all(isinstance(values, dict) for values in body):
        raise Refused("the body must be a list of JSON objects")
    return body


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
    user = _user(world, request.path_params["user"])
    _check_user(body)
    if fixed := body.keys() & {"email", "account_id"}:
        raise Refused(f"{min(fixed)} of a user cannot be changed")
    for name, value in body.items():
        setattr(user, name, value)
    world.store.put(user)
    return _user_json(world, user)


def _delete_user(world: World, request: Request, body: Any) -> Any:
    world.remove_user(_user(world, request.path_params["user"]))
    return {}


def _revoke_consent(world: World, request: Request, body: Any) -> Any:
    world.drop_grant(_user(world, request.path_params["user"]).id)
    return {}


def _create_grants(world: World, request: Request, body: Any) -> Any:
    return [_create_grant(world, values) for values in _objects(body)]


def _create_grant(world: World, values: JSON) -> JSON:
    user = _user(world, values.get("user_id") or values.get("email", ""))
    return _grant_json(world, world.issue_grant(user.id, values.get("scopes") or world.config.app_scopes))


def _expire_tokens(world: World, request: Request, body: Any) -> Any:
    chosen = [_user(world, body["user_id"]).id] if body.get("user_id") else list(world.grants)
    grants = [world.grants[user_id] for user_id in chosen if user_id in world.grants]
    for grant in grants:
        grant.access_expires_at = world.now()
        world.store.put(grant)
    return {"expired": len(grants)}


def _user(world: World, id_or_email: str) -> User:
    user = world.find_user(id_or_email)
    if user is None:
        raise Refused(f"there is no user {id_or_email!r}", 404)
    return user


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


# -- meetings


def _list_meetings(world: World, request: Request, body: Any) -> Any:
    return [_meeting_json(world, meeting) for meeting in world.meetings.values()]


def _act_on_meeting(world: World, request: Request, body: Any) -> Any:
    meeting = world.meetings.get(int(request.path_params["meeting_id"]))
    if meeting is None:
        raise Refused("there is no such meeting", 404)
    match request.path_params["action"]:
        case "start":
            meetings.start(world, meeting)
        case "end":
            meetings.end(world, meeting)
        case "delete":
            meetings.delete(world, meeting)
        case other:
            raise Refused(f"a meeting can be told to start, end or delete, not {other}", 404)
    return _meeting_json(world, meeting)


def _meeting_json(world: World, meeting: Meeting) -> JSON:
    host = world.users.get(meeting.host_id)
    return {
        "id": meeting.id,
        "uuid": meeting.uuid,
        "host_id": meeting.host_id,
        "host_email": host.email if host else None,
        "topic": meeting.topic,
        "agenda": meeting.agenda,
        "type": meeting.type,
        "start_time": meeting.start_time,
        "duration": meeting.duration,
        "join_url": join_url(world, meeting),
        "settings": meeting.settings,
        "state": "deleted" if meeting.deleted_at is not None else meeting.status,
        "created_at": meeting.created_at,
        "deleted_at": meeting.deleted_at,
        "instances": [vars(instance) for instance in meeting.instances],
    }


# -- mail


def _list_mail(world: World, request: Request, body: Any) -> Any:
    to = request.query_params.get("to", "").lower()
    since = request.query_params.get("since")
    after = datetime.fromisoformat(since).timestamp() if since else 0.0
    return [
        read(mail).as_json()
        for mail in world.mails.values()
        if mail.received_at >= after and (not to or to in (address.lower() for address in mail.rcpt_tos))
    ]


def _list_envelopes(world: World, request: Request, body: Any) -> Any:
    return [
        {"number": mail.number, "from": mail.mail_from, "to": mail.rcpt_tos, "received_at": mail.received_at}
        for mail in world.mails.values()
    ]


def _count_mail(world: World, request: Request, body: Any) -> Any:
    return {"count": len(world.mails)}


def _clear_mail(world: World, request: Request, body: Any) -> Any:
    world.clear_mails()
    return {}


# -- faults, settings, counts


def _add_fault(world: World, request: Request, body: Any) -> Any:
    return {"id": world.faults.add(body.get("match", {}), body.get("effect", {}), body.get("times")).id}


def _list_faults(world: World, request: Request, body: Any) -> Any:
    return [{"id": fault.id, "hits": fault.hits, "times_left": fault.times} for fault in world.faults]


def _clear_faults(world: World, request: Request, body: Any) -> Any:
    world.faults.clear()
    return {}


def _remove_fault(world: World, request: Request, body: Any) -> Any:
    return {"removed": world.faults.remove(request.path_params["fault_id"])}


def _show_config(world: World, request: Request, body: Any) -> Any:
    return vars(world.config) | {"now": wire_time(world.now())}


def _change_config(world: World, request: Request, body: Any) -> Any:
    world.configure(body)
    return _show_config(world, request, body)


def _show_stats(world: World, request: Request, body: Any) -> Any:
    return world.stats.as_json()


def _clear_stats(world: World, request: Request, body: Any) -> Any:
    world.stats = Stats()
    return {}


def _reset(world: World, request: Request, body: Any) -> Any:
    world.reset()
    return {}


_TAKE_LISTS = (_create_users, _create_grants)

_COMMANDS: tuple[tuple[str, str, Command], ...] = (
    ("POST", "/sandbox/users", _create_users),
    ("GET", "/sandbox/users", _list_users),
    ("PATCH", "/sandbox/users/{user}", _change_user),
    ("DELETE", "/sandbox/users/{user}", _delete_user),
    ("POST", "/sandbox/users/{user}/revoke-consent", _revoke_consent),
    ("POST", "/sandbox/grants", _create_grants),
    ("POST", "/sandbox/tokens/expire", _expire_tokens),
    ("GET", "/sandbox/meetings", _list_meetings),
    ("POST", "/sandbox/meetings/{meeting_id:int}/{action}", _act_on_meeting),
    ("GET", "/sandbox/mail", _list_mail),
    ("GET", "/sandbox/mail/envelopes", _list_envelopes),
    ("GET", "/sandbox/mail/count", _count_mail),
    ("DELETE", "/sandbox/mail", _clear_mail),
    ("POST", "/sandbox/faults", _add_fault),
    ("GET", "/sandbox/faults", _list_faults),
    ("DELETE", "/sandbox/faults", _clear_faults),
    ("DELETE", "/sandbox/faults/{fault_id}", _remove_fault),
    ("GET", "/sandbox/config", _show_config),
    ("PATCH", "/sandbox/config", _change_config),
    ("GET", "/sandbox/stats", _show_stats),
    ("DELETE", "/sandbox/stats", _clear_stats),
    ("POST", "/sandbox/reset", _reset),
)
