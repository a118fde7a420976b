"""docs/production.md names every setting, scope, event and command as the code has them."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from console.middleware import BODY_LIMIT
from core import cli
from core.services.inbox import evidence
from core.settings import Settings
from core.zoom.oauth import REQUIRED_SCOPES

DOC = (Path(__file__).parents[2] / "docs" / "production.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text from a bold or numbered title to the next one."""
    return DOC.split(title, 1)[1].split("\n## ", 1)[0]


def first_cells(text: str) -> set[str]:
    """The names in the first column of the tables in *text*."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def test_it_names_every_setting_and_no_other() -> None:
    """In one table, under the names of the environment."""
    assert first_cells(section("## 2. Settings")) == {name.upper() for name in Settings.model_fields}


def test_it_names_exactly_the_scopes_that_are_checked() -> None:
    """One too few refuses every connect, one too many asks people for what is not needed."""
    scopes = section("**Scopes**").split("**Events**")[0]

    assert first_cells(scopes) == set(REQUIRED_SCOPES)


def test_it_names_exactly_the_events_that_are_read() -> None:
    """One that is missing there never comes; one that is not read costs the subscription a permission for nothing."""
    read = {"meeting.started", "meeting.ended", evidence.DEAUTHORIZED}
    read |= {*evidence.JOINED, *evidence.LEFT, *evidence.RECORDING, *evidence.RECORDED, *evidence.DELETED}

    assert first_cells(section("**Events**")) == read


@pytest.mark.parametrize("words", sorted(set(re.findall(r"(?:^|`)zoompool ((?:[a-z][a-z-]* ?)+)", DOC, re.MULTILINE))))
def test_every_command_it_names_exists(words: str) -> None:
    """Up to its arguments and options."""
    command = get_command(cli.app)
    for word in words.split():
        commands = getattr(command, "commands", {})
        if not commands:
            break
        assert word in commands, f"zoompool {words}"
        command = commands[word]


def test_the_proxy_lets_through_what_the_console_takes() -> None:
    """A smaller limit would cut off what is allowed; a larger one lets in what is refused anyway."""
    limit = re.search(r"client_max_body_size (\d+)m;", DOC)

    assert limit and 1 <= int(limit[1]) * 1_000_000 / BODY_LIMIT < 2


def test_the_addresses_that_stay_open_are_the_consoles() -> None:
    """As Zoom and the health check ask for them."""
    settings = Settings(_env_file=None, public_base_url="https://zoom.example.com")

    assert f"`{settings.redirect_uri}`" in DOC
    for path in ("= /webhooks/zoom", "= /oauth/zoom/callback", "= /healthz", "/api/"):
        assert f"location {path} " in DOC
