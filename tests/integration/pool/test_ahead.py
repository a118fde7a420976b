"""Demand ahead, asked for many locations at once, is what each booking is told of its own."""

import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Account, Appointment, Lease
from core.db.read.ahead import Demand, UsualTail, demand_curve, fullest, short_ahead
from core.db.read.capacity import outlook
from core.domain.capacity import Usual
from tests.world import World

MINUTE = timedelta(minutes=1)
USUAL = Usual(10 * MINUTE, 3 * MINUTE, 12 * MINUTE, 5 * MINUTE)


def filled(world: World) -> list[int]:
    """Two locations with a busy day ahead of them; one account of the first is benched for an hour."""
    dice, places = random.Random(3), []
    for name, accounts in (("Harbour Clinic", 3), ("Town Clinic", 2)):
        places.append(world.location(name, accounts=accounts).id)
        for number in range(18):
            world.book(f"A-{number}", location=name, starts_in=dice.randrange(1, 900) * MINUTE, minutes=45)
    with world.parts.sessions.begin() as session:
        first = world.accounts(location_id=places[0])[0]
        session.execute(sa.update(Account).where(Account.id == first.id).values(benched_until=utcnow() + 60 * MINUTE))
    return places


def begun(world: World) -> None:
    """What is due has accounts; one of them is draining, another one's meeting was over soon, and its rest, too."""
    for name in ("Harbour Clinic", "Town Clinic"):
        for number in range(2):
            world.book(f"B-{number}", location=name, minutes=60)
    world.allocate()
    draining, early, *rest = world.leases(released_at=None)
    assert rest, "some are in use like any other"
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Account).where(Account.id == draining.account_id).values(connection="draining"))
        over = {"state": "released", "release_reason": "cooled", "released_at": utcnow()}
        session.execute(sa.update(Lease).where(Lease.id == early.id).values(over))
        ended = {"status": "completed", "link": "ended"}
        session.execute(sa.update(Appointment).where(Appointment.id == early.appointment_id).values(ended))


def demand_of(places: list[int]) -> Demand:
    """A day of it."""
    now = utcnow()
    usual = [UsualTail(each, USUAL.overrun, USUAL.hold) for each in places]
    return Demand(now, now + timedelta(days=1), USUAL.lead, USUAL.cooldown, usual)


def test_shortages_and_the_fullest_moment_are_those_of_each_location(world: World) -> None:
    """As `outlook` counts them one by one."""
    places = filled(world)
    begun(world)
    demand = demand_of(places)
    window = (demand.since, demand.until)
    with world.parts.sessions() as session:
        single = {each: outlook(session, each, window, now=demand.since, usual=USUAL) for each in places}
        short = short_ahead(session, demand)
        full = {each.location_id: each for each in fullest(session, demand, limit=5)}

    for place in places:
        found = [(each.begins_at, each.ends_at, each.short_by) for each in short if each.location_id == place]
        assert found == [(each.begins_at, each.ends_at, each.short_by) for each in single[place].shortages]
        least = min(point.accounts - point.booked for point in single[place].points)
        assert full[place].accounts - full[place].booked == least
    assert len(short) >= 2, "the day was busy enough to mean something"
    assert [each.begins_at for each in short] == sorted(each.begins_at for each in short)


@pytest.mark.parametrize(
    ("minutes", "ended", "frees_after"),
    [
        (-10, False, 12 + 12 + 5),  # its usual overrun is before it
        (5, False, 12 + 12 + 5),
        (30, False, 30 + 12 + 5),  # longer than usual: it may end now
        (8, True, 4 + 12 + 5),  # ended four minutes late
        (30, True, 30 + 5),  # its recording is late, too
    ],
)
def test_the_usual_overrun_counts_until_the_meeting_has_ended(
    world: World, minutes: int, ended: bool, frees_after: int
) -> None:
    """So many minutes after its planned end; a booking is told the same, and not to wait for what is over."""
    place = world.location().id
    booked = world.book()
    world.allocate()
    over = booked.ends_at + 4 * MINUTE
    if ended:
        with world.parts.sessions.begin() as session:
            session.execute(sa.update(Lease).values(state="processing", live_at=booked.starts_at, ended_at=over))
    now = booked.ends_at + minutes * MINUTE
    usual = Usual(10 * MINUTE, 12 * MINUTE, 12 * MINUTE, 5 * MINUTE)
    demand = Demand(now, now + 60 * MINUTE, usual.lead, usual.cooldown, [UsualTail(place, usual.overrun, usual.hold)])
    with world.parts.sessions() as session:
        points = outlook(session, place, (demand.since, demand.until), now=now, usual=usual).points
        curve = demand_curve(session, demand, seconds=60)

    frees_at = booked.ends_at + frees_after * MINUTE
    assert [(each.at, each.booked) for each in points] == [(now, 1), (frees_at, 0)]
    assert [each.booked for each in curve] == [int(each.at < frees_at) for each in curve]


def test_the_curve_of_all_adds_them_up(world: World) -> None:
    """In each quarter of an hour the most that is booked at once, over both; the accounts of both serve."""
    places = filled(world)
    demand = demand_of(places)
    with world.parts.sessions() as session:
        points = {
            each: outlook(session, each, (demand.since, demand.until), now=demand.since, usual=USUAL).points
            for each in places
        }
        curve = demand_curve(session, demand, seconds=900)

    def booked(at: object) -> int:
        return sum([p.booked for p in points[place] if p.at <= at][-1] for place in places)

    moments = sorted({point.at for each in points.values() for point in each})
    assert len(curve) == 96
    for each in curve:
        within = [each.at, *(at for at in moments if each.at < at < each.at + 15 * MINUTE)]
        assert each.booked == max(map(booked, within))
    assert (curve[0].accounts, curve[-1].accounts) == (4, 5)
