"""One try to make one meeting on Zoom, in a thread; it touches the database for limiter and refreshed tokens only."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import ZoomPoolError
from core.services.opening.opening import Opening
from core.services.opening.record import Made
from core.services.tokens import AccountCredentials, Tokens
from core.zoom.client import Credentials, ZoomClient
from core.zoom.payloads import MeetingRequest, ZoomMeeting, judge

A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Attempt:
    """What came of one try: a meeting, an error, both (a meeting that nobody could use), or neither: an earlier try may
    have made one, it was looked for and not found."""

    opening: Opening
    made: Made | None
    error: ZoomPoolError | None


@dataclass(frozen=True)
class Zoom:
    """Zoom, with the tokens to speak to it."""

    client: ZoomClient
    tokens: Tokens


def attempt(zoom: Zoom, opening: Opening, credentials: AccountCredentials, now: datetime) -> Attempt:
    """Make the meeting of *opening*, or look for the one an earlier try may have made; raises nothing of Zoom's."""
    made: Made | None = None
    try:
        made = (
            _look_for(zoom, opening, credentials, now) if opening.doubtful else _make(zoom, opening, credentials, now)
        )
        if made is not None:
            judge(made.meeting)
    except ZoomPoolError as error:
        return Attempt(opening, made, error)
    return Attempt(opening, made, None)


def _make(zoom: Zoom, opening: Opening, credentials: AccountCredentials, now: datetime) -> Made:
    wanted = _request(opening, now)
    meeting = zoom.tokens.using(credentials, lambda c: zoom.client.create_meeting(c, wanted), now=now)
    return Made(opening, meeting, adopted=False)


def _look_for(zoom: Zoom, opening: Opening, credentials: AccountCredentials, now: datetime) -> Made | None:
    found = zoom.tokens.using(credentials, lambda c: find_meeting(zoom.client, c, opening.reference), now=now)
    return Made(opening, found, adopted=True) if found is not None else None


def find_meeting(client: ZoomClient, credentials: Credentials, reference: str) -> ZoomMeeting | None:
    """The meeting of the account whose agenda carries *reference*; read again, lists leave out its settings."""
    for item in client.list_meetings(credentials):
        if item.agenda and reference in item.agenda.split():
            return client.get_meeting(credentials, item.id)
    return None


def _request(opening: Opening, now: datetime) -> MeetingRequest:
    # What Zoom does with a start in the past is not documented; a late link starts in a minute.
    starts_at = max(opening.starts_at, now + A_MINUTE)
    minutes = max(1, round((opening.ends_at - opening.starts_at).total_seconds() / 60))
    return MeetingRequest(
        topic=opening.calendar_name,
        agenda=opening.reference,
        starts_at=starts_at,
        minutes=minutes,
        passcode=opening.passcode,
    )
