"""When a recording is asked for, when it is complete, and when the search ends."""

from datetime import UTC, datetime, timedelta

import pytest

from core.domain.recording import File, Standing, fault_of, found, given_up, next_rung, nothing, recorded_length
from core.domain.states import Recording

END = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SOUGHT = Standing(Recording.SOUGHT)


def video(
    start: float = 0, end: float = 30, *, size: int | None = 9_000, status: str | None = "completed", kind: str = "MP4"
) -> File:
    """A video from minute *start* to *end*."""
    return File(kind, size, status, END + start * MINUTE, END + end * MINUTE)


@pytest.mark.parametrize(
    ("after", "then"),
    [
        (timedelta(), 15 * MINUTE),
        (15 * MINUTE, HOUR),
        (59 * MINUTE, HOUR),
        (HOUR, 4 * HOUR),
        (5 * HOUR, 12 * HOUR),
        (12 * HOUR, 24 * HOUR),
        (30 * HOUR, 48 * HOUR),
        (48 * HOUR, 72 * HOUR),
        (72 * HOUR, None),
        (100 * HOUR, None),
    ],
)
def test_zoom_is_asked_ever_more_rarely(after: timedelta, then: timedelta | None) -> None:
    """Seven times in three days at most."""
    assert next_rung(END, END + after) == (None if then is None else END + then)


@pytest.mark.parametrize(
    ("files", "held", "fault"),
    [
        ([video()], 30, None),
        ([video(), video(kind="CC", size=None, status=None)], 30, None),
        ([video(status=None)], 30, None),
        ([], 30, "empty"),
        ([video(kind="TRANSCRIPT")], 30, "empty"),
        ([video(size=0)], 30, "empty"),
        ([video(size=0), video(kind="M4A", size=9)], 30, "unfinished"),
        ([video(size=None)], 30, "unfinished"),
        ([video(), video(status="processing")], 30, "unfinished"),
        ([video(0, 10)], 30, "too_short"),
        ([video(0, 15)], 30, None),
        ([video(0, 0.5)], 2.5, None),
        ([video(0, 1)], 4, "too_short"),
        ([video(0, 8), video(20, 28)], 30, None),
        ([video(0, 10), video(0, 10, kind="M4A")], 30, "too_short"),
        ([video(0, 1)], None, None),
    ],
)
def test_a_recording_is_complete_when_it_has_a_size_and_covers_the_meeting(
    files: list[File], held: float | None, fault: str | None
) -> None:
    """Half of it, or all but two minutes; people may pause it, and two views of one time count once."""
    assert fault_of(files, minutes=None, held=held if held is None else held * MINUTE) == fault


@pytest.mark.parametrize(("minutes", "fault"), [(29, None), (3, "too_short"), (None, None)])
def test_files_without_times_are_measured_by_what_zoom_counts(minutes: int | None, fault: str | None) -> None:
    """And where it counts nothing, nothing is held against them."""
    untimed = File("MP4", 9_000, "completed", None, None)

    assert fault_of([untimed], minutes=minutes, held=30 * MINUTE) == fault


def test_overlapping_files_cover_their_time_once() -> None:
    """In whatever order they come."""
    assert recorded_length([video(20, 25), video(0, 10), video(2, 12), video(3, 4)]) == 17 * MINUTE
    assert recorded_length([]) is None


def test_a_complete_recording_is_attached_and_stays_so() -> None:
    """Whatever part of it comes later, and whatever had been said before."""
    for before in Recording:
        assert found(Standing(before, "any"), None, asked=False, since=END, now=END) == Standing(Recording.ATTACHED)
    attached = Standing(Recording.ATTACHED)
    assert found(attached, "empty", asked=True, since=END, now=END + HOUR) == attached
    assert nothing(attached, events=1, recording_started=True, since=END, now=END) == attached


