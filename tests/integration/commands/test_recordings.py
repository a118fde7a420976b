"""Recordings on the command line."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from core.settings import get_settings
from core.wiring import wiring
from tests.integration.commands.test_commands import Run, as_json, zoompool
from tests.integration.recordings.given import (
    MINUTE,
    collect,
    files_of,
    found,
    hold,
    opened,
    seek,
    take_place,
    the_recording,
)
from tests.world import World

__all__ = ["zoompool"]


def test_recordings_are_listed_with_link_and_passcode(world: World, zoompool: Run) -> None:
    """For people and for programs, of all or of one appointment."""
    meeting, other = opened(world, "A-1", "A-2")
    hold(world, meeting)
    found(world, meeting)
    hold(world, other, "other==")
    seek(world, other)

    assert "A-2" in zoompool("recordings", "list")[1]
    status, printed = zoompool("recordings", "list", "--json")
    assert status == 0
    assert {(row["appointment"], row["outcome"], row["files"]) for row in as_json(printed)} == {
        ("A-1", "attached", 1),
        ("A-2", "sought", 0),
    }
    status, printed = zoompool("recordings", "list", "-l", "Harbour Clinic", "--appointment", "A-1", "--json")
    [row] = as_json(printed)
    assert (row["share_url"], row["passcode"], row["minutes"]) == ("https://zoom.example/rec/share/s", "typed-1", 29)
    assert zoompool("recordings", "list", "--appointment", "A-1")[0] == 1


def test_zoom_can_be_asked_now(world: World, zoompool: Run) -> None:
    """Without waiting for the next time by itself."""
    [meeting] = opened(world, "A-1")
    take_place(world, meeting)

    status, printed = zoompool("recordings", "look", str(the_recording(world).id))

    assert status == 0
    assert printed.endswith("Recording 1: attached\n")
    status, printed = zoompool("recordings", "look", "999")
    assert (status, printed.split(". ")[0]) == (1, "There is no recording 999")
    assert "zoompool recordings list" in printed


def test_deleting_is_resumed_only_where_it_has_stopped(world: World, zoompool: Run) -> None:
    """With a reason."""
    status, printed = zoompool("recordings", "resume-deleting", "--reason", "mended")

    assert status == 1
    assert "nothing to resume" in printed


def test_recordings_are_copied_by_command(
    world: World, zoompool: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing says where to, it says what to set."""
    [meeting] = opened(world, "A-1")
    collect(world, take_place(world, meeting, minutes=1) + 15 * MINUTE)
    with world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE recording_files SET next_attempt_at = now()"))

    status, printed = zoompool("recordings", "archive")
    assert status == 1
    assert "RECORDING_ARCHIVE_URL" in printed

    monkeypatch.setenv("RECORDING_ARCHIVE_URL", f"file://{tmp_path}/shelf")
    get_settings.cache_clear()
    wiring.cache_clear()
    assert zoompool("recordings", "archive") == (0, f"{len(files_of(world))} files were copied.\n")
    assert len([path for path in (tmp_path / "shelf").rglob("*") if path.is_file()]) == len(files_of(world))
