"""Settings: read from the environment, typed, and unsafe production refused by name."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from core.settings import Settings

SAFE = {
    "MODE": "production",
    "DATABASE_URL": "postgresql://app@db/zoompool",
    "PUBLIC_BASE_URL": "https://console.example.com",
    "ZOOM_CLIENT_ID": "a-marketplace-app",
    "ZOOM_CLIENT_SECRET": "f3b9c0d7e1a24f5b8c6d",
    "TOKEN_ENCRYPTION_KEYS": "hZ0q0n3E6yJ2o7pQ4sT8vX1zA5cF9gK3mR6uW0yB4dE=",
    "SESSION_SECRET": "c9f2e7a1b8d34056a7e1",
    "OIDC_ISSUER": "https://login.quantixone.test",
    "OIDC_CLIENT_ID": "console",
    "OIDC_CLIENT_SECRET": "b8d34056a7e1c9f2e7a1",
    "ZOOM_WEBHOOK_SECRET_TOKEN": "a0b1c2d3e4f5a6b7c8d9",
    "SMTP_URL": "smtps://user:words@mail.example.com:465",
}


def settings(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    """The settings that this environment gives."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Settings(_env_file=None)


def test_without_any_setting_it_is_the_sandbox_on_loopback() -> None:
    """A new user sets nothing."""
    found = Settings(_env_file=None)

    assert found.mode == "sandbox"
    assert found.api_url == "http://127.0.0.1:8600/v2"
    assert found.redirect_uri == "http://127.0.0.1:8501/oauth/zoom/callback"


def test_a_bare_number_means_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """LEAD_TIME=600 and COOLDOWN=00:05:00 are both understood."""
    found = settings(monkeypatch, LEAD_TIME="600", COOLDOWN="00:05:00")

    assert (found.lead_time, found.cooldown) == (timedelta(minutes=10), timedelta(minutes=5))


def test_production_with_everything_set_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """And talks to Zoom itself."""
    found = settings(monkeypatch, **SAFE)

    assert found.api_url == "https://api.zoom.us/v2"
    assert found.oauth_url == "https://zoom.us/oauth"


@pytest.mark.parametrize(
    "name",
    [
        "ZOOM_CLIENT_SECRET",
        "TOKEN_ENCRYPTION_KEYS",
        "SESSION_SECRET",
        "OIDC_CLIENT_SECRET",
        "ZOOM_WEBHOOK_SECRET_TOKEN",
        "SMTP_URL",
    ],
)
def test_production_without_a_secret_does_not_start_and_names_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing secrets are said by name."""
    given = {key: value for key, value in SAFE.items() if key != name}

    with pytest.raises(ValidationError, match=name):
        settings(monkeypatch, **given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SESSION_SECRET", "changeme"),
        ("SESSION_SECRET", "short"),
        ("ZOOM_CLIENT_SECRET", "sandbox-client-secret"),
        ("ZOOM_WEBHOOK_SECRET_TOKEN", "sandbox-webhook-secret"),
        ("ZOOM_WEBHOOK_SECRET_TOKEN_PREVIOUS", "sandbox-webhook-secret"),
        ("ZOOM_CLIENT_ID", "sandbox-client"),
        ("PUBLIC_BASE_URL", "http://console.example.com"),
    ],
)
def test_production_with_a_weak_or_default_value_does_not_start(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weak, short and default values are said by name."""
    with pytest.raises(ValidationError, match=name):
        settings(monkeypatch, **{**SAFE, name: value})


def test_a_refusal_does_not_repeat_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was refused is not printed into a log."""
    with pytest.raises(ValidationError) as refused:
        settings(monkeypatch, **{**SAFE, "SESSION_SECRET": "hunter2hunter2", "PUBLIC_BASE_URL": "http://x"})

    printed = str([problem["msg"] for problem in refused.value.errors()])
    assert "hunter2" not in printed


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A printed settings object gives nothing away."""
    shown = repr(settings(monkeypatch, **SAFE))

    assert SAFE["SESSION_SECRET"] not in shown
    assert "words" not in shown


def test_the_sandbox_signs_with_a_secret_of_its_own_until_one_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Production knows only those that were set, the current one first."""
    previous = "0f1e2d3c4b5a69788796"

    assert settings(monkeypatch).webhook_secrets == ("sandbox-webhook-secret",)
    assert settings(monkeypatch, ZOOM_WEBHOOK_SECRET_TOKEN_PREVIOUS=previous).webhook_secrets == (previous,)
    assert settings(monkeypatch, **SAFE).webhook_secrets == (SAFE["ZOOM_WEBHOOK_SECRET_TOKEN"], previous)


def test_production_needs_somebody_who_signs_people_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """And over https."""
    for issuer in ("", "http://login.quantixone.test"):
        with pytest.raises(ValidationError, match="OIDC_ISSUER has to be the https:// address"):
            settings(monkeypatch, **{**SAFE, "OIDC_ISSUER": issuer})


def test_a_console_without_a_sign_in_is_for_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else may be whoever he chooses."""
    with pytest.raises(ValidationError, match=r"CONSOLE_HOST may be no other than 127\.0\.0\.1"):
        settings(monkeypatch, CONSOLE_HOST="192.0.2.7")
    assert settings(monkeypatch, **{**SAFE, "CONSOLE_HOST": "192.0.2.7"}).console_host == "192.0.2.7"


def test_half_a_sign_in_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cookie signed with nothing would be anybody's."""
    with pytest.raises(ValidationError, match="OIDC_ISSUER is set and SESSION_SECRET is missing"):
        settings(
            monkeypatch, OIDC_ISSUER="http://127.0.0.1:9400", OIDC_CLIENT_ID="console", OIDC_CLIENT_SECRET="anything"
        )


def test_what_a_claim_means_is_read_from_the_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is no role of ours is told at the start, not at a sign-in."""
    assert settings(monkeypatch, **{**SAFE, "OIDC_ROLE_MAP": "zoom=admins=admin, desk=host"}).oidc_roles == {
        "zoom=admins": "admin",
        "desk": "host",
    }
    with pytest.raises(ValidationError, match="OIDC_ROLE_MAP has 'desk=porter'"):
        settings(monkeypatch, **{**SAFE, "OIDC_ROLE_MAP": "desk=porter"})