def test_what_is_short_is_asked_for_twice_more_and_then_failed() -> None:
    """At the next rungs; that the event comes thrice counts for nothing."""
    short = found(SOUGHT, "too_short", asked=False, since=END, now=END + 5 * MINUTE)
    assert short == Standing(Recording.SOUGHT, "too_short", END + 15 * MINUTE)
    assert found(short, "too_short", asked=False, since=END, now=END + 6 * MINUTE).looks == 0

    first = found(short, "too_short", asked=True, since=END, now=END + 15 * MINUTE)
    assert (first.outcome, first.next_attempt_at) == (Recording.SOUGHT, END + HOUR)
    second = found(first, "too_short", asked=True, since=END, now=END + HOUR)
    assert (second.outcome, second.reason, second.next_attempt_at) == (Recording.FAILED, "too_short", None)
    assert found(second, "too_short", asked=False, since=END, now=END + 2 * HOUR) == second


def test_what_zoom_is_still_at_work_on_is_waited_for() -> None:
    """To the end of the search."""
    standing = SOUGHT
    for hours in (0.25, 1, 4, 12, 24, 48):
        standing = found(standing, "unfinished", asked=True, since=END, now=END + hours * HOUR)
        assert standing.outcome is Recording.SOUGHT
    assert found(standing, "unfinished", asked=True, since=END, now=END + 72 * HOUR).outcome is Recording.FAILED


def test_none_was_made_when_zoom_said_so_twice_and_no_recording_began() -> None:
    """Fifteen minutes apart; the search goes on by the ladder all the same."""
    first = nothing(SOUGHT, events=3, recording_started=False, since=END, now=END + 15 * MINUTE)
    assert (first.outcome, first.next_attempt_at) == (Recording.SOUGHT, END + 30 * MINUTE)
    second = nothing(first, events=3, recording_started=False, since=END, now=END + 30 * MINUTE)
    assert (second.outcome, second.reason) == (Recording.NONE_MADE, "never_started")
    assert second.next_attempt_at == END + HOUR
    last = nothing(second, events=3, recording_started=False, since=END, now=END + 72 * HOUR)
    assert (last.outcome, last.next_attempt_at) == (Recording.NONE_MADE, None)


@pytest.mark.parametrize(("events", "recording_started"), [(0, False), (3, True)])
def test_a_recording_that_may_exist_is_sought_for_three_days(events: int, recording_started: bool) -> None:
    """Without any event nobody knows whether one began; and one that began has to come."""
    standing = SOUGHT
    for hours in (0.25, 1, 4, 12, 24, 48):
        now = END + hours * HOUR
        standing = nothing(standing, events=events, recording_started=recording_started, since=END, now=now)
        assert (standing.outcome, standing.next_attempt_at) == (Recording.SOUGHT, next_rung(END, now))
    over = nothing(standing, events=events, recording_started=recording_started, since=END, now=END + 72 * HOUR)
    assert (over.outcome, over.reason, over.next_attempt_at) == (Recording.GAVE_UP, "never_came", None)


def test_a_part_that_comes_after_all_takes_up_the_search_again() -> None:
    """One more question decides whether the rest is there."""
    late = END + 80 * HOUR
    again = found(Standing(Recording.GAVE_UP, "never_came"), "empty", asked=False, since=END, now=late)
    assert (again.outcome, again.next_attempt_at) == (Recording.SOUGHT, late + 15 * MINUTE)
    assert nothing(again, events=0, recording_started=False, since=END, now=late + HOUR).outcome is Recording.FAILED


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SOUGHT, (Recording.GAVE_UP, "disconnected")),
        (Standing(Recording.SOUGHT, "too_short"), (Recording.FAILED, "too_short")),
        (Standing(Recording.NONE_MADE, "never_started"), (Recording.NONE_MADE, "never_started")),
    ],
)
def test_without_a_connection_the_search_ends_with_what_is_known(
    before: Standing, after: tuple[Recording, str]
) -> None:
    """Nobody can be asked any more."""
    over = given_up(before, "disconnected")
    assert (over.outcome, over.reason, over.next_attempt_at) == (*after, None)
