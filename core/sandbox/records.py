"""What the sandbox remembers. Every field is plain JSON, so that a record can be written as it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from core.sandbox.recording_records import Recording

JSON = dict[str, Any]


@dataclass
class User:
    """A practice Zoom user.

    *settings* overrides single fields of `GET /users/me/settings` by section; *locked* holds meeting settings that an
    administrator forced, which therefore win over what a create request asks for.
    """

    KIND: ClassVar[str] = "user"

    id: str
    email: str
    first_name: str
    last_name: str
    account_id: str
    type: int
    status: str
    pmi: int
    created_at: str
    timezone: str = "UTC"
    settings: JSON = field(default_factory=dict)
    locked: JSON = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.id

    @property
    def display_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


@dataclass
class Grant:
    """The one live token pair of a user for our app. Times are epoch seconds of the sandbox's clock."""

    KIND: ClassVar[str] = "grant"

    user_id: str
    access_token: str
    refresh_token: str
    access_expires_at: float
    refresh_expires_at: float
    scopes: list[str]

    @property
    def key(self) -> str:
        return self.user_id


@dataclass
class AuthorizationCode:
    """A code handed to the redirect address, good once and for five minutes."""

    KIND: ClassVar[str] = "code"

    code: str
    user_id: str
    redirect_uri: str
    scopes: list[str]
    challenge: str
    challenge_method: str
    expires_at: float

    @property
    def key(self) -> str:
        return self.code


@dataclass
class Participant:
    """Somebody's stay in an instance; who comes back has another.

    *user_id* is good for this instance only; *zoom_user_id* and *email* are empty for guests. *autopilot* marks those
    whom the sandbox's own clock sent.
    """

    user_id: str
    name: str
    uuid: str
    joined_at: float
    zoom_user_id: str = ""
    email: str = ""
    left_at: float | None = None
    autopilot: bool = False


@dataclass
class Instance:
    """One time a meeting was held. *ended_at* is None while it runs."""

    uuid: str
    started_at: float
    ended_at: float | None = None
    participants: list[Participant] = field(default_factory=list)

    @classmethod
    def load(cls, body: JSON) -> Instance:
        """An instance as it was stored."""
        people = [Participant(**person) for person in body.pop("participants", [])]
        return cls(**body, participants=people)

    @property
    def inside(self) -> list[Participant]:
        """Those who have not left, in the order in which they came."""
        return [person for person in self.participants if person.left_at is None]


@dataclass
class Meeting:
    """A meeting as its host sees it.

    *passcode_token* is the encrypted passcode that goes into the join link; *source* says who made it, the API or a
    person on Zoom's own pages.
    """

    KIND: ClassVar[str] = "meeting"

    id: int
    uuid: str
    host_id: str
    topic: str
    agenda: str
    type: int
    start_time: str
    duration: int
    timezone: str
    password: str
    passcode_token: str
    settings: JSON
    created_at: float
    deleted_at: float | None = None
    instances: list[Instance] = field(default_factory=list)
    source: str = "open_api"

    @classmethod
    def load(cls, body: JSON) -> Meeting:
        """A meeting as it was stored."""
        return cls(**body | {"instances": [Instance.load(instance) for instance in body["instances"]]})

    @property
    def key(self) -> str:
        return str(self.id)

    @property
    def running(self) -> Instance | None:
        last = self.instances[-1] if self.instances else None
        return last if last and last.ended_at is None else None

    @property
    def status(self) -> str:
        """Zoom knows `waiting` and `started` only; after the end a meeting is `waiting` again."""
        return "started" if self.running else "waiting"


@dataclass
class HostDay:
    """How many meetings a host created or updated on a UTC day."""

    KIND: ClassVar[str] = "host_day"

    user_id: str
    day: str
    writes: int

    @property
    def key(self) -> str:
        return self.user_id


@dataclass
class Mail:
    """A mail as it came in. *raw* is the message as Latin-1 text, which keeps every byte and still is JSON."""

    KIND: ClassVar[str] = "mail"

    number: int
    mail_from: str
    rcpt_tos: list[str]
    received_at: float
    raw: str

    @property
    def key(self) -> str:
        return str(self.number)


@dataclass
class ConfigPatch:
    """The settings that were changed while running; the command line gives the others."""

    KIND: ClassVar[str] = "config"

    values: JSON

    @property
    def key(self) -> str:
        return "config"


Record = User | Grant | AuthorizationCode | Meeting | Recording | HostDay | Mail | ConfigPatch
