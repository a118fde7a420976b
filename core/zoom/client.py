"""Zoom's REST API, as far as the product uses it. Every method is one documented call (Zoom API reference, v2)."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urljoin, urlsplit

import requests
from pydantic import BaseModel, ValidationError

from core.clock import utcnow
from core.errors import ZoomError, ZoomNotFound, ZoomRateLimited, ZoomRejected, ZoomUnavailable
from core.settings import Settings
from core.zoom.failures import failure
from core.zoom.limiter import Limiter
from core.zoom.payloads import (
    HostStart,
    MeetingItem,
    MeetingPage,
    MeetingRequest,
    PastInstance,
    PastInstances,
    PastMeeting,
    RecordingPage,
    UserSettings,
    ZoomMeeting,
    ZoomRecording,
    ZoomUser,
)
from core.zoom.wire import TRACKING_HEADER, Bearer, open_session, send

LIGHT, MEDIUM = "Light", "Medium"  # rate-limit labels, as each call's reference page gives them
PAGE_SIZE = 300
MOST_PAGES = 50
MOST_REDIRECTS = 5
HAS_ENDED = 3007
# Where a 429 does not say until when: a second is the shortest period that Zoom counts.
UNSAID = timedelta(seconds=1)

T = TypeVar("T", bound=BaseModel)
P = TypeVar("P", MeetingPage, RecordingPage)


@dataclass(frozen=True)
class Credentials:
    """With what and under whose limits a call is made. The token is not shown."""

    zoom_account_id: str
    access_token: str = field(repr=False)


class ZoomClient:
    """One per process, used by many threads."""

    def __init__(
        self,
        settings: Settings,
        *,
        limiter: Limiter,
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base = settings.api_url
        self._limiter = limiter
        self._session = session or open_session(self._base, connections=settings.zoom_concurrency)
        self._sleep = sleep

    def create_meeting(self, credentials: Credentials, wanted: MeetingRequest) -> ZoomMeeting:
        """Create a meeting. Zoom knows no idempotency key: after `ZoomUnavailable` with `maybe_done` look for it first.

        Raises:
            ZoomError: any of its subclasses; `TokenRefused` once the access token has expired.
        """
        response = self._call(credentials, MEDIUM, "POST", "/users/me/meetings", changes=True, json=wanted.payload())
        return _read(ZoomMeeting, response, changes=True)

    def get_meeting(self, credentials: Credentials, meeting_id: str) -> ZoomMeeting:
        """Read a meeting; raises `ZoomNotFound` for one that is deleted or has expired."""
        return _read(ZoomMeeting, self._call(credentials, LIGHT, "GET", _meeting(meeting_id)))

    def start_url(self, credentials: Credentials, meeting_id: str) -> str:
        """The address that makes whoever opens it the host, good for two hours: for one person at once, never stored.

        Raises `ZoomNotFound` as `get_meeting` does.
        """
        return _read(
            HostStart, self._call(credentials, LIGHT, "GET", _meeting(meeting_id))
        ).start_url.get_secret_value()

    def list_meetings(self, credentials: Credentials, *, which: str = "scheduled") -> list[MeetingItem]:
        """All meetings of the user: `scheduled` those to come, running, or past and not deleted; `live` the running.

        `upcoming` would leave out what should have begun, and with it a meeting that was made late.
        """
        pages = self._pages(credentials, MeetingPage, "/users/me/meetings", {"type": which})
        return [meeting for page in pages for meeting in page.meetings]

    def delete_meeting(self, credentials: Credentials, meeting_id: str) -> None:
        """Delete a meeting. One that is gone already, or has ended, is a success.

        Raises:
            MeetingLive: people are inside.
        """
        # Without these two Zoom may mail guests and hosts about it.
        params = {"schedule_for_reminder": "false", "cancel_meeting_reminder": "false"}
        try:
            self._call(credentials, LIGHT, "DELETE", _meeting(meeting_id), changes=True, params=params)
        except ZoomNotFound:
            return
        except ZoomRejected as error:
            if error.code != HAS_ENDED:
                raise

    def end_meeting(self, credentials: Credentials, meeting_id: str) -> None:
        """End a running meeting for everybody in it."""
        body = {"action": "end"}
        self._call(credentials, LIGHT, "PUT", f"{_meeting(meeting_id)}/status", changes=True, json=body)

    def past_meeting(self, credentials: Credentials, uuid_or_id: str) -> PastMeeting:
        """One instance that is over; by the meeting's number the latest one.

        Raises:
            ZoomNotFound: none is, which is also the answer while it runs and when it was never held.
        """
        return _read(PastMeeting, self._call(credentials, LIGHT, "GET", f"/past_meetings/{_instance(uuid_or_id)}"))

    def past_instances(self, credentials: Credentials, meeting_id: str) -> list[PastInstance]:
        """All instances of a meeting that are over; raises like `past_meeting`."""
        path = f"/past_meetings/{_instance(meeting_id)}/instances"
        return _read(PastInstances, self._call(credentials, MEDIUM, "GET", path)).meetings

    def get_recording(self, credentials: Credentials, uuid_or_id: str) -> ZoomRecording | None:
        """The recording of one instance; by the meeting's number of the latest one.

        None: Zoom has none, or is not done with it yet; it does not say which.
        """
        try:
            path = f"/meetings/{_instance(uuid_or_id)}/recordings"
            return _read(ZoomRecording, self._call(credentials, LIGHT, "GET", path))
        except ZoomNotFound:
            return None

    def recover_recording(self, credentials: Credentials, uuid: str) -> None:
        """Take a recording back out of the trash, where Zoom keeps it for 30 days."""
        path = f"/meetings/{_instance(uuid)}/recordings/status"
        self._call(credentials, LIGHT, "PUT", path, changes=True, json={"action": "recover"})

    def download(self, credentials: Credentials, url: str, *, offset: int = 0) -> requests.Response:
        """A recording's file as a stream that the caller closes; from *offset* on where the status is 206.

        Raises:
            ZoomRejected: what came is a page or a message and no file.
            TokenRefused, ZoomNotFound, ZoomUnavailable: as everywhere.
        """
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        for _ in range(MOST_REDIRECTS):
            # The token is for Zoom alone: storage that it sends us on to has a signature in its address.
            auth = Bearer(credentials.access_token) if self._is_zoom(url) else None
            response = send(self._session, "GET", url, changes=False, auth=auth, headers=headers, stream=True)
            if not response.is_redirect:
                return _file(response)
            url = urljoin(url, response.headers["Location"])
            response.close()
        raise ZoomRejected("Zoom sends us from one address of this file to another.")

    def _is_zoom(self, url: str) -> bool:
        """Whether *url* leads to Zoom, encrypted: to the API's own host or one beside it."""
        base, there = urlsplit(self._base), urlsplit(url)
        if there[:2] == base[:2]:  # scheme, host and port
            return True
        domain = ".".join((base.hostname or "").rsplit(".", 2)[-2:])
        return there.scheme == "https" and f".{there.hostname}".endswith(f".{domain}")

    def list_user_recordings(self, credentials: Credentials, first: date, last: date) -> list[ZoomRecording]:
        """The user's recordings of the days (UTC) from *first* to *last*, a month at most: Zoom cuts more silently."""
        days = {"from": first.isoformat(), "to": last.isoformat()}
        pages = self._pages(credentials, RecordingPage, "/users/me/recordings", days)
        return [recording for page in pages for recording in page.meetings]

    def me(self, access_token: str) -> ZoomUser:
        """The user behind a token. Takes no place in the limiter: whose limit it falls under is only known afterwards,
        and it happens as often as a person presses Connect."""
        return _read(ZoomUser, self._attempt(access_token, "GET", "/users/me", changes=False))

    def my_user(self, credentials: Credentials) -> ZoomUser:
        """The user of one of our accounts, in its turn."""
        return _read(ZoomUser, self._call(credentials, LIGHT, "GET", "/users/me"))

    def my_settings(self, credentials: Credentials) -> UserSettings:
        """The user's own settings, from three answers: Zoom gives the security settings only when asked for each."""
        options: list[dict[str, str]] = [{}, {"option": "meeting_security"}, {"option": "meeting_authentication"}]
        answers = [
            self._call(credentials, MEDIUM, "GET", "/users/me/settings", params=params).json() for params in options
        ]

        def on(*path: str) -> bool:
            return any(_at(answer, *path) is True for answer in answers)

        return UserSettings(
            cloud_recording=on("recording", "cloud_recording"),
            waiting_room=on("in_meeting", "waiting_room") or on("meeting_security", "waiting_room"),
            sign_in_forced=on("meeting_authentication"),
        )

    def _pages(self, credentials: Credentials, shape: type[P], path: str, params: dict[str, str]) -> Iterator[P]:
        params = {**params, "page_size": str(PAGE_SIZE)}
        for _ in range(MOST_PAGES):
            page = _read(shape, self._call(credentials, MEDIUM, "GET", path, params=params))
            yield page
            if not page.next_page_token:
                return
            params["next_page_token"] = page.next_page_token
        # A list cut short would be read as "not there", and a second meeting would be made.
        raise ZoomUnavailable(f"Zoom's list ({path}) does not end after {MOST_PAGES} pages.")

    def _call(
        self, credentials: Credentials, label: str, method: str, path: str, *, changes: bool = False, **request: Any
    ) -> requests.Response:
        """Make a call in its turn. A 429 took no effect, so it is made once more, after the pause asked for."""
        try:
            return self._in_turn(credentials, label, method, path, changes=changes, **request)
        except ZoomRateLimited as error:
            if error.status is None:  # our own limiter's: the line is too long already
                raise
            return self._in_turn(credentials, label, method, path, changes=changes, **request)

    def _in_turn(
        self, credentials: Credentials, label: str, method: str, path: str, **request: Any
    ) -> requests.Response:
        if wait := self._limiter.reserve(credentials.zoom_account_id, label):
            self._sleep(wait)
        try:
            return self._attempt(credentials.access_token, method, path, **request)
        except ZoomRateLimited as error:
            self._limiter.penalise(credentials.zoom_account_id, label, error.retry_at or utcnow() + UNSAID)
            raise

    def _attempt(
        self, access_token: str, method: str, path: str, *, changes: bool, **request: Any
    ) -> requests.Response:
        url = f"{self._base}{path}"
        response = send(self._session, method, url, changes=changes, auth=Bearer(access_token), **request)
        if error := failure(response, changes=changes, now=utcnow()):
            raise error
        return response


