"""The sandbox's memory: everything it knows, indexed for reading and written through to the store."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from core.sandbox.config import Config, Options
from core.sandbox.faults import Faults
from core.sandbox.limits import RateLimiter
from core.sandbox.recording_records import Recording
from core.sandbox.records import AuthorizationCode, ConfigPatch, Grant, HostDay, Mail, Meeting, User
from core.sandbox.stats import Stats
from core.sandbox.store import Store
from core.sandbox.tokens import new_token, new_user_id
from core.sandbox.webhooks import Webhooks

REFRESH_TOKEN_SECONDS = 90 * 24 * 3600


@dataclass
class World:
    """Users, grants, meetings and mails, with the switches that change how they behave.

    Everything runs on one event loop and no change is interrupted by an await, so there are no locks.
    """

    options: Options
    store: Store
    started_with: Config
    config: Config = field(init=False)
    users: dict[str, User] = field(default_factory=dict)
    user_by_email: dict[str, User] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    grant_by_access_token: dict[str, Grant] = field(default_factory=dict)
    grant_by_refresh_token: dict[str, Grant] = field(default_factory=dict)
    codes: dict[str, AuthorizationCode] = field(default_factory=dict)
    meetings: dict[int, Meeting] = field(default_factory=dict)
    meetings_of: dict[str, dict[int, Meeting]] = field(default_factory=dict)
    recordings: dict[str, Recording] = field(default_factory=dict)
    host_days: dict[str, HostDay] = field(default_factory=dict)
    mails: dict[int, Mail] = field(default_factory=dict)
    last_mail_number: int = 0
    faults: Faults = field(default_factory=Faults)
    limiter: RateLimiter = field(default_factory=RateLimiter)
    stats: Stats = field(default_factory=Stats)
    webhooks: Webhooks = field(default_factory=Webhooks)

    def __post_init__(self) -> None:
        self.config = self.started_with
        for body in self.store.load(ConfigPatch.KIND):
            self.config = self.config.patched(body["values"])
        for body in self.store.load(User.KIND):
            self._index_user(User(**body))
        for body in self.store.load(Grant.KIND):
            self._index_grant(Grant(**body))
        for body in self.store.load(AuthorizationCode.KIND):
            self.codes[body["code"]] = AuthorizationCode(**body)
        for body in self.store.load(Meeting.KIND):
            self._index_meeting(Meeting.load(body))
        for body in self.store.load(Recording.KIND):
            self.recordings[body["uuid"]] = Recording.load(body)
        for body in self.store.load(HostDay.KIND):
            self.host_days[body["user_id"]] = HostDay(**body)
        for body in self.store.load(Mail.KIND):
            self.mails[body["number"]] = Mail(**body)
        self.last_mail_number = max(self.mails, default=0)

    def reset(self) -> None:
        """Forget everything and be as new, with the settings of the command line."""
        self.webhooks.close()
        self.store.clear()
        vars(self).update(vars(World(self.options, self.store, self.started_with)))

    # -- time and settings

    def now(self) -> float:
        """Epoch seconds by the sandbox's own clock."""
        return time.time() + self.config.clock_offset_seconds

    def utcnow(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)

    def configure(self, values: dict[str, Any]) -> None:
        """Change settings. Raises ValueError when one is unknown or makes no sense."""
        self.config = self.config.patched(values)
        changed = {k: v for k, v in vars(self.config).items() if v != getattr(self.started_with, k)}
        self.store.put(ConfigPatch(changed))

    # -- users

    def add_user(self, user: User) -> None:
        self._index_user(user)
        self.store.put(user)

    def remove_user(self, user: User) -> None:
        self.drop_grant(user.id)
        del self.users[user.id], self.user_by_email[user.email.lower()]
        self.store.remove(user)

    def find_user(self, id_or_email: str) -> User | None:
        return self.users.get(id_or_email) or self.user_by_email.get(id_or_email.lower())

    def new_user(self, email: str, **values: Any) -> User:
        """A licensed, active user of the common practice account unless *values* say otherwise."""
        name, _, _ = email.partition("@")
        defaults: dict[str, Any] = {
            "id": new_user_id(),
            "first_name": name.replace(".", " ").title(),
            "last_name": "",
            "account_id": "practice-account",
            "type": 2,
            "status": "active",
            "pmi": secrets.randbelow(9 * 10**9) + 10**9,
            "created_at": self.utcnow().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return User(email=email, **(defaults | values))

    def _index_user(self, user: User) -> None:
        self.users[user.id] = user
        self.user_by_email[user.email.lower()] = user

    # -- grants

    def issue_grant(self, user_id: str, scopes: Iterable[str]) -> Grant:
        """A new pair. The user's earlier pair dies with it: Zoom keeps one per user and app (OAuth error 4741)."""
        self.drop_grant(user_id)
        now = self.now()
        grant = Grant(
            user_id=user_id,
            access_token=new_token(),
            refresh_token=new_token(),
            access_expires_at=now + self.config.access_token_seconds,
            refresh_expires_at=now + REFRESH_TOKEN_SECONDS,
            scopes=list(scopes),
        )
        self._index_grant(grant)
        self.store.put(grant)
        return grant

    def drop_grant(self, user_id: str) -> None:
        grant = self.grants.pop(user_id, None)
        if grant is None:
            return
        del self.grant_by_access_token[grant.access_token], self.grant_by_refresh_token[grant.refresh_token]
        self.store.remove(grant)

    def _index_grant(self, grant: Grant) -> None:
        self.grants[grant.user_id] = grant
        self.grant_by_access_token[grant.access_token] = grant
        self.grant_by_refresh_token[grant.refresh_token] = grant

    def add_code(self, code: AuthorizationCode) -> None:
        self.codes[code.code] = code
        self.store.put(code)

    def take_code(self, code: str) -> AuthorizationCode | None:
        """The code's record, which is then used up."""
        record = self.codes.pop(code, None)
        if record:
            self.store.remove(record)
        return record

    # -- meetings

    def add_meeting(self, meeting: Meeting) -> None:
        self._index_meeting(meeting)
        self.store.put(meeting)

    def _index_meeting(self, meeting: Meeting) -> None:
        self.meetings[meeting.id] = meeting
        self.meetings_of.setdefault(meeting.host_id, {})[meeting.id] = meeting

    def add_recording(self, recording: Recording) -> None:
        self.recordings[recording.uuid] = recording
        self.store.put(recording)

    def forget_recording(self, recording: Recording) -> None:
        del self.recordings[recording.uuid]
        self.store.remove(recording)

    def recordings_of(self, meeting: Meeting) -> list[Recording]:
        """Those of a meeting's instances, oldest first."""
        found = (self.recordings.get(instance.uuid) for instance in meeting.instances)
        return [recording for recording in found if recording is not None]

    def host_day(self, user_id: str) -> HostDay:
        """The host's count of creates and updates today, which starts anew at 00:00 UTC."""
        today = self.utcnow().date().isoformat()
        record = self.host_days.get(user_id)
        if record is None or record.day != today:
            record = self.host_days[user_id] = HostDay(user_id, today, 0)
        return record

    # -- mail

    def add_mail(self, mail_from: str, rcpt_tos: list[str], raw: str) -> Mail:
        self.last_mail_number += 1
        mail = Mail(self.last_mail_number, mail_from, rcpt_tos, self.now(), raw)
        self.mails[mail.number] = mail
        self.store.put(mail)
        return mail

    def clear_mails(self) -> None:
        for mail in self.mails.values():
            self.store.remove(mail)
        self.mails.clear()
