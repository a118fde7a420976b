"""The sandbox's own pages: what it knows, one mail, and the place where a join link leads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from core.sandbox import live
from core.sandbox.command import REFUSALS, meeting_numbered, user_named
from core.sandbox.control_meetings import act, use_by_hand
from core.sandbox.control_users import revoke_consent
from core.sandbox.live import CannotStart
from core.sandbox.mailbox import read
from core.sandbox.meeting_link import join_url
from core.sandbox.records import Meeting
from core.sandbox.templates import STATIC, page

if TYPE_CHECKING:
    from core.sandbox.world import World

MAX_ROWS = 200
MAX_MAILS = 50


def routes(world: World) -> list[Route | Mount]:
    """All pages over one world."""

    async def overview(request: Request) -> Response:
        return _overview(world)

    async def mail(request: Request) -> Response:
        return _mail(world, request.path_params["number"])

    async def door(request: Request) -> Response:
        return _door(world, request.path_params["meeting_id"], as_host=request.url.path.startswith("/s/"))

    def action(do: Callable[[World, Meeting], object]) -> Callable[[Request], object]:
        async def serve(request: Request) -> Response:
            return _act(world, request.path_params["meeting_id"], do)

        return serve

    async def on_meeting(request: Request) -> Response:
        given = request.path_params
        fields = {name: str(value) for name, value in (await request.form()).items()}
        return _do(world, lambda: act(world, meeting_numbered(world, given["meeting_id"]), given["action"], fields))

    async def revoke(request: Request) -> Response:
        return _do(world, lambda: revoke_consent(world, user_named(world, request.path_params["user"])))

    async def use(request: Request) -> Response:
        return _do(world, lambda: use_by_hand(world, user_named(world, request.path_params["user"]), "", instant=False))

    return [
        Route("/", overview),
        Route("/meetings/{meeting_id:int}/{action}", on_meeting, methods=["POST"]),
        Route("/users/{user}/revoke-consent", revoke, methods=["POST"]),
        Route("/users/{user}/use-by-hand", use, methods=["POST"]),
        Route("/mail/{number:int}", mail),
        Route("/j/{meeting_id:int}", door),
        Route("/s/{meeting_id:int}", door),
        Route("/j/{meeting_id:int}/join", action(live.join), methods=["POST"]),
        Route("/s/{meeting_id:int}/start", action(live.start), methods=["POST"]),
        Route("/j/{meeting_id:int}/end", action(live.end), methods=["POST"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]


def _do(world: World, command: Callable[[], object]) -> Response:
    """Obey a button of the overview, and show that again."""
    try:
        command()
    except REFUSALS as error:
        return _overview(world, error=str(error))
    finally:
        world.store.flush()
    return RedirectResponse("/", status_code=303)


def _overview(world: World, *, error: str | None = None) -> Response:
    current = [meeting for meeting in world.meetings.values() if meeting.deleted_at is None]
    current.sort(key=lambda meeting: meeting.start_time)
    users = sorted(world.users.values(), key=lambda user: user.email)
    mails = list(world.mails.values())[: -MAX_MAILS - 1 : -1]
    live = {meeting.host_id for meeting in current if meeting.running}
    return page(
        "overview.html",
        status=409 if error else 200,
        error=error,
        users=users[:MAX_ROWS],
        user_count=len(users),
        connected=world.grants,
        in_meeting=live,
        meetings=[
            (meeting, world.users.get(meeting.host_id), join_url(world, meeting), world.recordings_of(meeting))
            for meeting in current[:MAX_ROWS]
        ],
        meeting_count=len(current),
        deleted_count=len(world.meetings) - len(current),
        mails=[read(mail) for mail in mails],
        mail_count=len(world.mails),
        faults=list(world.faults),
        clock=_clock,
    )


def _mail(world: World, number: int) -> Response:
    mail = world.mails.get(number)
    if mail is None:
        raise HTTPException(404, "There is no such mail in the practice mailbox.")
    # Links of the mail open in a tab of their own; scripts stay off, for the frame is sandboxed.
    shown = read(mail)
    return page("mail.html", mail=shown, framed='<base target="_blank">' + shown.html, clock=_clock)


def _door(world: World, meeting_id: int, *, as_host: bool, error: str | None = None) -> Response:
    meeting = world.meetings.get(meeting_id)
    gone = meeting is None or meeting.deleted_at is not None
    return page(
        "door.html",
        status=404 if gone else 409 if error else 200,
        meeting=None if gone else meeting,
        host=world.users.get(meeting.host_id) if meeting else None,
        as_host=as_host,
        error=error,
        clock=_clock,
    )


def _act(world: World, meeting_id: int, do: Callable[[World, Meeting], object]) -> Response:
    meeting = world.meetings.get(meeting_id)
    if meeting is None:
        return _door(world, meeting_id, as_host=False)
    try:
        do(world, meeting)
    except CannotStart as error:
        return _door(world, meeting_id, as_host=False, error=str(error))
    world.store.flush()
    return RedirectResponse(f"/j/{meeting_id}", status_code=303)


def _clock(moment: str | float | datetime) -> Markup:
    """A moment in UTC, which the page's script turns into the reader's own time."""
    if isinstance(moment, float | int):
        moment = datetime.fromtimestamp(moment, UTC)
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), moment.strftime("%d %b %H:%M:%S UTC"))