def _meeting(meeting_id: str) -> str:
    return f"/meetings/{quote(meeting_id, safe='')}"


def _file(response: requests.Response) -> requests.Response:
    """*response* if it is a file. Without permission Zoom answers 200 with its sign-in page, or with JSON."""
    try:
        if response.status_code >= 400 and (error := failure(response, changes=False, now=utcnow())):
            raise error
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip()
        if kind in ("text/html", "application/json"):
            raise ZoomRejected(f"Zoom gave {kind} instead of the file.", status=response.status_code)
    except ZoomError:
        response.close()
        raise
    return response


def _instance(uuid_or_id: str) -> str:
    """Encoded twice: a UUID may hold slashes, and Zoom unwraps it twice whatever it holds (Zoom API reference)."""
    return quote(quote(uuid_or_id, safe=""), safe="")


def _at(answer: Any, *path: str) -> Any:
    """What stands at *path*, None where Zoom leaves it out."""
    for name in path:
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer


def _read(shape: type[T], response: requests.Response, *, changes: bool = False) -> T:
    """*response* as *shape*. An answer without what we need leaves open what happened, like no answer at all."""
    try:
        return shape.model_validate_json(response.content)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
        raise ZoomUnavailable(
            f"Zoom's answer lacks what it should hold ({fields}).",
            maybe_done=changes,
            status=response.status_code,
            tracking_id=response.headers.get(TRACKING_HEADER),
        ) from None
