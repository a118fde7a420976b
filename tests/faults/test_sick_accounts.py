"""An account that cannot do the work is benched, and its appointment goes to the next one in the same run."""

from datetime import timedelta
from typing import Any

import pytest

from core.db.models import ConnectionPeriod, Event
from core.services.connection_periods import FOREVER
from tests.faults.given import CREATE, TICK, after, everything_was_made_once, outcomes, seat, settled, user_id
from tests.world import World


@pytest.fixture
def pool(world: World) -> World:
    """Two accounts, one due appointment; the first account is the one that has been idle the longest."""
    world.location(accounts=2)
    world.book("A-1")
    return world


def ran(world: World) -> list[tuple[str, str]]:
    """Run once; every step that was told, as account and outcome."""
    return [(each.account, each.outcome) for each in world.run()]


NEXT_ACCOUNT = [(seat(1), "next account"), (seat(2), "ready")]


@pytest.mark.parametrize(
    ("sickness", "reason"),
    [
        ({"type": 4}, "licence_gone"),
        ({"locked": {"waiting_room": True}}, "waiting_room"),
        ({"locked": {"meeting_authentication": True}}, "sign_in_forced"),
        ({"locked": {"join_before_host": False}}, "no_join_before_host"),
    ],
)
def test_an_account_that_became_unfit_is_benched_until_somebody_mends_it(
    pool: World, sickness: dict[str, Any], reason: str
) -> None:
    """The next one opens the link; what the first has made all the same is deleted."""
    pool.sandbox.change_user(seat(1), **sickness)

    assert ran(pool) == NEXT_ACCOUNT

    [benched] = pool.accounts(email=seat(1))
    assert (benched.bench_reason, benched.benched_until) == (reason, FOREVER)
    assert [event.detail["reason"] for event in pool.all(Event, kind="account_benched")] == [reason]
    [period] = pool.all(ConnectionPeriod, account_id=benched.id, to_at=None)
    assert (period.status, period.reason) == ("quarantined", reason)
    settled(pool)
    everything_was_made_once(pool, ["A-1"])


def test_an_appointment_waits_when_its_only_account_became_unfit(world: World) -> None:
    """It waits in line like everybody who is short of an account, and is served when one is connected."""
    world.location(accounts=1)
    world.book("A-1")
    world.sandbox.change_user(seat(1), type=4)

    assert ran(world) == [(seat(1), "waiting")]
    assert (world.appointment("A-1").link, world.appointment("A-1").reason) == ("waiting", "no_free_account")

    world.connect("Harbour Clinic", [seat(2)], zoom_account="harbour-clinic")
    assert ran(world) == [(seat(2), "ready")]


def test_every_sick_account_is_passed_in_one_run(world: World) -> None:
    """Three in a row are sick in different ways; the fourth opens the link."""
    world.location(accounts=4)
    world.book("A-1")
    world.sandbox.change_user(seat(1), type=4)
    world.sandbox.change_user(seat(2), locked={"waiting_room": True})
    world.sandbox.revoke_consent(seat(3))

    assert [outcome for _, outcome in ran(world)] == ["next account"] * 3 + ["ready"]
    settled(world)
    everything_was_made_once(world, ["A-1"])


def test_a_grant_that_was_revoked_needs_a_person_and_the_next_account_is_used(pool: World) -> None:
    """Zoom refuses the token and the refresh: the connection needs reauthorisation, shown since when."""
    pool.sandbox.revoke_consent(seat(1))

    assert ran(pool) == NEXT_ACCOUNT

    [account] = pool.accounts(email=seat(1))
    assert account.connection == "needs_reauth"
    [period] = pool.all(ConnectionPeriod, account_id=account.id, to_at=None)
    assert (period.status, period.reason) == ("needs_reauth", "dead_grant")
    everything_was_made_once(pool, ["A-1"])


def test_a_user_who_was_deleted_needs_a_person_and_the_next_account_is_used(pool: World) -> None:
    """Its tokens died with it."""
    pool.sandbox.delete_user(seat(1))

    assert ran(pool) == NEXT_ACCOUNT
    everything_was_made_once(pool, ["A-1"])


def test_a_token_that_expired_early_is_refreshed_once_and_the_link_is_made(pool: World) -> None:
    """No account is blamed for it."""
    pool.sandbox.expire_access_tokens(seat(1))

    assert ran(pool) == [(seat(1), "ready")]
    assert pool.sandbox.stats()["answers"]["POST /oauth/token"] == {"200": 1}


def test_a_lost_answer_to_a_refresh_ends_the_grant_and_the_next_account_is_used(pool: World) -> None:
    """Zoom has forgotten the old pair and we never learned the new one: within two ticks the link is there."""
    pool.sandbox.expire_access_tokens(seat(1))
    pool.sandbox.fault({"lose_reply": True}, times=1, path_regex="/oauth/token")

    assert ran(pool) == [(seat(1), "tried again soon")]
    assert outcomes(pool, now=after(TICK)) == {"A-1": "ready"}

    [account] = pool.accounts(email=seat(1))
    assert account.connection == "needs_reauth"
    everything_was_made_once(pool, ["A-1"])


def test_an_account_that_does_not_record_is_left_for_one_that_does(pool: World) -> None:
    """Recording is what the meeting is for; the account is not benched, and its meeting is deleted."""
    pool.sandbox.fault({"drop_settings": {"auto_recording": "none"}}, user_id=user_id(pool, 1), **CREATE)

    assert ran(pool) == NEXT_ACCOUNT

    assert not pool.appointment("A-1").not_recorded
    assert [account.benched_until for account in pool.accounts()] == [None, None]
    assert settled(pool) == ["gone"]
    everything_was_made_once(pool, ["A-1"])


def test_a_link_goes_out_unrecorded_where_no_account_records(pool: World) -> None:
    """The meeting takes place all the same; the appointment says that it is not recorded."""
    pool.sandbox.fault({"drop_settings": {"auto_recording": "none"}}, **CREATE)

    assert ran(pool) == [(seat(1), "next account"), (seat(2), "ready, not recorded")]

    assert pool.appointment("A-1").not_recorded
    assert [meeting.recorded for meeting in pool.meetings(state="created")] == [False]
    settled(pool)
    everything_was_made_once(pool, ["A-1"])


def test_recording_does_not_move_an_appointment_for_ever(world: World) -> None:
    """After three moves the fourth account keeps it: an account-wide setting must not empty the pool."""
    world.location(accounts=6)
    world.book("A-1")
    world.sandbox.fault({"drop_settings": {"auto_recording": "none"}}, **CREATE)

    assert [outcome for _, outcome in ran(world)] == ["next account"] * 3 + ["ready, not recorded"]


def test_two_appointments_trade_no_account_that_is_still_to_be_cleaned(world: World) -> None:
    """The account that was left has a meeting to be deleted; until that is gone it is nobody's next account."""
    world.location(accounts=2)
    world.book("A-1")
    world.book("A-2", starts_in=timedelta(minutes=9, seconds=30))
    world.sandbox.fault({"drop_settings": {"auto_recording": "none"}}, **CREATE)

    assert set(outcomes(world).values()) == {"ready, not recorded"}
    everything_was_made_once(world, ["A-1", "A-2"])
