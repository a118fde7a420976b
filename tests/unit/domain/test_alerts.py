"""The words of alerts: whole sentences with what, where, when and why, a next step, and nobody's name or address."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.domain.alert_grouping import Thing, standing, summed_up
from core.domain.alert_words import OVER, told
from core.domain.alerts import TITLES, Kind, Wrong, title

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
KEPT = [kind for kind in Kind if kind not in (Kind.WATCHDOG, Kind.RECONCILE)]  # those two bring their own words


def wrong(kind: Kind, **facts: object) -> Wrong:
    """One thing wrong at a location in Berlin."""
    given = Wrong(kind, 1, ("A-1",), "Harbour Clinic", "Europe/Berlin", AT, "no_free_account")
    return replace(given, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KEPT)
def test_every_kind_has_sentences_and_a_next_step(kind: Kind) -> None:
    """For one thing and for many, at one location and at several."""
    for each in (
        wrong(kind),
        wrong(kind, number=7, names=("A-1", "A-2", "A-3"), location=None),
        wrong(kind, cause="a_word_nobody_knows"),
        wrong(kind, cause=None),
    ):
        words = told(each)
        assert not words.text[0].islower() and words.text.endswith(".")
        assert words.next_step[0].isupper() and words.next_step.endswith(".")
        assert "_" not in words.text and "None" not in words.text


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_a_title_and_an_end(kind: Kind) -> None:
    """A message begins with the one, and tells the other when it is over."""
    assert TITLES[kind] and OVER[kind].endswith(".")
    assert title(kind, location="North", cleared=True) == f"Over: {TITLES[kind]} · North"


def test_one_is_named_and_of_many_the_first_three() -> None:
    """With the time of the first in the location's own zone."""
    one = told(wrong(Kind.POOL_SHORT)).text
    many = told(wrong(Kind.POOL_SHORT, number=7, names=("A-1", "A-2", "A-3"))).text

    assert one == (
        "Appointment A-1 at Harbour Clinic waits for an account: every account is in use. "
        "It starts at 09:00 (Europe/Berlin)."
    )
    assert many == (
        "7 appointments (A-1, A-2, A-3 and 4 more) at Harbour Clinic wait for an account: every account is in use. "
        "The first starts at 09:00 (Europe/Berlin)."
    )


def test_the_next_step_fits_the_cause() -> None:
    """A paused pool needs no further seat."""
    assert "Connect another seat" in told(wrong(Kind.POOL_SHORT)).next_step
    assert "Resume the opening of links" in told(wrong(Kind.POOL_SHORT, cause="allocation_paused")).next_step
    assert "Assign a licence" in told(wrong(Kind.NEEDS_ATTENTION, cause="licence_gone")).next_step
    assert "midnight UTC" in told(wrong(Kind.NEEDS_ATTENTION, cause="quota_spent")).next_step


def test_a_sick_account_names_what_is_at_risk() -> None:
    """Up to ten of them: somebody may have to call each client."""
    risk = tuple(f"A-{number}" for number in range(12))

    assert told(wrong(Kind.NEEDS_ATTENTION, names=("room1",), cause="needs_reauth", risk=risk)).text == (
        "Account room1 at Harbour Clinic cannot be used: Zoom no longer accepts our access. "
        "At risk: A-0, A-1, A-2, A-3, A-4, A-5, A-6, A-7, A-8, A-9 and 2 more."
    )


def failed(number: int, **facts: object) -> Thing:
    """Appointment *number* of location 1 could not be opened."""
    given = Thing(
        Kind.LINK_FAILED, f"appointment:{number}", "location:1", 1, number, name=f"A-{number}", at=AT, location="North"
    )
    return replace(given, **facts)  # type: ignore[arg-type]


ALONE = [f"link_failed:appointment:{number}" for number in range(20)]
TOGETHER = "link_failed:location:1"


@pytest.mark.parametrize(
    ("wrong_now", "told_before", "true"),
    [
        (range(0), [], []),
        (range(1), [], ALONE[:1]),
        (range(5), [], ALONE[:5]),
        (range(6), [], [TOGETHER]),
        (range(2), ALONE[:1], ALONE[:2]),
        (range(10), ALONE[:5], ALONE[:10]),  # five at a time, each told alone
        (range(11), ALONE[:5], [TOGETHER, *ALONE[:5]]),  # six more at once
        (range(2), [TOGETHER], [TOGETHER]),  # what is left of a burst stays told that way
        (range(3), [TOGETHER, ALONE[0]], [TOGETHER, ALONE[0]]),
        (range(0), [TOGETHER, ALONE[0]], []),
    ],
)
def test_a_burst_is_one_alert_and_what_fails_alone_is_told_alone(
    wrong_now: range, told_before: list[str], true: list[str]
) -> None:
    """And what was told stays told the way it was."""
    assert sorted(standing(map(failed, wrong_now), told_before)) == sorted(true)


def test_what_is_never_told_alone_is_told_together_from_the_first() -> None:
    """A short pool: an account helps any of those who wait."""
    waits = [failed(number, alone=None) for number in range(3)]

    assert list(standing(waits, [])) == [TOGETHER]


def test_of_many_the_first_start_and_the_commonest_cause_are_told() -> None:
    """With the location only where there is one."""
    later = [failed(number, at=AT + timedelta(minutes=number), cause="zoom_rejected") for number in (3, 2)]
    elsewhere = failed(1, cause=None, location_id=2, location="South")

    there, both = summed_up(later), summed_up([*later, elsewhere])

    assert (there.number, there.names, there.location, there.cause) == (2, ("A-2", "A-3"), "North", "zoom_rejected")
    assert (both.number, both.names[0], both.at, both.location) == (3, "A-1", AT, None)


def test_a_time_that_comes_twice_says_which_it_is() -> None:
    """In the night in which the clocks go back, an hour matters most."""
    hours = [
        told(Wrong(Kind.POOL_SHORT, names=("A-1",), location="North", zone="Europe/Berlin", at=at)).text
        for at in (
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
            datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
            datetime(2026, 10, 25, 2, 30, tzinfo=UTC),
        )
    ]
    assert [text.rpartition("It starts at ")[2] for text in hours] == [
        "02:30 (CEST, Europe/Berlin).",
        "02:30 (CET, Europe/Berlin).",
        "03:30 (Europe/Berlin).",
    ]
