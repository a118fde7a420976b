"""What is left of a location's accounts for an appointment, and over a window."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Account, Appointment, Lease
from core.db.read.capacity import Capacity, capacity_for, outlook, usual_of
from core.domain.capacity import Shortage, Span, Usual
from core.services.cancel import cancel
from tests.world import TEST, World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
# An appointment of half an hour takes an account for 10 + 30 + 5 minutes.
PLAIN = Usual(lead=10 * MINUTE, overrun=0 * MINUTE, hold=0 * MINUTE, cooldown=5 * MINUTE)


def left(
    world: World,
    *spans: Span,
    location: int = 1,
    refusing: bool = False,
    without: int = 0,
    now: datetime | None = None,
) -> list[Capacity]:
    """What is left at *spans*."""
    with world.parts.sessions() as session:
        return capacity_for(
            session, location, spans, now=now or utcnow(), usual=PLAIN, leaving_out=[without], refusing=refusing
        )


def at(booked: Appointment, minutes: int, length: int = 30) -> Span:
    """A span that begins that many minutes after *booked* does."""
    start = booked.starts_at + minutes * MINUTE
    return start, start + length * MINUTE


def words(found: list[Capacity]) -> list[tuple[int, int, str]]:
    """Accounts, booked and the verdict of each."""
    return [(each.accounts, each.booked, each.state) for each in found]


def test_an_appointment_counts_itself_and_whom_it_meets(world: World) -> None:
    """Two accounts: beside one other it is tight, on its own it is ok, and far away nobody is met."""
    world.location(accounts=2)
    booked = world.book(starts_in=HOUR)
    assert words(left(world, at(booked, 0), at(booked, 600))) == [(2, 2, "tight"), (2, 1, "ok")]


def test_lead_time_and_cooldown_count_as_taken(world: World) -> None:
    """The next one shares the account from 45 minutes on: its lease begins when the cooldown has ended."""
    world.location(accounts=1)
    booked = world.book(starts_in=HOUR)
    assert words(left(world, at(booked, 44))) == [(1, 2, "short")]
    assert words(left(world, at(booked, 45))) == [(1, 1, "tight")]
    assert words(left(world, at(booked, -45))) == [(1, 1, "tight")]
    assert words(left(world, at(booked, -44))) == [(1, 2, "short")]


def test_what_needs_no_link_and_what_is_cancelled_takes_no_account(world: World) -> None:
    """A call by telephone meets nobody on Zoom; a cancelled appointment nobody at all."""
    world.location(accounts=1)
    phone = world.book("A-1", starts_in=HOUR, calendar="Phone")
    gone = world.book("A-2", starts_in=HOUR)
    cancel(
        world.parts.sessions, world.parts.zoom, location="Harbour Clinic", external_id="A-2", actor=TEST, clock=utcnow
    )
    assert words(left(world, at(phone, 0), at(gone, 600))) == [(1, 1, "tight"), (1, 1, "tight")]


def test_a_calendar_that_ceases_to_meet_on_zoom_gives_its_accounts_back(world: World) -> None:
    """Its appointments need no link from then on."""
    world.location(accounts=1)
    booked = world.book(starts_in=HOUR)
    world.edit_calendar(meeting_location="phone")
    assert words(left(world, at(booked, 0))) == [(1, 1, "tight")]


def test_each_of_several_counts_for_those_behind_it(world: World) -> None:
    """Three at one moment with two accounts: the third finds none."""
    world.location(accounts=2)
    booked = world.book(starts_in=HOUR)
    far = at(booked, 600)
    assert words(left(world, far, at(booked, 1200), far, far)) == [
        (2, 1, "ok"),
        (2, 1, "ok"),
        (2, 2, "tight"),
        (2, 3, "short"),
    ]


def test_who_is_turned_away_takes_no_account(world: World) -> None:
    """Where short ones are refused the next short one is as short as they were, not shorter."""
    world.location(accounts=1)
    booked = world.book(starts_in=HOUR)
    found = left(world, at(booked, 0), at(booked, 0), refusing=True)
    assert [(each.state, each.short_by) for each in found] == [("short", 1), ("short", 1)]


def test_an_appointment_that_moves_does_not_meet_itself(world: World) -> None:
    """A quarter of an hour later its own old time is no obstacle."""
    world.location(accounts=1)
    booked = world.book(starts_in=HOUR)
    assert words(left(world, at(booked, 15), without=booked.id)) == [(1, 1, "tight")]


def test_an_appointment_of_a_whole_day_is_met_at_its_end(world: World) -> None:
    """How long an appointment may be is how far back is looked."""
    world.location(accounts=1)
    booked = world.book(starts_in=HOUR, minutes=24 * 60)
    assert words(left(world, at(booked, 24 * 60 + 14))) == [(1, 2, "short")]
    assert words(left(world, at(booked, 24 * 60 + 15))) == [(1, 1, "tight")]


def test_only_accounts_that_will_serve_by_themselves_count(world: World) -> None:
    """Draining, benched for good and to be connected anew do not; one that is benched counts from its end on."""
    world.location(accounts=5)
    booked = world.book(starts_in=HOUR)
    changes = [
        {"connection": "draining"},
        {"connection": "needs_reauth"},
        {"benched_until": sa.text("'infinity'")},
        {"benched_until": booked.starts_at},
    ]
    with world.parts.sessions.begin() as session:
        for account, change in zip(world.accounts(), changes, strict=False):
            session.execute(sa.update(Account).where(Account.id == account.id).values(change))
    assert words(left(world, at(booked, 0), at(booked, 10, 1), at(booked, 600))) == [
        (1, 2, "short"),
        (2, 3, "short"),
        (2, 1, "ok"),
    ]


def change_the_one_in_use(world: World, **change: Any) -> None:
    """Change the account that has a lease."""
    with world.parts.sessions.begin() as session:
        used = sa.select(Lease.account_id).where(Lease.released_at.is_(None))
        session.execute(sa.update(Account).where(Account.id.in_(used)).values(change))


def test_who_finishes_on_an_account_that_serves_no_more_takes_none_of_the_others(world: World) -> None:
    """It is draining, and its last meeting goes on beside the account that is left."""
    world.location(accounts=2)
    booked = world.book()
    world.allocate()
    assert words(left(world, at(booked, 0))) == [(2, 2, "tight")]
    change_the_one_in_use(world, connection="draining")
    assert words(left(world, at(booked, 0))) == [(1, 1, "tight")]


def test_an_account_that_is_benched_in_use_serves_again_after_both(world: World) -> None:
    """Its bench is over in five minutes, its meeting in forty; then it counts and is free."""
    world.location(accounts=2)
    booked = world.book()
    world.allocate()
    change_the_one_in_use(world, benched_until=utcnow() + 5 * MINUTE)
    assert words(left(world, at(booked, 30), at(booked, 46))) == [(1, 1, "tight"), (2, 2, "tight")]


def test_a_meeting_that_overruns_has_its_account_until_it_ends(world: World) -> None:
    """Half an hour after its planned end it is as long from free as if it ended now."""
    world.location(accounts=1)
    booked = world.book()
    world.allocate()
    now = booked.ends_at + 30 * MINUTE
    assert words(left(world, at(booked, 70), at(booked, 75), now=now)) == [(1, 2, "short"), (1, 2, "short")]
    assert words(left(world, at(booked, 75), now=now)) == [(1, 1, "tight")]


def test_an_account_that_came_back_early_is_not_taken_any_more(world: World) -> None:
    """The meeting was over before its planned end, and so are recording and rest."""
    world.location(accounts=1)
    booked = world.book()
    world.allocate()
    with world.parts.sessions.begin() as session:
        session.execute(
            sa.update(Lease).values(
                state="released", release_reason="cooled", released_at=booked.starts_at + 5 * MINUTE
            )
        )
        session.execute(sa.update(Appointment).values(status="completed", link="ended"))
    now = booked.starts_at + 6 * MINUTE
    assert words(left(world, at(booked, 16), now=now)) == [(1, 1, "tight")]


def test_other_locations_do_not_count(world: World) -> None:
    """Neither their accounts nor their appointments."""
    world.location(accounts=1)
    other = world.location("Hill Clinic", accounts=3)
    booked = world.book(starts_in=HOUR)
    assert words(left(world, at(booked, 0), location=other.id)) == [(3, 1, "ok")]


def test_a_window_shows_when_accounts_are_missing(world: World) -> None:
    """Three appointments, the last later by half an hour, with one account."""
    world.location(accounts=1)
    first = world.book("A-1", starts_in=HOUR)
    world.book("A-2", starts_in=HOUR)
    world.book("A-3", starts_in=HOUR + 30 * MINUTE)
    start = first.starts_at
    with world.parts.sessions.begin() as session:  # a second may have passed between the bookings
        for late, name in ((0, "A-2"), (30, "A-3")):
            begins = start + late * MINUTE
            times = {"starts_at": begins, "ends_at": begins + 30 * MINUTE}
            session.execute(sa.update(Appointment).where(Appointment.external_id == name).values(times))
    with world.parts.sessions() as session:
        found = outlook(session, 1, (start - HOUR, start + 24 * HOUR), now=utcnow(), usual=PLAIN)
    assert [((p.at - start) / MINUTE, p.booked, p.accounts) for p in found.points] == [
        (-60, 0, 1),
        (-10, 2, 1),
        (20, 3, 1),
        (35, 1, 1),
        (65, 0, 1),
    ]
    assert found.shortages == [Shortage(start - 10 * MINUTE, start + 35 * MINUTE, 2)]
    assert found.peak == 3


def held(world: World, booked: Appointment, *, overrun: int, hold: int) -> None:
    """A lease whose meeting ended *overrun* minutes late and whose recording took *hold* minutes."""
    ended = booked.ends_at + overrun * MINUTE
    moments: dict[str, datetime] = {
        "ended_at": ended,
        "cooldown_at": ended + hold * MINUTE,
        "released_at": ended + HOUR,
    }
    with world.parts.sessions.begin() as session:
        session.add(
            Lease(
                location_id=booked.location_id,
                account_id=world.accounts(location_id=booked.location_id)[0].id,
                appointment_id=booked.id,
                revision=1,
                state="released",
                release_reason="cooled",
                account_idle_since=booked.starts_at,
                free_accounts=1,
                reserved_at=booked.starts_at,
                **moments,
            )
        )


def usual(world: World, location: int = 1) -> Usual:
    """What is usual there."""
    with world.parts.sessions() as session:
        return usual_of(session, location, lead=10 * MINUTE, cooldown=5 * MINUTE)


def test_what_is_usual_is_the_median_of_what_was(world: World) -> None:
    """Of three meetings one overran by far; the median is not moved by it. A later move does not change the past."""
    world.location()
    for number, (overrun, hold) in enumerate(((2, 4), (3, 6), (90, 200))):
        held(world, world.book(f"A-{number}", starts_in=HOUR), overrun=overrun, hold=hold)
    with world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE appointments SET ends_at = ends_at + INTERVAL '9 days'"))
    assert usual(world) == Usual(10 * MINUTE, 3 * MINUTE, 6 * MINUTE, 5 * MINUTE)


def test_meetings_that_end_early_give_no_account_back_before_the_planned_end(world: World) -> None:
    """Nobody may count on it."""
    world.location()
    held(world, world.book(starts_in=HOUR), overrun=-8, hold=1)
    assert usual(world).overrun == timedelta(0)


def test_a_location_without_history_is_taken_as_punctual(world: World) -> None:
    """And its recordings as there at once."""
    world.location()
    assert usual(world) == PLAIN


def test_what_is_usual_is_kept_for_a_while_and_per_location(world: World) -> None:
    """Asked with every booking, so not read with every booking."""
    world.location()
    other = world.location("Hill Clinic")
    assert usual(world) == PLAIN
    held(world, world.book(starts_in=HOUR), overrun=2, hold=4)
    assert usual(world) == PLAIN
    held(world, world.book(starts_in=HOUR, location="Hill Clinic"), overrun=2, hold=4)
    assert usual(world, other.id).hold == 4 * MINUTE
