"""What is kept for a time only: removed in batches once that time has passed, and not before."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import (
    Alert,
    Event,
    IdempotencyKey,
    InboxEvent,
    Location,
    Message,
    OAuthState,
    Seat,
    WhatIfResult,
    ZoomBudget,
)
from core.services.purge import KEPT, purge
from tests.world import World

NOW = datetime(2026, 11, 25, 3, 17, tzinfo=UTC)
FOREVER = NOW + timedelta(days=1)


def purged(world: World, **options: Any) -> dict[str, int]:
    """The rows removed, by kind, without what had nothing to remove."""
    done = purge(world.parts.sessions, **{"clock": lambda: NOW, "until": FOREVER, **options})
    assert {each.what for each in done} == set(KEPT)
    assert not any(each.refused for each in done)
    return {each.what: each.rows for each in done if each.rows}


def test_the_timeline_is_kept_400_days(world: World) -> None:
    """A line of that age goes, a younger one stays."""
    add(world, Event(at=NOW - timedelta(days=401), kind="old", actor="test"))
    add(world, Event(at=NOW - timedelta(days=399), kind="young", actor="test"))

    assert purged(world) == {"events": 1}
    assert [each.kind for each in world.all(Event)] == ["young"]


def test_raw_events_lose_their_body_after_a_month_and_are_forgotten_after_400_days(world: World) -> None:
    """The body holds names and secrets; that it came is remembered. What is not applied yet is still to be read."""
    for days, applied in ((29, True), (31, True), (31, False), (401, True)):
        came = NOW - timedelta(days=days)
        key = f"{days}:{applied}"
        about = {"event_at": came, "received_at": came, "applied_at": came if applied else None}
        add(world, InboxEvent(key=key, event="meeting.started", body=b"sealed", **about))

    assert purged(world) == {"inbox_bodies": 2, "inbox": 1}
    assert {each.key: each.body for each in world.all(InboxEvent)} == {
        "29:True": b"sealed",
        "31:True": None,
        "31:False": b"sealed",
    }


def test_messages_are_kept_400_days(world: World) -> None:
    """Their recipients are people; the appointment keeps what has to be known of them."""
    for days in (399, 401):
        add(
            world,
            Message(
                dedupe_key=str(days),
                channel="mail",
                kind="join_link",
                priority=0,
                recipient="client@clients.test",
                payload={},
                status="sent",
                next_attempt_at=NOW,
                message_id=str(days),
                created_at=NOW - timedelta(days=days),
            ),
        )

    assert purged(world) == {"messages": 1}
    assert [each.dedupe_key for each in world.messages()] == ["399"]


def test_an_open_alert_stays_however_old(world: World) -> None:
    """Only what cleared 400 days ago is forgotten."""
    old = NOW - timedelta(days=500)
    for condition, cleared in (("open", None), ("cleared lately", NOW), ("cleared", old)):
        add(world, Alert(condition=condition, kind="test", text="text", raised_at=old, cleared_at=cleared))

    assert purged(world) == {"alerts": 1}
    assert {each.condition for each in world.all(Alert)} == {"open", "cleared lately"}


def test_what_serves_for_minutes_or_a_day_goes_after_a_week(world: World) -> None:
    """Begun connects and the counts of past days."""
    world.location(accounts=1)
    [place], [seat] = world.all(Location), world.all(Seat)
    for days in (6, 8):
        then = NOW - timedelta(days=days)
        name = str(days)
        about = {"location_id": place.id, "seat_id": seat.id, "code_verifier": b"-", "return_to": "/", "actor": "test"}
        add(world, OAuthState(state_hash=name.encode(), created_at=then, expires_at=then, **about))
        add(world, ZoomBudget(zoom_user_id="user", utc_day=then.date(), creates=7))

    done = purged(world)

    assert done == {"oauth_states": 1, "zoom_budget": 1}
    assert [each.state_hash for each in world.all(OAuthState)] == [b"6"]


def test_the_answer_to_a_write_is_kept_for_two_days(world: World) -> None:
    """Nobody repeats a request later than that."""
    for hours in (47, 49):
        then = NOW - timedelta(hours=hours)
        add(world, IdempotencyKey(caller="key:1", key=str(hours), request_hash=b"-", created_at=then))

    assert purged(world) == {"idempotency_keys": 1}
    assert [each.key for each in world.all(IdempotencyKey)] == ["47"]


def test_a_what_if_is_kept_for_a_month(world: World) -> None:
    """There is a new one every night."""
    place = world.location(accounts=0)
    for days in (29, 31):
        then = NOW - timedelta(days=days)
        add(world, WhatIfResult(location_id=place.id, requested_at=then, requested_by="test", computed_at=then))

    assert purged(world) == {"what_if_results": 1}


def test_it_goes_in_batches_until_nothing_is_left(world: World) -> None:
    """Each a transaction of its own, so that nobody waits for a night's worth of rows."""
    many(world, 25)

    assert purged(world, at_once=10) == {"events": 25}
    assert world.all(Event) == []


def test_it_stops_in_time_and_goes_on_the_next_night(world: World) -> None:
    """What was removed stays removed; the rest says that time ran out."""
    many(world, 25)
    ticks = iter([NOW, NOW, NOW, NOW, NOW, NOW + timedelta(hours=1)])

    done = purge(
        world.parts.sessions,
        clock=lambda: next(ticks, NOW + timedelta(hours=1)),
        until=NOW + timedelta(minutes=10),
        at_once=10,
    )

    [events] = [each for each in done if each.what == "events"]
    assert (events.rows, events.problem) == (20, "out of time; the next night goes on")
    assert len(world.all(Event)) == 5


def test_rows_that_somebody_works_on_are_left_for_the_next_night(world: World) -> None:
    """The purge waits for nobody, and nobody for the purge."""
    many(world, 2)
    with world.parts.sessions.begin() as session:
        session.execute(sa.select(Event).order_by(Event.id).limit(1).with_for_update(key_share=True)).one()

        assert purged(world) == {"events": 1}


def test_a_table_at_fault_does_not_keep_the_others(world: World) -> None:
    """It is told which; everything else is removed."""
    many(world, 1)
    with world.parts.sessions.begin() as session:
        session.execute(sa.text("ALTER TABLE inbox RENAME TO elsewhere"))

    done = purge(world.parts.sessions, clock=lambda: NOW, until=FOREVER)

    assert [each.what for each in done if each.refused] == ["inbox_bodies", "inbox"]
    assert world.all(Event) == []


def test_nothing_of_the_business_is_ever_removed(world: World) -> None:
    """Ten years later the appointment with its lease and meeting is still there."""
    world.location(accounts=1)
    world.book()
    world.run()

    purge(world.parts.sessions, clock=lambda: utcnow() + timedelta(days=3650), until=utcnow() + timedelta(days=9999))

    assert (len(world.leases()), len(world.meetings()), world.appointment().external_id) == (1, 1, "A-1")


def add(world: World, row: Any) -> None:
    """Put one row there."""
    with world.parts.sessions.begin() as session:
        session.add(row)


def many(world: World, number: int) -> None:
    """So many lines of the timeline, all too old."""
    old = NOW - timedelta(days=500)
    with world.parts.sessions.begin() as session:
        session.add_all(Event(at=old, kind="old", actor="test") for _ in range(number))
