"""What goes to Zoom and comes back. Unknown fields are ignored, ids are text, and no set of values is closed."""

import secrets
import string
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from core.errors import AccountUnfit

TOPIC_LENGTH = 200  # Zoom API reference, Create a meeting
AGENDA_LENGTH = 2000
# Letters and digits fit every documented rule for passcodes; those that are mistaken for one another are left out.
PASSCODE_LETTERS = "".join(sorted(set(string.ascii_letters) - set("IlOo")))
PASSCODE_DIGITS = "23456789"
PASSCODE_LENGTH = 10


class _Answer(BaseModel):
    # Zoom sends the same id as a number here and as text there.
    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)


# Zoom sends "" where a time or a number is not known yet, in events above all.
Moment = Annotated[datetime | None, BeforeValidator(lambda value: value or None)]
Day = Annotated[date | None, BeforeValidator(lambda value: value or None)]
Count = Annotated[int | None, BeforeValidator(lambda value: None if value == "" else value)]


class MeetingSettings(_Answer):
    """The settings that decide whether guests get in and whether it is recorded. None: Zoom did not say."""

    auto_recording: str | None = None
    join_before_host: bool | None = None
    waiting_room: bool | None = None
    meeting_authentication: bool | None = None


class ZoomMeeting(_Answer):
    """A meeting as Zoom describes it when it is made and when it is read.

    `uuid`, `host_id` and `status` are not in the schema of the first answer. The start URL, with which anybody becomes
    the host, is not even read here.
    """

    id: str
    join_url: str = Field(repr=False)
    password: str | None = Field(default=None, repr=False)
    uuid: str | None = None
    host_id: str | None = None
    status: str | None = None
    topic: str = ""
    agenda: str = ""
    start_time: datetime | None = None
    settings: MeetingSettings = MeetingSettings()

    @property
    def recorded(self) -> bool:
        """Whether Zoom will record it in its cloud; it drops the wish silently where recording is off or locked."""
        return self.settings.auto_recording == "cloud"

    @property
    def started(self) -> bool:
        """Whether people are inside now (`status` is `waiting` or `started`)."""
        return self.status == "started"


class HostStart(_Answer):
    """The one thing that `ZoomMeeting` does not read: with it anybody becomes the host."""

    start_url: SecretStr = Field(min_length=1)


class MeetingItem(_Answer):
    """A meeting in a list; Zoom cuts the agenda there at 250 characters."""

    id: str
    uuid: str | None = None
    host_id: str | None = None
    topic: str = ""
    agenda: str = ""
    start_time: datetime | None = None
    created_at: datetime | None = None


class MeetingPage(_Answer):
    """One page of a list of meetings; an empty token means that it is the last."""

    meetings: list[MeetingItem] = []
    next_page_token: str = ""


class PastMeeting(_Answer):
    """One instance of a meeting that is over, as it was; asked for by number it is the latest one."""

    uuid: str
    id: str | None = None
    start_time: Moment = None
    end_time: Moment = None


class PastInstance(_Answer):
    """One of the times at which a meeting was held."""

    uuid: str
    start_time: Moment = None


class PastInstances(_Answer):
    """The instances of a meeting that are over, up to 15 months ago."""

    meetings: list[PastInstance] = []


class ZoomRecordingFile(_Answer):
    """One file of a recording. Captions and timelines come without id, size, status and play link."""

    id: str | None = None
    file_type: str = ""
    file_extension: str | None = None
    recording_type: str | None = None
    status: str | None = None
    file_size: Count = None
    recording_start: Moment = None
    recording_end: Moment = None
    play_url: str | None = Field(default=None, repr=False)
    download_url: str | None = Field(default=None, repr=False)

    @property
    def key(self) -> str:
        """What the file is known by: its id, or its kind and start where Zoom gives none."""
        if self.id:
            return self.id
        return f"{self.file_type}:{self.recording_start.isoformat() if self.recording_start else ''}"


class ZoomRecording(_Answer):
    """The recording of one instance, as events carry it and as it is read.

    *uuid* is the instance's. The share link is left out of some of the answers.
    """

    uuid: str
    id: str
    share_url: str | None = Field(default=None, repr=False)
    # What a viewer types, and the form that goes into a link instead.
    password: str | None = Field(default=None, repr=False)
    recording_play_passcode: str | None = Field(default=None, repr=False)
    start_time: Moment = None
    duration: Count = None  # minutes
    total_size: Count = None  # bytes
    auto_delete_date: Day = None
    recording_files: list[ZoomRecordingFile] = []

    @property
    def passcode(self) -> str | None:
        """What opens the share link."""
        return self.password or self.recording_play_passcode


