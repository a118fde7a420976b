"""Everything that can be set, read once from the environment and `.env` into one typed object."""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.domain.roles import Role

SANDBOX_CLIENT_ID = "sandbox-client"
SANDBOX_CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105 - the practice Zoom's own, refused in production
SANDBOX_WEBHOOK_SECRET = "sandbox-webhook-secret"  # noqa: S105 - the practice Zoom signs with it, refused in production
PRACTICE_OPERATIONS = "operations@practice.example"
WELL_KNOWN = "/.well-known/openid-configuration"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
WEAK = {"", "secret", "password", "changeme", "change-me", SANDBOX_CLIENT_SECRET, SANDBOX_WEBHOOK_SECRET}


def _duration(value: object) -> object:
    """A bare number means seconds; everything else (`00:10:00`, `PT10M`) is left to pydantic."""
    return timedelta(seconds=float(value)) if isinstance(value, str) and value.replace(".", "", 1).isdigit() else value


Duration = Annotated[timedelta, BeforeValidator(_duration)]


class Settings(BaseSettings):
    """The settings of one installation. Names in the environment are these in upper case."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True)

    mode: Literal["sandbox", "production"] = "sandbox"

    database_url: str | None = Field(default=None, description="postgresql+psycopg://...; unset: the embedded server")
    dagster_database_url: str | None = Field(
        default=None, description="postgresql+psycopg2://...; unset: beside the product's"
    )
    dagster_home: Path | None = None
    state_dir: Path = Path(".zoompool")

    public_base_url: str | None = None
    dagster_public_url: str | None = None
    console_port: int = Field(default=8501, ge=1, le=65535)
    dagster_port: int = Field(default=3000, ge=1, le=65535)
    dagster_grpc_port: int = Field(default=3030, ge=1, le=65535)
    sandbox_port: int = Field(default=8600, ge=1, le=65535)
    sandbox_smtp_port: int = Field(default=8625, ge=1, le=65535)

    zoom_api_url: str | None = None
    zoom_oauth_url: str | None = None
    zoom_client_id: str = SANDBOX_CLIENT_ID
    zoom_client_secret: SecretStr = SecretStr(SANDBOX_CLIENT_SECRET)
    zoom_webhook_secret_token: SecretStr | None = None
    zoom_webhook_secret_token_previous: SecretStr | None = None
    zoom_plan: Literal["pro", "business"] = "business"
    zoom_concurrency: int = Field(default=16, ge=1, le=64, description="calls to Zoom at once in one run")

    token_encryption_keys: SecretStr | None = Field(
        default=None, description="Fernet keys, newest first, separated by commas"
    )
    session_secret: SecretStr | None = None

    oidc_issuer: str | None = Field(
        default=None, description="who signs people in: its address, or that of its openid-configuration"
    )
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_role_claim: str = "roles"
    oidc_role_map: str = Field(default="", description="such as zoom-admins=admin,front-desk=host")
    oidc_locations_claim: str = "locations"
    sign_in_lifetime: Duration = timedelta(hours=12)
    console_host: str = "127.0.0.1"

    smtp_url: SecretStr | None = Field(
        default=None, description="smtp://, smtp+starttls:// or smtps://user:password@host:port"
    )
    mail_from: str = "QuantixOne <no-reply@quantixone.example>"

    lead_time: Duration = timedelta(minutes=10)
    late_open_limit: Duration = timedelta(minutes=15)
    cooldown: Duration = timedelta(minutes=5)
    no_show_grace: Duration = timedelta(minutes=15)
    rejoin_grace: Duration = timedelta(minutes=10)
    recording_hold_limit: Duration = timedelta(hours=4)
    delete_finished_meetings: bool = True

    bulk_batch_size: int = Field(default=250, ge=1, le=1000, description="appointments opened by one bulk run")
    tick_seconds: int = Field(
        default=14, ge=4, le=60, description="the sensors' interval; Dagster rounds up to steps of 5 s"
    )
    alert_urls: SecretStr | None = Field(
        default=None, description="where alerts go: apprise's URLs, separated by commas or spaces"
    )
    recording_archive_url: SecretStr | None = Field(
        default=None, description="where recordings are copied: any fsspec address, such as file:///srv/recordings"
    )
    log_format: Literal["console", "json"] = "console"

    @property
    def base_url(self) -> str:
        """Where people and Zoom reach the web process."""
        return (self.public_base_url or f"http://127.0.0.1:{self.console_port}").rstrip("/")

    @property
    def dagster_url(self) -> str:
        """Where people reach the Dagster UI."""
        return (self.dagster_public_url or f"http://127.0.0.1:{self.dagster_port}").rstrip("/")

    @property
    def api_url(self) -> str:
        """The base of Zoom's REST API; the sandbox's unless set or in production."""
        default = f"http://127.0.0.1:{self.sandbox_port}/v2" if self.mode == "sandbox" else "https://api.zoom.us/v2"
        return (self.zoom_api_url or default).rstrip("/")

    @property
    def oauth_url(self) -> str:
        """The base of Zoom's OAuth endpoints; the sandbox's unless set or in production."""
        default = f"http://127.0.0.1:{self.sandbox_port}/oauth" if self.mode == "sandbox" else "https://zoom.us/oauth"
        return (self.zoom_oauth_url or default).rstrip("/")

    @property
    def mail_url(self) -> str:
        """The SMTP server; the sandbox's practice mailbox unless set. Holds a password: never log it."""
        if self.smtp_url is not None:
            return self.smtp_url.get_secret_value()
        return f"smtp://127.0.0.1:{self.sandbox_smtp_port}"

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """What Zoom may sign its events with, the current one first; the sandbox's where none is set for practice."""
        given = (self.zoom_webhook_secret_token, self.zoom_webhook_secret_token_previous)
        # An empty one would let everybody sign.
        configured = tuple(each.get_secret_value() for each in given if each is not None and each.get_secret_value())
        return configured or ((SANDBOX_WEBHOOK_SECRET,) if self.mode == "sandbox" else ())

    @property
    def alert_targets(self) -> tuple[str, ...]:
        """Where alerts go, as apprise's URLs; the practice mailbox unless set. They hold passwords: never log one."""
        if self.alert_urls is not None:
            return tuple(re.split(r"[\s,]+(?=\w+://)", self.alert_urls.get_secret_value().strip(" \n\t,")))
        server = urlsplit(self.mail_url)
        if self.mode == "production" or server.scheme != "smtp":
            return ()
        return (f"mailto://{server.netloc}/?mode=insecure&from=no-reply@quantixone.example&to={PRACTICE_OPERATIONS}",)

    @property
    def signs_in(self) -> bool:
        """Whether people sign in; without that the console is for this machine, and for practice."""
        return self.oidc_issuer is not None

    @property
    def oidc_roles(self) -> dict[str, Role]:
        """Which values of the claim stand for which roles, beside the roles' own names."""
        entries = (entry.rpartition("=") for entry in self.oidc_role_map.split(",") if entry)
        return {value.strip(): Role(role.strip()) for value, _, role in entries}

    @property
    def oidc_metadata_url(self) -> str:
        """Where the provider describes itself."""
        issuer = (self.oidc_issuer or "").rstrip("/")
        return issuer if issuer.endswith(WELL_KNOWN) else f"{issuer}{WELL_KNOWN}"

    @property
    def sign_in_redirect_uri(self) -> str:
        """Where the provider sends people back to; it compares that with the one registered there."""
        return f"{self.base_url}/oauth2callback"

    @property
    def redirect_uri(self) -> str:
        """The OAuth callback; Zoom compares it letter by letter with the one in the Marketplace app."""
        return f"{self.base_url}/oauth/zoom/callback"

    @model_validator(mode="after")
    def _refuse_unsafe_production(self) -> Self:
        if self.mode == "production" and (problems := list(self._production_problems())):
            raise ValueError("MODE=production does not start like this: " + "; ".join(problems))
        return self

    @model_validator(mode="after")
    def _refuse_a_door_without_a_lock(self) -> Self:
        if problems := list(self._sign_in_problems()):
            raise ValueError("; ".join(problems))
        return self

    def _sign_in_problems(self) -> Iterator[str]:
        if not self.signs_in:
            if self.console_host not in LOOPBACK:
                yield "CONSOLE_HOST may be no other than 127.0.0.1 while nobody signs in (OIDC_ISSUER is not set)"
            return
        needed = {
            "OIDC_CLIENT_ID": self.oidc_client_id,
            "OIDC_CLIENT_SECRET": self.oidc_client_secret,
            "SESSION_SECRET": self.session_secret,
        }
        yield from (f"OIDC_ISSUER is set and {name} is missing" for name, value in needed.items() if not value)
        for entry in filter(None, self.oidc_role_map.split(",")):
            if entry.rpartition("=")[2].strip() not in list(Role) or "=" not in entry:
                yield f"OIDC_ROLE_MAP has {entry.strip()!r}; write value=role with one of {', '.join(Role)}"

    def _production_problems(self) -> list[str]:
        required = {
            "ZOOM_CLIENT_SECRET": self.zoom_client_secret,
            "TOKEN_ENCRYPTION_KEYS": self.token_encryption_keys,
            "SESSION_SECRET": self.session_secret,
            "OIDC_CLIENT_SECRET": self.oidc_client_secret,
            "ZOOM_WEBHOOK_SECRET_TOKEN": self.zoom_webhook_secret_token,
            "SMTP_URL": self.smtp_url,
        }
        given = {**required, "ZOOM_WEBHOOK_SECRET_TOKEN_PREVIOUS": self.zoom_webhook_secret_token_previous}
        problems = [f"{name} is missing" for name, value in required.items() if value is None]
        problems += [
            f"{name} is a default or too short (16 characters at least)"
            for name, value in given.items()
            if value is not None and (value.get_secret_value() in WEAK or len(value.get_secret_value()) < 16)
        ]
        if self.oidc_issuer is None or not self.oidc_issuer.startswith("https://"):
            problems.append("OIDC_ISSUER has to be the https:// address of who signs people in")
        if self.zoom_client_id == SANDBOX_CLIENT_ID:
            problems.append("ZOOM_CLIENT_ID is the sandbox's")
        if self.database_url is None:
            problems.append("DATABASE_URL is missing (the embedded server is for practice)")
        if self.public_base_url is None or not self.public_base_url.startswith("https://"):
            problems.append("PUBLIC_BASE_URL has to be an https:// address")
        return problems


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once. Raises pydantic's `ValidationError`, one entry per setting at fault."""
    return Settings()
