"""The practice Zoom by its own clock: people come to meetings, stay a while and go."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.sandbox_process import JSON, SandboxControl
from tests.unit.sandbox.conftest import OPEN, Wire


@pytest.fixture
def clock(sandbox: SandboxControl) -> datetime:
    """The moment from which these tests count; the autopilot is on."""
    sandbox.configure(autopilot=True)
    return datetime.now(UTC).replace(microsecond=0)


def _at(sandbox: SandboxControl, seconds: float) -> None:
    """Let it be that long after the beginning, and let what is due happen."""
    sandbox.configure(clock_offset_seconds=seconds)
    sandbox.tick()


def _planned(host: Wire, clock: datetime, seconds: float) -> int:
    start = (clock + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return int(host.created(start_time=start, settings=OPEN)["id"])


def _inside(meeting: JSON) -> int:
    return sum(person["left_at"] is None for each in meeting["instances"] for person in each["participants"])


def test_two_people_come_at_the_start_and_go_after_a_minute(
    host: Wire, sandbox: SandboxControl, clock: datetime
) -> None:
    """Not before, and only once."""
    meeting = _planned(host, clock, 100)
    seen = []
    for seconds in (50, 130, 160, 220, 400):
        _at(sandbox, seconds)
        shown = sandbox.meeting(meeting)
        seen.append((shown["state"], len(shown["instances"]), _inside(shown)))

    assert seen == [("waiting", 0, 0), ("started", 1, 2), ("started", 1, 2), ("waiting", 1, 0), ("waiting", 1, 0)]


def test_a_whole_life_passes_by_the_clock(host: Wire, sandbox: SandboxControl, clock: datetime) -> None:
    """Held, recorded, processed."""
    sandbox.configure(processing_seconds=20)
    meeting = _planned(host, clock, 100)
    for seconds in (130, 220, 250):
        _at(sandbox, seconds)

    assert [recording["state"] for recording in sandbox.meeting(meeting)["recordings"]] == ["completed"]


def test_nobody_comes_to_some_meetings(host: Wire, sandbox: SandboxControl, clock: datetime) -> None:
    """To every second one, when told so."""
    sandbox.configure(autopilot_no_show_every=2, autopilot_meeting_seconds=5)
    meetings = [_planned(host, clock, 100 + 50 * number) for number in range(4)]
    for number in range(5):
        _at(sandbox, 130 + 50 * number)

    assert [len(sandbox.meeting(meeting)["instances"]) for meeting in meetings] == [1, 0, 1, 0]


def test_nobody_is_sent_where_people_meet_by_hand(host: Wire, sandbox: SandboxControl, clock: datetime) -> None:
    """And whoever came by himself is not sent away; the visitors wait until the host is free."""
    by_hand = sandbox.use_by_hand("host@demo.example")["id"]
    meeting = _planned(host, clock, 100)
    _at(sandbox, 130)
    assert sandbox.meeting(meeting)["instances"] == []
    _at(sandbox, 300)
    assert _inside(sandbox.meeting(by_hand)) == 1

    sandbox.end_meeting(by_hand)
    sandbox.tick()
    assert _inside(sandbox.meeting(meeting)) == 2


def test_nobody_comes_long_after(host: Wire, sandbox: SandboxControl, clock: datetime) -> None:
    """A sandbox that was off for a day does not hold yesterday's meetings."""
    meeting = _planned(host, clock, 100)
    _at(sandbox, 100_000)

    assert sandbox.meeting(meeting)["instances"] == []


def test_it_goes_by_itself(host: Wire, sandbox: SandboxControl, clock: datetime) -> None:
    """Nobody has to say that time has passed."""
    meeting = _planned(host, clock, 1)
    while not (shown := sandbox.meeting(meeting))["instances"]:
        assert datetime.now(UTC) - clock < timedelta(seconds=10)

    assert _inside(shown) == 2


def test_without_it_nobody_comes(host: Wire, sandbox: SandboxControl, clock: datetime) -> None:
    """Off unless asked for."""
    sandbox.configure(autopilot=False)
    meeting = _planned(host, clock, 100)
    _at(sandbox, 130)

    assert sandbox.meeting(meeting)["instances"] == []
