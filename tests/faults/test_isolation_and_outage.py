"""What fails alone is put aside where a person sees it; what fails with everybody stays in line; nobody is held up."""

from datetime import timedelta

from core.db.models import Appointment, Event
from tests.faults.given import (
    CREATE,
    CREATE_ROUTE,
    TICK,
    after,
    book_many,
    everything_was_made_once,
    outcomes,
    user_id,
)
from tests.world import World

REFUSED = {"status": 400, "body": {"code": 300, "message": "Validation Failed."}}
DOWN = {"status": 503}


def test_a_permanent_refusal_is_put_aside_at_once_and_the_others_pass(world: World) -> None:
    """Zoom will refuse the same request again: one try, one isolated run asked for, its account back in the pool."""
    world.location(accounts=5)
    names = book_many(world, 5)
    world.sandbox.fault(REFUSED, user_id=user_id(world, 3), **CREATE)

    assert outcomes(world) == {name: "put aside" if name == "A-3" else "ready" for name in names}

    aside = world.appointment("A-3")
    assert (aside.link, aside.reason, aside.isolation) == ("failed", "zoom_rejected", 1)
    assert aside.isolated_at is not None
    assert "code 300" in str(aside.reason_detail) or "does not accept" in str(aside.reason_detail)
    assert [event.appointment_id for event in world.all(Event, kind="link_failed")] == [aside.id]
    [lease] = world.leases(appointment_id=aside.id)
    assert (lease.state, lease.release_reason) == ("released", "failed")
    assert outcomes(world, now=after(TICK)) == {}


def test_an_appointment_that_keeps_failing_while_others_pass_is_put_aside_at_its_third_try(world: World) -> None:
    """Twice it stays in line; nobody else waits for it."""
    world.location(accounts=6)
    book_many(world, 2)
    world.sandbox.fault(DOWN, user_id=user_id(world, 1), **CREATE)

    told = [outcomes(world)]
    for tick in (1, 2):
        book_many(world, 1, prefix=f"TICK{tick}")
        told.append(outcomes(world, now=after(tick * TICK)))

    assert [each["A-1"] for each in told] == ["tried again soon", "tried again soon", "put aside"]
    assert {outcome for each in told for name, outcome in each.items() if name != "A-1"} == {"ready"}
    aside = world.appointment("A-1")
    assert (aside.link, aside.reason, aside.isolation) == ("failed", "zoom_unavailable", 1)


def test_shortly_before_its_start_one_failure_is_enough(world: World) -> None:
    """Six minutes are left for somebody to act."""
    world.location(accounts=2)
    world.book("URGENT", starts_in=timedelta(minutes=5, seconds=50))
    world.book("OTHER", starts_in=timedelta(minutes=9))
    world.sandbox.fault(DOWN, user_id=user_id(world, 1), **CREATE)

    assert outcomes(world) == {"URGENT": "put aside", "OTHER": "ready"}


def test_while_zoom_is_down_for_everybody_nobody_is_put_aside_and_most_are_not_even_tried(world: World) -> None:
    """A few calls show the outage; all stay in line, and all links are out with the first run after it."""
    world.location("Harbour Clinic", accounts=30)
    world.location("Hill Clinic", accounts=30)
    names = book_many(world, 30) + book_many(world, 30, prefix="B", location="Hill Clinic")
    world.sandbox.fault(DOWN)

    for tick in range(4):
        world.sandbox.clear_stats()
        assert set(outcomes(world, now=after(tick * TICK)).values()) == {"tried again soon"}
        calls = sum(sum(answers.values()) for answers in world.sandbox.stats()["answers"].values())
        assert calls < len(names) / 2, "eight in a row show it, and what was under way by then"
    assert {(a.link, a.isolation, a.attempts) for a in world.all(Appointment)} == {("opening", 0, 0)}

    world.sandbox.clear_faults()
    assert set(outcomes(world, now=after(4 * TICK)).values()) == {"ready"}
    everything_was_made_once(world, names)


def test_an_outage_that_begins_in_the_middle_of_a_run_puts_nobody_aside(world: World) -> None:
    """Some passed before it began; the others are not blamed for what they share."""
    world.location(accounts=24)
    names = book_many(world, 24)
    world.sandbox.configure(latency_ms=60)
    world.sandbox.fault({"slow": 1}, times=8, **CREATE)
    world.sandbox.fault(DOWN, **CREATE)

    told = [outcomes(world, now=after(tick * timedelta(seconds=30))) for tick in range(4)]

    assert sorted(told[0].values()).count("ready") == 8
    assert all(set(each.values()) == {"tried again soon"} for each in told[1:])
    assert all(a.isolation == 0 for a in world.all(Appointment))

    world.sandbox.clear_faults()
    world.sandbox.configure(latency_ms=0)
    outcomes(world, now=after(timedelta(seconds=121)))
    everything_was_made_once(world, names)


def test_a_small_outage_right_after_a_success_puts_nobody_aside(world: World) -> None:
    """Too few fail for the run to call it an outage; that somebody passed a moment before is no proof against Zoom."""
    world.location(accounts=3)
    names = book_many(world, 3)
    world.sandbox.fault({"slow": 1}, times=1, **CREATE)
    world.sandbox.fault(DOWN)

    told = [list(outcomes(world, now=after(tick * TICK)).values()) for tick in range(4)]

    assert told[0].count("ready") == 1
    assert all(set(each) == {"tried again soon"} for each in told[1:])
    world.sandbox.clear_faults()
    outcomes(world, now=after(4 * TICK))
    everything_was_made_once(world, names)


def test_a_location_whose_calls_all_fail_holds_up_no_other(world: World) -> None:
    """However many they are and however early they start: locations take turns, so it does not look like an outage."""
    world.location("Harbour Clinic", accounts=20)
    world.location("Hill Clinic", accounts=5)
    sick = book_many(world, 20)
    healthy = [f"B-{number}" for number in range(1, 6)]
    for name in healthy:
        world.book(name, location="Hill Clinic", starts_in=timedelta(minutes=9, seconds=50))
    for number in range(1, 21):
        world.sandbox.fault(DOWN, user_id=user_id(world, number), **CREATE)

    done = outcomes(world)

    assert {name: done[name] for name in healthy} == dict.fromkeys(healthy, "ready")
    assert {done[name] for name in sick} == {"tried again soon"}


def test_who_was_not_tried_is_not_blamed(world: World) -> None:
    """Others passed and then Zoom stopped answering: those who were spared the call have failed nothing."""
    world.location(accounts=40)
    names = book_many(world, 40)
    world.sandbox.fault({"slow": 1}, times=4, **CREATE)
    world.sandbox.fault(DOWN, **CREATE)

    outcomes(world)

    tried = sum(world.sandbox.stats()["answers"][CREATE_ROUTE].values())
    blamed = [a for a in world.all(Appointment) if a.attempts]
    assert tried < len(names)
    assert len(blamed) == tried - 4


def test_an_isolated_appointment_is_not_taken_by_bulk_runs(world: World) -> None:
    """It waits for its own run, in plain sight; bulk runs go on with the others."""
    world.location(accounts=2)
    world.book("A-1")
    fault = world.sandbox.fault(REFUSED, **CREATE)
    outcomes(world)
    world.sandbox.remove_fault(fault)
    world.book("A-2")

    assert outcomes(world, now=after(TICK)) == {"A-2": "ready"}
    assert world.appointment("A-1").link == "failed"
