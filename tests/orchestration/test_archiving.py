"""The sensor and the run that copy recordings."""

from pathlib import Path

import pytest

from core.clock import utcnow
from core.settings import get_settings
from core.wiring import wiring
from tests.integration.recordings.given import MINUTE, collect, files_of, opened, take_place
from tests.orchestration.conftest import Dagster
from tests.world import World


def test_recordings_are_copied_where_an_archive_is_named(
    world: World, dagster: Dagster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one nothing is asked for; with one a run shows what it copied."""
    [meeting] = opened(world, "A-1")
    collect(world, take_place(world, meeting) + 15 * MINUTE)
    with world.parts.sessions.begin() as session:
        for file in files_of(world):
            file.next_attempt_at = utcnow()
            session.merge(file)
    assert dagster.tick("archive_sensor") == []

    monkeypatch.setenv("RECORDING_ARCHIVE_URL", f"file://{tmp_path}")
    get_settings.cache_clear()
    wiring.cache_clear()
    assert len(dagster.tick("archive_sensor")) == 1
    run = dagster.run("archive_recordings")

    assert run.green
    assert run.numbers("copy_files")["copied"] == len(files_of(world))
    assert {row["outcome"] for row in run.table("copy_files", "archived")} == {"archived"}
    assert str(tmp_path) not in run.said()
    assert dagster.tick("archive_sensor") == []
