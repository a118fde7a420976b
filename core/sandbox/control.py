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
POST     /sandbox/users/{id or e-mail}/use-by-hand      {topic?, instant?}: he makes a meeting of his own and starts it
POST     /sandbox/grants                          a list of {user_id or email, scopes?} -> token pairs
POST     /sandbox/tokens/expire                   {user_id?}: access tokens expire now, refresh tokens live
GET      /sandbox/meetings                        all meetings ever made, deleted ones included, with their instances,
                                                  participants and recordings
GET      /sandbox/meetings/{id}                   one of them
POST     /sandbox/meetings/{id}/{action}          see control_meetings.py
GET, DELETE /sandbox/webhooks                     deliveries with their bodies; forget them, pending ones included
GET      /sandbox/webhooks/count                  {pending, held, delivered, failed, lost}
POST     /sandbox/webhooks/release                {order?: fifo|reverse|shuffle, copies?, seed?}: let held ones go
POST     /sandbox/webhooks/validate               ask for URL validation -> {valid, status, answer}
POST     /sandbox/webhooks/rules                  {event?: regex, effect: lose|late|double|hold, seconds?, copies?,
                                                  times?} -> {"id"}
GET, DELETE /sandbox/webhooks/rules               those set, with hits; forget them
GET      /sandbox/mail?to=&since=                 mails received, oldest first; since is ISO 8601
GET      /sandbox/mail/envelopes                  number, from, to, received_at (epoch): cheap where there are many
GET      /sandbox/mail/count                      {"count": n}
DELETE   /sandbox/mail                            empty the mailbox
POST     /sandbox/faults                          {match, effect, times?} -> {"id"}; see faults.py
GET      /sandbox/faults                          those set, each with its effect and hits
DELETE   /sandbox/faults, /sandbox/faults/{id}    stop misbehaving
GET, PATCH /sandbox/config                        see config.py
GET, DELETE /sandbox/stats                        answers by route and status
POST     /sandbox/tick                            do at once what is due by the clock, rather than within half a second
POST     /sandbox/reset                           forget everything
=======  =======================================  ==============================================================
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.sandbox import control_mail, control_meetings, control_users, control_webhooks
from core.sandbox.autopilot import pass_time
from core.sandbox.command import REFUSALS, Command, Commands, Refused
from core.sandbox.faults import Effect
from core.sandbox.stats import Stats
from core.sandbox.wire import wire_time

if TYPE_CHECKING:
    from core.sandbox.world import World


def routes(world: World) -> list[Route]:
    """All control routes over one world."""
    return [Route(path, _served(world, command), methods=[method]) for method, path, command in _COMMANDS]


def _served(world: World, command: Command) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        try:
            raw = await request.body()
            body = json.loads(raw) if raw else {}
            if not isinstance(body, dict) and command not in control_users.TAKE_LISTS:
                raise Refused("the body must be a JSON object")
            answer = command(world, request, body)
            if inspect.isawaitable(answer):
                answer = await answer
        except (*REFUSALS, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=getattr(error, "status", 400))
        finally:
            world.store.flush()
        return JSONResponse(answer)

    return serve


def _add_fault(world: World, request: Request, body: Any) -> Any:
    return {"id": world.faults.add(body.get("match", {}), body.get("effect", {}), body.get("times")).id}


def _list_faults(world: World, request: Request, body: Any) -> Any:
    unset = asdict(Effect())
    return [
        {
            "id": fault.id,
            "hits": fault.hits,
            "times_left": fault.times,
            "method": fault.method,
            "path_regex": fault.path.pattern if fault.path else None,
            "effect": {name: value for name, value in asdict(fault.effect).items() if value != unset[name]},
        }
        for fault in world.faults
    ]


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


def _tick(world: World, request: Request, body: Any) -> Any:
    pass_time(world)
    return {"now": wire_time(world.now())}


def _reset(world: World, request: Request, body: Any) -> Any:
    world.reset()
    return {}


_COMMANDS: Commands = (
    *control_users.COMMANDS,
    *control_meetings.COMMANDS,
    *control_webhooks.COMMANDS,
    *control_mail.COMMANDS,
    ("POST", "/sandbox/faults", _add_fault),
    ("GET", "/sandbox/faults", _list_faults),
    ("DELETE", "/sandbox/faults", _clear_faults),
    ("DELETE", "/sandbox/faults/{fault_id}", _remove_fault),
    ("GET", "/sandbox/config", _show_config),
    ("PATCH", "/sandbox/config", _change_config),
    ("GET", "/sandbox/stats", _show_stats),
    ("DELETE", "/sandbox/stats", _clear_stats),
    ("POST", "/sandbox/tick", _tick),
    ("POST", "/sandbox/reset", _reset),
)
