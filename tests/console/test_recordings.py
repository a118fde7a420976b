"""What people see of recordings on the page of an appointment."""

import pytest
import sqlalchemy as sa

from console.recordings import size
from tests.console.conftest import OpenPage, words_of
from tests.integration.recordings.given import END, UUID, file, found, hold, opened, seek
from tests.world import World


def test_an_attached_recording_shows_its_player_passcode_and_files(world: World, open_page: OpenPage) -> None:
    """Everything one needs to play it, in one place."""
    [meeting] = opened(world, "A-1")
    hold(world, meeting)
    found(world, meeting, file(file_size=7_220_000), file("f2", "M4A", recording_type="audio_only"))
    page = open_page("appointment", id="A-1")
    told = words_of(page)

    assert [(each.proto.label, each.proto.url) for each in page.get("link_button")] == [
        ("Play", "https://zoom.example/rec/share/s")
    ]
    assert "Passcode] `typed-1`" in told
    assert "Attached" in told and "29 min" in told and "7.2 MB" in told
    assert "[Audio only](https://zoom.example/rec/play/f2)" in told
    assert "M4A · 30 min · 7 kB" in told
    assert "Recording attached" in told


@pytest.mark.parametrize(
    ("outcome", "reason", "expected"),
    [
        ("sought", None, "Zoom is at work on it, as far as we know. We ask again"),
        ("sought", "too_short", "Zoom recorded only a small part of the meeting. We ask again"),
        ("none_made", "never_started", "Nothing was recorded in this meeting."),
        ("gave_up", "never_came", "Zoom had no recording for three days. Look in Zoom's portal"),
        ("failed", "empty", "There is nothing in the recording."),
    ],
)
def test_what_is_not_there_says_why(
    world: World, open_page: OpenPage, outcome: str, reason: str | None, expected: str
) -> None:
    """And what happens next."""
    [meeting] = opened(world, "A-1")
    hold(world, meeting)
    seek(world, meeting)
    with world.parts.sessions.begin() as session:
        session.execute(
            sa.text("UPDATE recordings SET outcome = :outcome, reason = :reason, final_at = :at"),
            {"outcome": outcome, "reason": reason, "at": None if outcome == "sought" else END},
        )

    assert expected in words_of(open_page("appointment", id="A-1"))


def test_before_a_meeting_was_held_nothing_is_said_of_recordings(world: World, open_page: OpenPage) -> None:
    """There is nothing to say yet."""
    opened(world, "A-1")

    assert "Recording" not in words_of(open_page("appointment", id="A-1"))


def test_each_time_it_was_held_has_an_entry(world: World, open_page: OpenPage) -> None:
    """Somebody came back after a break."""
    [meeting] = opened(world, "A-1")
    hold(world, meeting)
    found(world, meeting)
    found(world, meeting, file("g1"), uuid=f"2{UUID}")

    page = open_page("appointment", id="A-1")
    assert len(page.get("link_button")) == 2
    assert "**Recordings**" in words_of(page)


@pytest.mark.parametrize(
    ("count", "shown"), [(640, "640 B"), (7_000, "7 kB"), (7_220_000, "7.2 MB"), (1_234_567_890, "1.2 GB")]
)
def test_sizes_are_as_coarse_as_they_are_big(count: int, shown: str) -> None:
    """As Zoom writes them."""
    assert size(count) == shown
