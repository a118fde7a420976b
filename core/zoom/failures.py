"""From Zoom's answer to one of our errors: by HTTP status and code, never by the text, which Zoom may localise.

Codes: Zoom API reference, Meetings and Users, the error lists of each call.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import requests

from core.errors import (
    AccountUnfit,
    MeetingLive,
    NeedsReauth,
    TokenRefused,
    ZoomError,
    ZoomNotFound,
    ZoomRateLimited,
    ZoomRejected,
    ZoomUnavailable,
)
from core.zoom.rate_headers import next_utc_midnight, retry_at
from core.zoom.wire import TRACKING_HEADER

Make = Callable[..., ZoomError]

# The only 429 that concerns one host alone, and no header or code tells it from the others.
HOST_CAP_WORDS = "permitted for this particular user"
AGAIN = "It is tried again by itself."
REPORT = "Show this message, with its code and tracking id, to whoever looks after this installation."

NO_RECORDING_ACCESS = "The role of this Zoom user gives no access to recordings."
GRANT_RECORDING_ACCESS = "Allow the user's role “View the recording content” in Zoom's admin portal."


def _unfit(reason: str) -> Make:
    def make(message: str, **facts: Any) -> ZoomError:
        return AccountUnfit(reason, message, **facts)

    return make


# (HTTP status or None for any, code) -> error, what happened, what to do.
TABLE: Mapping[tuple[int | None, int], tuple[Make, str, str]] = {
    (401, 124): (TokenRefused, "Zoom no longer accepts this access token.", AGAIN),
    (401, 201): (TokenRefused, "Zoom no longer accepts this access token.", AGAIN),
    (None, 4700): (
        NeedsReauth,
        "Zoom says that the connection lacks a permission.",
        "Open Connections and press Reconnect for this account; if it happens again, check the scopes of the Zoom app.",
    ),
    (None, 4711): (
        NeedsReauth,
        "Zoom says that the connection lacks a permission.",
        "Open Connections and press Reconnect for this account; if it happens again, check the scopes of the Zoom app.",
    ),
    (None, 200): (
        _unfit("no_permission"),
        "The role or plan of this Zoom user does not allow this.",
        "Give the user a paid licence and a role with this right in Zoom's admin portal, then release the account.",
    ),
    (None, 1001): (
        _unfit("user_gone"),
        "This Zoom user no longer exists or left the Zoom account.",
        "Take the seat back and issue another one, or restore the user in Zoom's admin portal and reconnect.",
    ),
    (None, 1010): (
        _unfit("user_gone"),
        "This Zoom user does not belong to the Zoom account any more.",
        "Take the seat back and issue another one, or restore the user in Zoom's admin portal and reconnect.",
    ),
    (None, 1120): (
        _unfit("user_gone"),
        "This Zoom user never accepted the invitation, and it has expired.",
        "Invite the user again in Zoom's admin portal and reconnect.",
    ),
    (None, 3161): (
        _unfit("licence_gone"),
        "This Zoom user may not schedule meetings: the licence is gone.",
        "Assign a licence to the user in Zoom's admin portal, then release the account.",
    ),
    (None, 300): (ZoomRejected, "Zoom found a value in the request that it does not accept.", REPORT),
    (None, 3000): (ZoomRejected, "Zoom gives no access to this meeting.", REPORT),
    (None, 3001): (
        ZoomNotFound,
        "The meeting does not exist on Zoom, or no longer.",
        "Nothing is left to do on Zoom.",
    ),
    (None, 3002): (MeetingLive, "The meeting is in progress.", "Wait for its end, or end it first."),
    (None, 3003): (ZoomRejected, "This Zoom user is not the host of the meeting.", REPORT),
    (None, 3007): (ZoomRejected, "The meeting has ended.", "Nothing is left to do on Zoom."),
    (None, 3301): (ZoomNotFound, "There is no recording of this meeting on Zoom, or not yet.", AGAIN),
    (None, 3306): (_unfit("no_recording_permission"), NO_RECORDING_ACCESS, GRANT_RECORDING_ACCESS),
    (None, 3336): (_unfit("no_recording_permission"), NO_RECORDING_ACCESS, GRANT_RECORDING_ACCESS),
    (None, 3309): (
        # Not the account's fault: the storage belongs to the whole Zoom account, another seat of it has no more.
        ZoomRejected,
        "Zoom's cloud storage is full: nothing is recorded any more.",
        "Buy storage or delete old recordings in Zoom's admin portal.",
    ),
    (None, 12702): (ZoomRejected, "Zoom gives no data of meetings older than a year.", "Nothing is left to do."),
}


def failure(response: requests.Response, *, changes: bool, now: datetime) -> ZoomError | None:
    """The error in *response*, or None for a success.

    An answer that is no JSON object comes from a gateway, not from Zoom, and says nothing about what happened. HTTP 200
    with `{"code": ..., "message": ...}` is an error too (Zoom API reference, Cloud recording).
    """
    facts: dict[str, Any] = {"status": response.status_code, "tracking_id": response.headers.get(TRACKING_HEADER)}
    body = json_object(response)
    code = body.get("code") if body else None
    succeeded = 200 <= response.status_code < 300  # not `ok`, which takes a redirect for a success
    if succeeded and not (isinstance(code, int) and "message" in (body or {})):
        return None if body is not None or response.status_code == 204 else _unreadable(changes, facts)
    facts["code"] = code if isinstance(code, int) else None
    if response.status_code == 429:
        return _limited(response, body or {}, now, facts)
    if response.status_code >= 500 or body is None:
        return _unreadable(changes and response.status_code >= 500, facts)
    return _mapped(response.status_code, body, facts)


def json_object(response: requests.Response) -> dict[str, Any] | None:
    """The JSON object in *response*, None where there is none."""
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _mapped(status: int, body: Mapping[str, Any], facts: dict[str, Any]) -> ZoomError:
    code = facts["code"]
    entry = (TABLE.get((status, code)) or TABLE.get((None, code))) if code is not None else None
    if entry is None:
        unknown: Make = TokenRefused if status == 401 else ZoomRejected
        entry = (unknown, f"Zoom refused the request (HTTP {status}, code {code}).", REPORT)
    make, happened, next_step = entry
    return make(f"{happened}{_in_zooms_words(body)}", next_step=next_step, **facts)


def _in_zooms_words(body: Mapping[str, Any]) -> str:
    errors = body.get("errors")
    details = [str(each.get("message", "")) for each in errors if isinstance(each, dict)] if errors else []
    said = " ".join([str(body.get("message", "")), *details]).strip()
    return f" Zoom said: “{said[:300]}”" if said else ""


def _limited(response: requests.Response, body: Mapping[str, Any], now: datetime, facts: dict[str, Any]) -> ZoomError:
    if HOST_CAP_WORDS in str(body.get("message", "")):
        return AccountUnfit(
            "quota_spent",
            "This Zoom user has used up the 100 meetings that may be created or changed in a day.",
            next_step="It is used again after 00:00 UTC; connect more seats if this happens often.",
            until=next_utc_midnight(now),
            **facts,
        )
    return ZoomRateLimited(
        "Zoom asks for fewer calls.", next_step=AGAIN, retry_at=retry_at(response.headers, now), **facts
    )


def _unreadable(maybe_done: bool, facts: dict[str, Any]) -> ZoomUnavailable:
    return ZoomUnavailable(
        f"Zoom is not working properly (HTTP {facts['status']}).", next_step=AGAIN, maybe_done=maybe_done, **facts
    )
