"""From settings to the parts that do the work, built once per process and only when they are needed."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.embedded import DAGSTER_DATABASE, PRODUCT_DATABASE, find_running, url
from core.db.engine import engine_for, sessions_for
from core.domain.due import OpeningHours
from core.domain.lifecycle import Rules
from core.errors import ConfigurationError
from core.mail.smtp import MailServer
from core.services.disconnect import Ending
from core.services.hooks.connection import Outside
from core.services.hooks.deliver import HookSender
from core.services.opening.attempt import Zoom
from core.services.tokens import Tokens
from core.settings import Settings, get_settings
from core.zoom.client import ZoomClient
from core.zoom.limiter import RATES, Limiter
from core.zoom.oauth import ZoomOAuth
from core.zoom.vault import TokenVault, keys_of

if TYPE_CHECKING:
    from core.services.recordings.store import RecordingStore


@dataclass(frozen=True)
class Wiring:
    """The parts of one process. Thread-safe as each of them is."""

    settings: Settings

    @cached_property
    def database_url(self) -> str:
        """Where the database is: where the settings say, or the embedded server of the state folder while it runs.

        Raises:
            ConfigurationError: nobody has said, and none runs.
        """
        if self.settings.database_url is not None:
            return self.settings.database_url
        running = find_running(self.settings.state_dir)
        if running is not None:
            return url(running, PRODUCT_DATABASE, "psycopg")
        raise ConfigurationError(
            "There is no database to talk to: DATABASE_URL is not set and no embedded server runs here.",
            next_step="Start everything with `make up`, or set DATABASE_URL to a PostgreSQL 16 or newer.",
        )

    @property
    def dagster_database_url(self) -> str | None:
        """Dagster's own database, where this process can know it: by its setting, or beside the embedded one."""
        if self.settings.dagster_database_url is not None or self.settings.database_url is not None:
            return self.settings.dagster_database_url
        running = find_running(self.settings.state_dir)
        return None if running is None else url(running, DAGSTER_DATABASE, "psycopg2")

    @cached_property
    def engine(self) -> sa.Engine:
        """The one engine of this process."""
        return engine_for(self.database_url)

    @cached_property
    def sessions(self) -> sessionmaker[Session]:
        """Sessions on `engine`."""
        return sessions_for(self.database_url)

    @cached_property
    def vault(self) -> TokenVault:
        """What encrypts tokens and passcodes."""
        return TokenVault(keys_of(self.settings))

    @cached_property
    def oauth(self) -> ZoomOAuth:
        """Zoom's OAuth endpoints."""
        return ZoomOAuth(self.settings)

    @cached_property
    def zoom(self) -> Zoom:
        """Zoom's API, with the tokens to use it."""
        limiter = Limiter(self.sessions, RATES[self.settings.zoom_plan])
        return Zoom(ZoomClient(self.settings, limiter=limiter), Tokens(self.sessions, self.vault, self.oauth))

    @cached_property
    def ending(self) -> Ending:
        """With what connections are ended."""
        return Ending(self.zoom, self.oauth, self.vault, self.hours, self.settings.delete_finished_meetings)

    @cached_property
    def recording_store(self) -> "RecordingStore":
        """Where recordings are copied to.

        Raises:
            ConfigurationError: RECORDING_ARCHIVE_URL is not set, or nothing here can speak its protocol.
        """
        if self.settings.recording_archive_url is None:
            raise ConfigurationError(
                "Recordings are not archived: RECORDING_ARCHIVE_URL is not set.",
                next_step="Set it to a folder or bucket, such as file:///srv/recordings.",
            )
        from core.services.recordings.store import RecordingStore  # slow to import, and needed by archiving alone

        return RecordingStore(self.settings.recording_archive_url.get_secret_value())

    @cached_property
    def mail_server(self) -> MailServer:
        """Where mails are handed over."""
        return MailServer.parse(self.settings.mail_url, self.settings.mail_from)

    @cached_property
    def hook_sender(self) -> HookSender:
        """With what outgoing webhooks are sent; in practice to this machine, too."""
        return HookSender(self.vault, self.hours, self.settings.cooldown, Outside(practice=self.practice))

    @property
    def practice(self) -> bool:
        """Whether this is the sandbox, where receivers of webhooks may be on this machine and speak plain HTTP."""
        return self.settings.mode == "sandbox"

    @property
    def rules(self) -> Rules:
        """How long the lifecycle waits for what."""
        settings = self.settings
        return Rules(
            no_show_grace=settings.no_show_grace,
            rejoin_grace=settings.rejoin_grace,
            late_open_limit=settings.late_open_limit,
            hold_limit=settings.recording_hold_limit,
            cooldown=settings.cooldown,
        )

    @property
    def hours(self) -> OpeningHours:
        """When links are opened."""
        return OpeningHours(self.settings.lead_time, self.settings.late_open_limit)


@lru_cache(maxsize=1)
def wiring() -> Wiring:
    """The parts of this process, from its own settings."""
    return Wiring(get_settings())
