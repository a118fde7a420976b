"""Recordings are copied to storage of our own, and what breaks off is gone on with."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa

from core.db.models import Event, RecordingFile
from core.errors import ConfigurationError
from core.services.recordings.archive import Archived, Progress, anything_to_archive, archive_recordings
from core.services.recordings.store import RecordingStore
from tests.integration.recordings.given import HOUR, MINUTE, collect, files_of, opened, take_place
from tests.world import World

DOWNLOADS = {"method": "GET", "path_regex": "^/rec/download/"}


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """The folder that recordings are copied to."""
    return tmp_path / "shelf"


def recorded(world: World) -> datetime:
    """One recording is attached; some time later."""
    [meeting] = opened(world, "A-1")
    end = take_place(world, meeting)
    assert collect(world, end + 15 * MINUTE) == ["attached"]
    return end + 16 * MINUTE


def archive(world: World, shelf: Path, now: datetime, told: list[Progress] | None = None) -> list[Archived]:
    """What a run that archives does."""
    return archive_recordings(
        world.parts.sessions,
        world.parts.zoom,
        RecordingStore(f"file://{shelf}"),
        clock=lambda: now,
        run_id="archive",
        progress=(told if told is not None else []).append,
    )


def test_every_file_is_copied_whole_and_once(world: World, shelf: Path) -> None:
    """By ids alone: no path holds a name."""
    now = recorded(world)
    with world.parts.sessions() as session:
        assert anything_to_archive(session, now=now)

    told: list[Progress] = []
    done = archive(world, shelf, now, told)

    assert {each.outcome for each in done} == {"archived"}
    for file in files_of(world):
        assert (file.archived_at, file.next_attempt_at) == (now, None)
        copy = shelf / str(file.archive_path)
        assert copy.stat().st_size == file.size
        assert re.fullmatch(
            r"location-\d+/\d{4}/\d\d/appointment-\d+/recording-\d+-\d+-[a-z-]+\.(mp4|m4a)", str(file.archive_path)
        )
    assert (told[-1].files_done, told[-1].bytes_done) == (len(done), told[-1].size)
    [line] = [event for event in world.all(Event) if event.kind == "recording_archived"]
    assert (line.detail, line.run_id) == ({"files": len(done)}, "archive")
    assert archive(world, shelf, now + HOUR) == []
    with world.parts.sessions() as session:
        assert not anything_to_archive(session, now=now + HOUR)


def test_what_was_begun_is_gone_on_with(world: World, shelf: Path) -> None:
    """A run that died half-way left half a file behind; the other half is enough."""
    now = recorded(world)
    archive(world, shelf, now)
    file = files_of(world)[0]
    copy = shelf / str(file.archive_path)
    whole = copy.read_bytes()
    copy.rename(copy.with_name(copy.name + ".part"))
    copy.with_name(copy.name + ".part").write_bytes(whole[: len(whole) // 3])
    with world.parts.sessions.begin() as session:
        session.execute(
            sa.update(RecordingFile).where(RecordingFile.id == file.id).values(archived_at=None, next_attempt_at=now)
        )

    told: list[Progress] = []
    assert [each.outcome for each in archive(world, shelf, now, told)] == ["archived"]

    assert copy.read_bytes() == whole
    assert told[-1].bytes_done == len(whole) - len(whole) // 3


def test_a_stream_that_breaks_off_is_taken_up_where_it_broke(
    world: World, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, and without fetching the first part again."""
    now = recorded(world)
    whole = requests.Response.iter_content
    broken: list[int] = []

    def iter_content(response: requests.Response, size: int) -> Iterator[bytes]:
        if broken or "/rec/download/" not in response.url:
            yield from whole(response, size)
            return
        broken.append(1)
        yield next(whole(response, 100))
        raise requests.exceptions.ChunkedEncodingError

    monkeypatch.setattr(requests.Response, "iter_content", iter_content)
    told: list[Progress] = []

    assert {each.outcome for each in archive(world, shelf, now, told)} == {"archived"}
    assert told[-1].bytes_done == told[-1].size
    contents = [(shelf / str(file.archive_path)).read_bytes() for file in files_of(world)]
    assert [len(content) for content in contents] == [file.size for file in files_of(world)]


def test_an_outage_leaves_it_for_later(world: World, shelf: Path) -> None:
    """Ever later, and in the end no more; nothing half-written has its name."""
    now = recorded(world)
    world.sandbox.fault({"status": 503}, **DOWNLOADS)

    assert {each.outcome for each in archive(world, shelf, now)} == {"later"}
    assert {file.next_attempt_at for file in files_of(world)} == {now + 5 * MINUTE}
    assert {each.outcome for each in archive(world, shelf, now + 5 * MINUTE)} == {"later"}
    assert {file.next_attempt_at for file in files_of(world)} == {now + 15 * MINUTE}
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(RecordingFile).values(attempts=9))
    assert {each.outcome for each in archive(world, shelf, now + HOUR)} == {"gave_up"}
    assert {file.next_attempt_at for file in files_of(world)} == {None}
    assert not [path for path in shelf.rglob("*") if path.is_file()]


def test_a_sign_in_page_is_no_recording(world: World, shelf: Path) -> None:
    """Zoom shows it with status 200 where a permission is missing."""
    now = recorded(world)
    world.sandbox.fault({"html": True, "status": 200}, **DOWNLOADS)

    done = archive(world, shelf, now)

    assert {each.outcome for each in done} == {"later"}
    assert all(file.archived_at is None for file in files_of(world))
    assert {file.last_error for file in files_of(world)} == {"Zoom gave text/html instead of the file."}


def test_a_file_of_another_size_is_not_kept(world: World, shelf: Path) -> None:
    """It was cut short on its way, or is another file."""
    now = recorded(world)
    with world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE recording_files SET size = size + 1"))

    assert {each.outcome for each in archive(world, shelf, now)} == {"later"}
    assert not [path for path in shelf.rglob("*") if path.is_file()]


def test_a_recording_that_is_gone_from_zoom_cannot_be_copied(world: World, shelf: Path) -> None:
    """And says so."""
    now = recorded(world)
    world.sandbox.delete_recording(str(world.meetings()[0].zoom_meeting_id))

    assert {each.detail for each in archive(world, shelf, now)} == {"The recording is not on Zoom any more."}


def test_a_full_disk_is_told_from_zooms_trouble(world: World, shelf: Path) -> None:
    """The folder cannot be made because a file stands in its place."""
    now = recorded(world)
    shelf.write_text("in the way")

    [detail] = {each.detail for each in archive(world, shelf, now)}
    assert "The archive cannot be written" in detail


def test_an_archive_that_nothing_here_can_speak_to_says_what_is_missing() -> None:
    """Without quoting the address, which may hold a password."""
    with pytest.raises(ConfigurationError) as refused:
        RecordingStore("nonsense://user:hidden@host/path")

    assert "RECORDING_ARCHIVE_URL" in str(refused.value)
    assert "hidden" not in str(refused.value)
