"""Capacity and pool of a location over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Account, Appointment
from tests.console.api.conftest import MakeProgram
from tests.world import World

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def z(moment: Any) -> str:
    """As the API writes it."""
    return moment.isoformat().replace("+00:00", "Z")


def test_a_window_tells_when_accounts_are_missing(world: World, program: MakeProgram) -> None:
    """Two appointments at one time, one account: short by one from the lease to the end of the cooldown."""
    location = world.location(accounts=1)
    first = world.book("A-1", starts_in=HOUR)
    world.book("A-2", starts_in=HOUR)
    start = first.starts_at
    with world.parts.sessions.begin() as session:  # a second may have passed between the bookings
        session.execute(sa.update(Appointment).values(starts_at=start, ends_at=first.ends_at))
    answer = program("read", "Harbour Clinic").get(
        f"/locations/{location.id}/capacity", **{"from": z(start - HOUR), "to": z(start + 2 * HOUR)}
    )
    assert answer.status_code == 200
    begins, ends = z(start - 10 * MINUTE), z(start + 35 * MINUTE)
    assert answer.json() == {
        "accounts": 1,
        "peak": 2,
        "points": [
            {"at": z(start - HOUR), "booked": 0, "accounts": 1},
            {"at": begins, "booked": 2, "accounts": 1},
            {"at": ends, "booked": 0, "accounts": 1},
        ],
        "shortages": [{"begins_at": begins, "ends_at": ends, "short_by": 1}],
        "usual": {"lead": 600, "overrun": 0, "hold": 0, "cooldown": 300},
    }


@pytest.mark.parametrize(
    "window",
    [
        {},
        {"from": "2026-03-02T12:00:00Z"},
        {"from": "2026-03-02T12:00:00", "to": "2026-03-03T12:00:00Z"},
        {"from": "2026-03-02T12:00:00Z", "to": "2026-03-02T12:00:00Z"},
        {"from": "2026-03-02T12:00:00Z", "to": "2026-04-02T12:00:01Z"},
        {"from": "2026-03-02T12:00:00Z", "to": "2026-03-03T12:00:00Z", "step": "1h"},
    ],
)
def test_a_window_has_two_ends_and_a_month_at_most(world: World, program: MakeProgram, window: dict[str, str]) -> None:
    """So that no answer is endless."""
    location = world.location(accounts=0)
    assert program("read").get(f"/locations/{location.id}/capacity", **window).status_code == 422


@pytest.mark.parametrize(
    "window",
    [
        {"from": "0001-01-01T00:00:00Z", "to": "0001-01-02T00:00:00Z"},
        {"from": "9999-12-30T00:00:00Z", "to": "9999-12-31T23:59:59Z"},
    ],
)
def test_windows_at_the_ends_of_time_are_empty(world: World, program: MakeProgram, window: dict[str, str]) -> None:
    """Nothing overflows."""
    location = world.location(accounts=1)
    answer = program("read").get(f"/locations/{location.id}/capacity", **window)
    assert (answer.status_code, answer.json()["peak"]) == (200, 0)


def test_the_pool_tells_how_each_account_is_and_for_how_long(world: World, program: MakeProgram) -> None:
    """One in a meeting, one taken out by a person, one idle; a seat that nobody has connected is free."""
    location = world.location(accounts=3)
    world.book()
    world.run()
    [lease] = world.leases()
    spare = next(each.id for each in world.accounts() if each.id != lease.account_id)
    bench = (utcnow() + HOUR).replace(microsecond=0)
    with world.parts.sessions.begin() as session:
        session.execute(
            sa.update(Account).where(Account.id == spare).values(benched_until=bench, bench_reason="by_hand")
        )
    answer = program("read", "Harbour Clinic").get(f"/locations/{location.id}/pool")
    assert answer.status_code == 200
    body = answer.json()
    assert body["by_state"] == {"ready": 1, "quarantined": 1, "idle": 1}
    assert body["seats"] == {"issued": 3, "free": 0}
    accounts = {each["state"]: each for each in body["accounts"]}
    assert accounts["ready"]["appointment_id"] == lease.appointment_id
    assert accounts["ready"]["busy_until"] == z(world.appointment().ends_at + 5 * MINUTE)
    assert (accounts["quarantined"]["reason"], accounts["quarantined"]["busy_until"]) == ("by_hand", z(bench))
    assert (accounts["idle"]["reason"], accounts["idle"]["busy_until"]) == (None, None)
    assert not {"token", "passcode", "join_url"} & set(answer.text.replace('"', " ").split())


@pytest.mark.parametrize("what", ["pool", "capacity?from=2026-03-02T12:00:00Z&to=2026-03-03T12:00:00Z"])
def test_a_location_that_a_key_does_not_see_does_not_exist(world: World, program: MakeProgram, what: str) -> None:
    """Nor does one that does not exist."""
    hidden = world.location(accounts=1)
    world.location("Hill Clinic", accounts=0)
    caller = program("read", "Hill Clinic")
    for location_id in (hidden.id, 999_999):
        answer = caller.get(f"/locations/{location_id}/{what}")
        assert (answer.status_code, answer.json()["type"]) == (404, "not_found")
    assert program("read").get(f"/locations/999999/{what}").status_code == 404
