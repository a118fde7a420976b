"""How the parts of an installation are started."""

from datetime import timedelta
from pathlib import Path

import pytest

from core.settings import Settings
from core.up.databases import Databases
from core.up.parts import Parts

DATABASES = Databases(product="postgresql+psycopg://p", dagster="postgresql+psycopg2://d")


def _parts(*, demo: bool = True, **settings: object) -> Parts:
    return Parts(Settings(_env_file=None, **settings), Path("/state"), DATABASES, demo=demo)


def test_the_practice_zoom_tells_the_console_what_happens() -> None:
    """At the console's own address, signed with the secret that the console knows."""
    parts = _parts(console_port=8701, demo=False)
    command = list(parts.sandbox().command)

    assert command[command.index("--webhook-url") + 1] == "http://127.0.0.1:8701/webhooks/zoom"
    assert command[command.index("--webhook-secret") + 1] == parts.settings.webhook_secrets[0]
    assert "--autopilot" not in command
    assert not {"COOLDOWN", "NO_SHOW_GRACE"} & parts.exported().keys()


def test_the_demo_is_quick() -> None:
    """Meetings are held by themselves, and nobody waits five minutes for an account."""
    parts = _parts()

    assert "--autopilot" in parts.sandbox().command
    assert (parts.exported()["COOLDOWN"], parts.exported()["NO_SHOW_GRACE"]) == ("30", "120")


def test_what_somebody_has_set_holds_in_the_demo_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """By environment or by hand."""
    monkeypatch.setenv("COOLDOWN", "300")
    exported = _parts(no_show_grace=timedelta(minutes=3)).exported()

    assert not {"COOLDOWN", "NO_SHOW_GRACE"} & exported.keys()
