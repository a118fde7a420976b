"""What a list of meetings on Zoom says, and what it does not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.domain.reconcile import Finding, Keep, Known, Listed, compare, most_deletions, reference_in

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
OURS = "zp:here:7"
OVER = Known(
    meeting_id=7,
    lease_id=3,
    location_id=1,
    account_id=1,
    appointment_id=5,
    reference=OURS,
    zoom_id="900",
    state="created",
    lease="released",
    since=NOW - timedelta(hours=1),
)
LISTED = Listed("900", OURS)


def findings(listed: list[Listed], known: list[Known], account: int = 1) -> list[Finding]:
    """What stands out."""
    return [each.finding for each in compare(account, listed, known, installation="here", now=NOW)]


def test_what_is_over_in_every_respect_and_still_there_was_left_behind() -> None:
    """Its lease is released, nothing is sought of it, it is old enough, and nobody is inside."""
    assert findings([LISTED], [OVER]) == [Finding.LEFT_BEHIND]


@pytest.mark.parametrize(
    ("listed", "known"),
    [
        (Listed("900", None), OVER),
        (Listed("900", "zp:elsewhere:7"), OVER),
        (Listed("900", OURS, live=True), OVER),
        (LISTED, replace(OVER, account_id=2)),
        (LISTED, replace(OVER, kept_for=Keep.NOT_LOOKED_FOR)),
        (LISTED, replace(OVER, state="gone", lease="closing")),
    ],
    ids=["no reference", "other reference", "live", "other account", "recording not looked for", "lease open"],
)
def test_anything_that_speaks_against_it_keeps_a_meeting(listed: Listed, known: Known) -> None:
    """It is reported, and not deleted."""
    assert findings([listed], [known]) == [Finding.KEPT]


@pytest.mark.parametrize("state", ["created", "gone"])
@pytest.mark.parametrize("why", [Keep.RECORDING, Keep.DELETION_OFF])
def test_what_waits_for_its_recording_or_may_not_be_deleted_is_as_it_should_be(state: str, why: Keep) -> None:
    """Its deletion could take the recording along."""
    assert findings([LISTED], [replace(OVER, state=state, kept_for=why)]) == []


@pytest.mark.parametrize("state", ["intended", "created", "deleting"])
@pytest.mark.parametrize("lease", ["reserved", "ready", "live", "processing", "cooldown", "closing"])
def test_what_is_there_under_an_open_lease_is_as_it_should_be(state: str, lease: str) -> None:
    """The lease's own way leads to its end."""
    assert findings([LISTED], [replace(OVER, state=state, lease=lease)]) == []


@pytest.mark.parametrize("state", ["created", "gone"])
def test_a_list_may_lag_behind_for_a_quarter_of_an_hour(state: str) -> None:
    """What was made, released or deleted since then is not judged by it."""
    young = replace(OVER, state=state, since=NOW - timedelta(minutes=14))

    assert findings([LISTED], [young]) == []


def test_what_zoom_had_confirmed_as_gone_can_be_there_again() -> None:
    """Somebody recovered it in the portal, or the confirmation was wrong."""
    assert findings([LISTED], [replace(OVER, state="gone")]) == [Finding.STILL_THERE]


def test_a_creation_without_an_answer_is_found() -> None:
    """However young, and by its reference alone: its id on Zoom is what nobody told us."""
    lost = replace(OVER, state="unknown", zoom_id=None, since=NOW)

    assert findings([LISTED], [lost]) == [Finding.FOUND]


def test_our_reference_on_a_meeting_that_we_do_not_know_is_reported() -> None:
    """A restored database does not know what was made after the backup; nobody may delete that by guess."""
    assert findings([LISTED], []) == [Finding.UNKNOWN]


def test_another_installations_meeting_is_reported_and_a_foreign_one_ignored() -> None:
    """Two installations on one account is a mistake somebody should hear of; people's own meetings are theirs."""
    assert findings([Listed("1", "zp:elsewhere:1"), Listed("2", None)], []) == [Finding.OTHER_INSTALLATION]


@pytest.mark.parametrize("lease", ["ready", "live"])
def test_a_meeting_that_an_open_lease_waits_for_is_asked_about_when_it_is_not_listed(lease: str) -> None:
    """Zoom is asked about that very meeting; a list alone proves nothing."""
    assert findings([], [replace(OVER, lease=lease)]) == [Finding.NOT_LISTED]


@pytest.mark.parametrize(
    "known",
    [
        replace(OVER, lease="ready", since=NOW - timedelta(minutes=2)),
        replace(OVER, lease="processing"),
        replace(OVER, lease="released"),
        replace(OVER, state="deleting", lease="closing"),
        replace(OVER, lease="ready", account_id=2),
    ],
    ids=["young", "over", "released", "deleting", "other account"],
)
def test_nothing_else_is_missed(known: Known) -> None:
    """What is over or on its way out need not be listed."""
    assert findings([], [known]) == []


def test_a_known_id_is_present_even_when_its_agenda_was_edited() -> None:
    """Somebody may have written over our reference; the meeting is there all the same."""
    assert findings([Listed("900", None)], [replace(OVER, lease="ready")]) == []


def test_people_inside_a_meeting_that_we_took_for_waiting_is_asked_about() -> None:
    """The webhook that says so was lost."""
    assert findings([Listed("900", OURS, live=True)], [replace(OVER, lease="ready")]) == [Finding.LIVE_UNNOTICED]


@pytest.mark.parametrize(
    ("listed", "most"), [(0, 0), (1, 1), (20, 1), (21, 2), (100, 5), (400, 20), (401, 20), (100_000, 20)]
)
def test_a_pass_may_delete_five_in_a_hundred_and_never_more_than_twenty(listed: int, most: int) -> None:
    """More than that is no leftover but a mistake, perhaps ours. A single one is always a leftover."""
    assert most_deletions(listed) == most


@pytest.mark.parametrize(
    ("agenda", "reference"),
    [
        ("zp:here:7", "zp:here:7"),
        ("Notes first\nzp:here:7 and more", "zp:here:7"),
        ("zip:here:7", None),
        ("zp: here", None),
        ("", None),
    ],
)
def test_a_reference_is_a_word_of_the_agenda(agenda: str, reference: str | None) -> None:
    """People may write around it."""
    assert reference_in(agenda) == reference