class RecordingPage(_Answer):
    """One page of a user's recordings; an empty token means that it is the last."""

    meetings: list[ZoomRecording] = []
    next_page_token: str = ""


class ZoomUser(_Answer):
    """The user that an access token belongs to."""

    id: str
    account_id: str
    email: str
    type: int | None = None
    status: str | None = None

    @property
    def licensed(self) -> bool:
        """Type 2 is Licensed; 1 Basic, 4 unassigned, 99 none (Zoom API reference, Get a user)."""
        return self.type == 2

    @property
    def active(self) -> bool:
        """`pending` and `inactive` users cannot host."""
        return self.status == "active"


@dataclass(frozen=True)
class UserSettings:
    """The settings of a user that decide whether guests get in and whether anything is recorded."""

    cloud_recording: bool
    waiting_room: bool
    sign_in_forced: bool


@dataclass(frozen=True)
class MeetingRequest:
    """A meeting to be made. *agenda* begins with our reference, by which it is found when its creation got no answer.

    *starts_at* has to lie in the future: what Zoom makes of a past start is not documented.
    """

    topic: str
    agenda: str
    starts_at: datetime
    minutes: int
    passcode: str = field(repr=False)

    def payload(self) -> dict[str, Any]:
        """The body of Zoom's *Create a meeting*, for a meeting that works with no host in it."""
        return {
            "topic": self.topic[:TOPIC_LENGTH],
            "agenda": self.agenda[:AGENDA_LENGTH],
            "type": 2,
            "start_time": self.starts_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "timezone": "UTC",
            "duration": self.minutes,
            "password": self.passcode,
            "default_password": False,
            "settings": SETTINGS,
        }


SETTINGS = {
    # Nobody plays the host: guests come in by themselves, without a waiting room and without a Zoom login.
    "join_before_host": True,
    # At any time. The link is mailed ten minutes before the start: a limit of 10 would keep out those who follow it at
    # once with a clock slightly off, and not all accounts know 15. What a limit is for, an old link that opens the room
    # again, is prevented by deleting the meeting.
    "jbh_time": 0,
    "waiting_room": False,
    "meeting_authentication": False,
    "approval_type": 2,
    "use_pmi": False,
    "auto_recording": "cloud",
    # Everybody switches the camera on for himself, since it is recorded from the first minute.
    "host_video": False,
    "participant_video": False,
    # Our mail is the only one that clients get.
    "email_notification": False,
    "alternative_hosts_email_notification": False,
}


def judge(meeting: ZoomMeeting) -> None:
    """Check that guests will get into *meeting*; locked settings of the user override what was asked for, silently.

    Whether it will be recorded is no reason to refuse it; that is `meeting.recorded`.

    Raises:
        AccountUnfit: with reason `waiting_room`, `sign_in_forced` or `no_join_before_host`.
    """
    held = meeting.settings
    if held.waiting_room:
        raise _unfit("waiting_room", "Zoom forces a waiting room on this user's meetings.", "Waiting Room")
    if held.meeting_authentication:
        raise _unfit(
            "sign_in_forced", "Zoom lets only signed-in users into this user's meetings.", "Require authentication"
        )
    if held.join_before_host is False:
        raise _unfit("no_join_before_host", "Zoom lets nobody in before the host.", "Join before host")


def _unfit(reason: str, message: str, setting: str) -> AccountUnfit:
    step = f"Unlock and correct the setting “{setting}” of this user in Zoom's admin portal, then release the account."
    return AccountUnfit(reason, message, next_step=step)


def new_passcode() -> str:
    """A random passcode of ten letters and digits, with both, as the strictest documented policies want it."""
    letters = [secrets.choice(PASSCODE_LETTERS) for _ in range(PASSCODE_LENGTH - 3)]
    digits = [secrets.choice(PASSCODE_DIGITS) for _ in range(3)]
    return "".join(secrets.SystemRandom().sample(letters + digits, k=PASSCODE_LENGTH))
