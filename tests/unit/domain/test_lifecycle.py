"""What becomes of a lease: the same end from whatever evidence came, in whatever order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from core.domain.lifecycle import Decision, Evidence, Held, Rules, Said, decide
from core.domain.states import TRANSITIONS, Appointment, Lease

START = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
END = START + timedelta(minutes=30)
RULES = Rules(
    no_show_grace=timedelta(minutes=15),
    rejoin_grace=timedelta(minutes=10),
    late_open_limit=timedelta(minutes=15),
    hold_limit=timedelta(hours=4),
    cooldown=timedelta(minutes=5),
)


def at(minutes: float) -> datetime:
    """Minutes after the start."""
    return START + timedelta(minutes=minutes)


def lease(**facts: object) -> Evidence:
    """A lease whose link went out ten minutes before the start."""
    return replace(Evidence(START, END, ready_at=at(-10)), **facts)  # type: ignore[arg-type]


def held(begin: float, end: float | None, recorded: float | None = None) -> Held:
    """An instance, in minutes after the start."""
    return Held(at(begin), None if end is None else at(end), None if recorded is None else at(recorded))


CASES = {
    "nobody came yet": (lease(), 5, Decision(Lease.READY, ask_at=at(15))),
    "tried out early, still inside": (
        lease(held=(held(-8, None),)),
        -7,
        Decision(Lease.LIVE, live_at=at(-8), ask_at=END),
    ),
    "tried out early and left": (lease(held=(held(-8, -7),)), -6, Decision(Lease.READY, ask_at=at(15))),
    "live": (lease(held=(held(0, None),)), 10, Decision(Lease.LIVE, live_at=at(0), ask_at=END)),
    "overrun, asked a moment ago": (
        lease(held=(held(0, None),), said=Said.STARTED, said_at=at(31)),
        31,
        Decision(Lease.LIVE, live_at=at(0), ask_at=at(32)),
    ),
    "both dropped, may come back": (
        lease(held=(held(0, 10),)),
        15,
        Decision(Lease.LIVE, live_at=at(0), look_at=at(20)),
    ),
    "dropped near the end": (lease(held=(held(0, 27),)), 28, Decision(Lease.LIVE, live_at=at(0), look_at=END)),
    "came back: the second instance runs": (
        lease(held=(held(0, 10, 12), held(14, None))),
        15,
        Decision(Lease.LIVE, live_at=at(0), ask_at=END),
    ),
    "over, recording sought": (
        lease(held=(held(0, 29),)),
        31,
        Decision(
            Lease.PROCESSING,
            live_at=at(0),
            ended_at=END,
            hold_until=END + timedelta(hours=4),
            outcome=Appointment.COMPLETED,
            look_at=END + timedelta(hours=4),
        ),
    ),
    "recorded: cools down from then on, whenever that is seen": (
        lease(held=(held(0, 35, 40),)),
        100,
        Decision(
            Lease.COOLDOWN,
            live_at=at(0),
            ended_at=at(35),
            hold_until=at(35) + timedelta(hours=4),
            settled_at=at(40),
            cooldown_until=at(45),
            outcome=Appointment.COMPLETED,
            ask_at=at(40),
        ),
    ),
    "the recording of the first is known, that of the second not": (
        lease(held=(held(0, 10, 12), held(14, 30))),
        31,
        Decision(
            Lease.PROCESSING,
            live_at=at(0),
            ended_at=END,
            hold_until=END + timedelta(hours=4),
            outcome=Appointment.COMPLETED,
            look_at=END + timedelta(hours=4),
        ),
    ),
    "no-show, Zoom not asked since": (
        lease(said=Said.WAITING, said_at=at(14)),
        16,
        Decision(Lease.READY, ask_at=at(16)),
    ),
    "no-show": (
        lease(said=Said.WAITING, said_at=at(15)),
        16,
        Decision(Lease.CLOSING, ended_at=at(15), outcome=Appointment.NO_SHOW),
    ),
    "a late link is waited for from when it was ready": (
        lease(ready_at=at(10), said=Said.WAITING, said_at=at(20)),
        20,
        Decision(Lease.READY, ask_at=at(25)),
    ),
    "not found once is unknown": (
        lease(said=Said.NOT_FOUND, said_at=at(-5), not_found_since=at(-5)),
        -5,
        Decision(Lease.READY, ask_at=at(-4.5)),
    ),
    "not found twice: another meeting is made": (
        lease(said=Said.NOT_FOUND, said_at=at(-4), not_found_since=at(-5)),
        -4,
        Decision(Lease.RESERVED),
    ),
    "Zoom told of the deletion: asked at once": (
        lease(deleted_in_portal=True),
        -5,
        Decision(Lease.READY, ask_at=at(-5)),
    ),
    "deleted in the portal and not found": (
        lease(deleted_in_portal=True, said=Said.NOT_FOUND, said_at=at(-5), not_found_since=at(-5)),
        -5,
        Decision(Lease.RESERVED),
    ),
    "deleted when it is too late for another": (
        lease(deleted_in_portal=True, said=Said.NOT_FOUND, said_at=at(20), not_found_since=at(20)),
        20,
        Decision(Lease.CLOSING, ended_at=at(15), outcome=Appointment.NO_SHOW),
    ),
    "deleted after it was held": (
        lease(held=(held(0, 20, 25),), deleted_in_portal=True, said=Said.NOT_FOUND, said_at=at(32)),
        32,
        Decision(
            Lease.COOLDOWN,
            live_at=at(0),
            ended_at=END,
            hold_until=END + timedelta(hours=4),
            settled_at=END,
            cooldown_until=at(35),
            outcome=Appointment.COMPLETED,
            look_at=at(35),
        ),
    ),
    "cancelled while inside: over as soon as it ends": (
        lease(void=True, held=(held(0, 10),)),
        10,
        Decision(
            Lease.PROCESSING,
            live_at=at(0),
            ended_at=at(10),
            hold_until=at(10) + timedelta(hours=4),
            outcome=Appointment.COMPLETED,
            look_at=at(10) + timedelta(hours=4),
        ),
    ),
}


@pytest.mark.parametrize(("evidence", "minute", "expected"), CASES.values(), ids=CASES.keys())
def test_evidence_decides(evidence: Evidence, minute: float, expected: Decision) -> None:
    """Each row of the table."""
    assert decide(evidence, RULES, at(minute)) == expected


def test_only_tried_out_and_never_held_is_a_no_show_that_waits_for_its_recording() -> None:
    """A meeting that took place must not be deleted before its recording is known, however short it was."""
    evidence = lease(held=(held(-8, -7),), said=Said.WAITING, said_at=at(15))

    sought = decide(evidence, RULES, at(16))
    assert (sought.state, sought.outcome) == (Lease.PROCESSING, Appointment.NO_SHOW)
    found = decide(replace(evidence, held=(held(-8, -7, 17),)), RULES, at(18))
    assert (found.state, found.cooldown_until) == (Lease.COOLDOWN, at(22))


def test_the_hold_is_bounded_and_a_recording_after_it_changes_nothing_for_the_account() -> None:
    """After four hours the account cools down; the search goes on in the background."""
    unknown = decide(lease(held=(held(0, 30),)), RULES, at(30 + 241))
    known = decide(lease(held=(held(0, 30, 30 + 300),)), RULES, at(30 + 301))

    assert unknown.state == known.state == Lease.COOLDOWN
    assert unknown.cooldown_until == known.cooldown_until == at(30 + 245)


def test_no_account_is_free_while_zoom_says_that_the_meeting_runs() -> None:
    """Zoom's status may lag behind its event: it is asked again until both say the same."""
    evidence = lease(held=(held(0, 30, 31),), said=Said.STARTED, said_at=at(32))

    assert decide(evidence, RULES, at(32)).ask_at == at(33)
    assert decide(replace(evidence, said=Said.WAITING, said_at=at(33)), RULES, at(33)).ask_at is None


def test_the_order_of_instances_does_not_matter() -> None:
    """Evidence is a set."""
    instances = (held(-9, -8, 1), held(0, 10, 20), held(12, 29, 41))

    assert len({decide(lease(held=order), RULES, at(42)) for order in permutations(instances)}) == 1


def test_every_decision_is_a_move_that_a_lease_knows() -> None:
    """From ready, every state of the table can be reached in one step: events may all come at once."""
    reached = {expected.state for _, _, expected in CASES.values()} - {Lease.READY}

    assert reached <= TRANSITIONS[Lease.READY]
