"""Where Zoom sends its events. Verify, keep, answer; what they mean is decided elsewhere, later."""

import asyncio
from collections.abc import Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from console.group_commit import GroupCommit
from core.clock import utcnow
from core.errors import InvalidInput, ZoomPoolError
from core.services.inbox.notice import URL_VALIDATION, Notice, read_notice
from core.services.inbox.receive import receive
from core.settings import get_settings
from core.wiring import wiring
from core.zoom.signatures import signed_by, validation_answer

PATIENCE = 2.7  # seconds; Zoom stops listening after three, and sends the event again
log = structlog.get_logger(__name__)


def _store(notices: Sequence[Notice]) -> list[None]:
    parts = wiring()
    with parts.sessions.begin() as session:
        receive(session, notices, vault=parts.vault, now=utcnow())
    return [None] * len(notices)


inbox: GroupCommit[Notice, None] = GroupCommit(_store)


class ZoomEvents(HTTPEndpoint):
    """`POST /webhooks/zoom`. 200 means that the event is committed; after anything else Zoom may send it again."""

    async def post(self, request: Request) -> Response:
        """Answer one event."""
        body, now = await request.body(), utcnow()
        secret = signed_by(
            get_settings().webhook_secrets,
            timestamp=request.headers.get("x-zm-request-timestamp"),
            signature=request.headers.get("x-zm-signature"),
            body=body,
            now=now,
        )
        if secret is None:
            log.warning("webhook_refused", status=401)
            return Response(status_code=401)
        try:
            notice = read_notice(body, tracking_id=request.headers.get("x-zm-trackingid"), now=now)
            if notice.event == URL_VALIDATION:
                return _validated(secret, notice)
        except InvalidInput as error:
            log.warning("webhook_refused", status=400, reason=str(error))
            return JSONResponse({"error": str(error)}, status_code=400)
        return await _kept(notice)


def _validated(secret: str, notice: Notice) -> Response:
    plain = notice.payload.get("plainToken")
    if not isinstance(plain, str) or not plain.isprintable():
        raise InvalidInput("payload.plainToken", "It has to be text.")
    return JSONResponse(validation_answer(secret, plain))


async def _kept(notice: Notice) -> Response:
    """200 after the commit. 503 where there was none in time: a commit that comes later all the same does no harm."""
    try:
        async with asyncio.timeout(PATIENCE):
            await inbox.commit(notice)
    except (TimeoutError, SQLAlchemyError, ZoomPoolError) as error:
        log.warning("webhook_not_kept", zoom_event=notice.event, error=type(error).__name__)
        return JSONResponse({"error": "The event was not stored."}, status_code=503)
    return Response(status_code=200)
