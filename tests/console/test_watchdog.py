"""The watchdog: notices from outside that nothing is being done, tells people itself, and `/healthz` says why."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import psycopg
import pytest
import requests
import sqlalchemy as sa
from dagster._core.remote_origin import (
    GrpcServerCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    TickData,
    TickStatus,
)
from dagster._daemon.types import DaemonHeartbeat
from dagster._utils.error import SerializableErrorInfo
from dagster_postgres.run_storage import PostgresRunStorage
from dagster_postgres.schedule_storage import PostgresScheduleStorage

from console import watchdog
from console.routes import routes_app
from core.clock import utcnow
from core.db.embedded import url
from core.db.models import Alert, InboxEvent, Location, Message
from core.services.watchdog.look import DAEMONS, SENSORS
from core.services.watchdog.watch import NO_DAGSTER, Watchdog, Watched
from core.settings import PRACTICE_OPERATIONS, Settings
from core.wiring import Wiring
from tests.console.conftest import served
from tests.integration.mail.given import wait_until
from tests.world import World


class Clock:
    """The time, moved by hand."""

    def __init__(self) -> None:
        self.offset = timedelta(0)

    def __call__(self) -> datetime:
        return utcnow() + self.offset


class Dog:
    """A watchdog whose process has been running for a while, unless *fresh*."""

    def __init__(self, parts: Wiring, *, fresh: bool = False) -> None:
        self.clock = Clock()
        self.clock.offset -= timedelta(0) if fresh else timedelta(minutes=3)
        self._dog = Watchdog(lambda: parts, clock=self.clock)
        self.clock.offset = timedelta(0)

    def look(self, *, later: float = 15) -> tuple[str, ...]:
        """Look once, so many seconds after the look before; the reasons why the product is not well."""
        self.clock.offset += timedelta(seconds=later)
        self._dog.round()
        assert self._dog.watched
        return self._dog.watched.reasons


def mails(world: World) -> list[tuple[str, str]]:
    """Subject and text of what operations were told."""
    return [(each["subject"], each["text"]) for each in world.sandbox.mail(PRACTICE_OPERATIONS)]


def unclaimed(world: World) -> None:
    """An appointment with a free account, due for five minutes, that nobody has taken."""
    world.location(accounts=1)
    world.book("A-1", starts_in=timedelta(minutes=5), booked=utcnow() - timedelta(hours=1))


def test_a_link_that_nobody_opens_is_told_once_and_its_end_too(world: World) -> None:
    """Past Dagster: the watchdog hands the message over itself."""
    unclaimed(world)
    dog = Dog(world.parts)
    assert dog.look() == ()  # once may be a moment; twice is not

    [reason] = dog.look()
    dog.look()

    assert reason == "1 links could be opened for more than 90 seconds, and no run has taken them."
    assert len(mails(world)) == 1
    assert mails(world)[0][0] == "The product itself"
    assert reason in mails(world)[0][1] and "due_appointments_sensor" in mails(world)[0][1]
    world.run()
    assert dog.look() == ()
    assert [subject for subject, _ in mails(world)] == ["The product itself", "Over: The product itself"]
    assert world.all(Alert, cleared_at=None) == []


def test_what_is_new_or_waits_for_an_account_is_nobodys_neglect(world: World) -> None:
    """Due for a minute; or marked waiting where every account is taken; or booked at the last moment."""
    world.location(accounts=1)
    world.book("A-1", booked=utcnow() - timedelta(hours=1), starts_in=timedelta(minutes=5))
    world.book("A-2", booked=utcnow() - timedelta(hours=1), starts_in=timedelta(minutes=5))
    world.run()
    world.location("Town Clinic", accounts=2)
    world.book("T-1", location="Town Clinic", booked=utcnow() - timedelta(hours=1))
    world.book("T-2", location="Town Clinic", starts_in=timedelta(minutes=3))
    dog = Dog(world.parts)

    assert [dog.look(later=15), dog.look(later=15)] == [(), ()]


def test_a_waiting_one_that_could_be_served_for_long_is_told(world: World) -> None:
    """An account has been free for ninety seconds, and nobody gives it to who waits."""
    world.location(accounts=0)
    world.book("A-1", starts_in=timedelta(minutes=8), booked=utcnow() - timedelta(hours=1))
    world.allocate()
    world.connect("Harbour Clinic", ["late@harbour-clinic.test"])
    dog = Dog(world.parts)
    assert [dog.look(), dog.look()] == [(), ()]  # what happened to it happened just now

    assert [len(dog.look(later=40)) for _ in range(3)] == [0, 0, 1]


def test_the_opening_of_links_that_is_paused_is_no_neglect(world: World) -> None:
    """Who waits there waits because somebody said so."""
    world.location(accounts=1)
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Location).values(allocation_paused_at=utcnow()))
    world.book("A-1", starts_in=timedelta(minutes=8), booked=utcnow() - timedelta(hours=1))
    world.allocate()
    dog = Dog(world.parts)

    assert dog.look(later=50) + dog.look(later=50) == ()


def test_mail_that_nobody_sends_is_told(world: World) -> None:
    """Its run died, and no other came for ninety seconds."""
    world.location(accounts=1)
    world.book("A-1")
    world.allocate(run_id="dies")
    world.create("dies")
    dog = Dog(world.parts)

    assert dog.look(later=80) + dog.look(later=5) == ()
    assert "1 messages are due" in (dog.look() + dog.look())[-1]


def test_events_that_nobody_applies_are_told_and_parked_ones_are_not(world: World) -> None:
    """One of a meeting that is not known yet was looked at."""
    now = utcnow()
    old = {"event": "meeting.started", "event_at": now, "received_at": now - timedelta(minutes=5)}
    with world.parts.sessions.begin() as session:
        session.add(InboxEvent(key="parked", outcome="unknown_meeting", applied_at=now, **old))
    dog = Dog(world.parts)
    assert dog.look() + dog.look() == ()
    with world.parts.sessions.begin() as session:
        session.add(InboxEvent(key="waits", **old))

    assert "1 events from Zoom wait since" in (dog.look() + dog.look())[-1]


def test_two_web_processes_tell_once(world: World) -> None:
    """The database lets one raise it, and one send it."""
    unclaimed(world)
    first, second = Dog(world.parts), Dog(world.parts)
    for dog in (first, second, first, second):
        assert dog.look() is not None

    assert len(mails(world)) == len(world.all(Alert)) == 1


def test_who_has_just_started_or_slept_gives_everything_time(world: World) -> None:
    """What is old then is so because nothing ran; two minutes later it is not."""
    unclaimed(world)
    world.book("A-2", starts_in=timedelta(minutes=20), booked=utcnow() - timedelta(hours=1))
    dog = Dog(world.parts, fresh=True)
    assert [dog.look(later=29) for _ in range(4)] == [()] * 4
    assert dog.look() != ()

    assert dog.look(later=4 * 60) == ()  # the lid of a laptop


def test_a_database_that_is_down_is_told_from_memory(world: World, settings: Settings) -> None:
    """Each process once, for nothing can be written down; and once more when it is back."""
    gone = settings.model_copy(update={"database_url": "postgresql+psycopg://nobody:hidden@127.0.0.1:1/none"})
    parts = [Wiring(gone)]
    dog = Dog(parts[0])
    dog._dog._parts = lambda: parts[0]

    assert dog.look() == ()
    assert dog.look() == dog.look() == ("The database does not answer (OperationalError).",)
    [(_, text)] = mails(world)
    assert "DATABASE_URL" in text and "hidden" not in text
    parts[0] = world.parts
    assert dog.look() == ()
    assert [subject for subject, _ in mails(world)] == ["The product itself", "Over: The product itself"]


class Daemon:
    """What the Dagster daemon leaves in its database, written by Dagster's own storage."""

    def __init__(self, address: str) -> None:
        self._runs = PostgresRunStorage(address, should_autocreate_tables=True)
        self._schedules = PostgresScheduleStorage(address, should_autocreate_tables=True)

    def beat(self, at: datetime, *daemons: str) -> None:
        for name in daemons or (*DAEMONS, "BACKFILL"):
            self._runs.add_daemon_heartbeat(DaemonHeartbeat(at.timestamp(), name, "1", []))

    def tick(self, at: datetime, *sensors: str, status: TickStatus = TickStatus.SKIPPED) -> None:
        for name in sensors or SENSORS:
            origin = self._origin(name)
            instigator, selector = origin.get_id(), origin.get_selector().get_id()
            if self._schedules.get_instigator_state(instigator, selector) is None:
                self.switch(name, InstigatorStatus.DECLARED_IN_CODE)
            self._schedules.create_tick(
                TickData(
                    instigator,
                    name,
                    InstigatorType.SENSOR,
                    status,
                    at.timestamp(),
                    selector_id=selector,
                    error=SerializableErrorInfo("no", [], None) if status == TickStatus.FAILURE else None,
                )
            )

    def switch(self, sensor: str, status: InstigatorStatus) -> None:
        state = InstigatorState(self._origin(sensor), InstigatorType.SENSOR, status)
        if self._schedules.get_instigator_state(state.instigator_origin_id, state.selector_id) is None:
            self._schedules.add_instigator_state(state)
        else:
            self._schedules.update_instigator_state(state)

    def _origin(self, sensor: str) -> RemoteInstigatorOrigin:
        location = GrpcServerCodeLocationOrigin("127.0.0.1", 3030, location_name="zoompool")
        return RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), sensor)


@pytest.fixture
def dagster_url(server: object, database_url: str) -> Iterator[str]:
    """A database for Dagster, empty."""
    name = f"{sa.make_url(database_url).database}_dagster"
    with psycopg.connect(host=str(server), user="postgres", dbname="postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        yield url(server, name, "psycopg2")  # type: ignore[arg-type]
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def dog(world: World, dagster_url: str) -> Dog:
    """A watchdog that knows where Dagster's database is."""
    return Dog(Wiring(world.parts.settings.model_copy(update={"dagster_database_url": dagster_url})))


def test_a_daemon_that_never_lived_is_told(dog: Dog) -> None:
    """No tables yet, after two minutes."""
    reasons = dog.look() + dog.look()

    assert "The Dagster daemon has given no sign of life yet" in reasons[0]
    assert "due_appointments_sensor, due_messages_sensor, lifecycle_sensor" in reasons[1]


def test_a_daemon_that_beats_and_ticks_is_well_until_it_does_not(dog: Dog, dagster_url: str) -> None:
    """Heartbeats come every thirty seconds, ticks every fifteen."""
    daemon, now = Daemon(dagster_url), utcnow()
    daemon.beat(now)
    daemon.tick(now)
    assert dog.look() + dog.look() + dog.look(later=50) == ()

    daemon.beat(now + timedelta(seconds=90), "BACKFILL")
    beats, ticks = dog.look() + dog.look()

    assert beats == f"The Dagster daemon has given no sign of life since {now:%H:%M:%S} UTC: " + (
        "nothing is opened, sent or freed."
    )
    assert ticks.endswith(f"have not ticked without failing since {now:%H:%M:%S} UTC.")
    assert dog.look(later=1) == (beats, ticks)


@pytest.mark.parametrize("how", ["fails", "is off"])
def test_a_sensor_that_only_fails_or_is_switched_off_is_told(
    world: World, dog: Dog, dagster_url: str, how: str
) -> None:
    """The daemon is well, and nothing comes of it; when it ticks again, that is told."""
    daemon, now, sensor = Daemon(dagster_url), utcnow(), SENSORS[0]
    daemon.beat(now)
    daemon.tick(now, *SENSORS[1:])
    if how == "fails":
        daemon.tick(now - timedelta(minutes=5), sensor)
        daemon.tick(now, sensor, status=TickStatus.FAILURE)
    else:
        daemon.tick(now, sensor)
        daemon.switch(sensor, InstigatorStatus.STOPPED)

    [reason] = dog.look() + dog.look()

    assert reason.startswith("due_appointments_sensor in Dagster")
    daemon.switch(sensor, InstigatorStatus.DECLARED_IN_CODE)
    daemon.tick(now, sensor)
    assert dog.look() == ()
    assert len(mails(world)) == 2


def test_dagsters_database_that_does_not_answer_is_told(world: World) -> None:
    """By what kind of error, and without its address."""
    nowhere = "postgresql+psycopg2://nobody:hidden@127.0.0.1:1/none"
    dog = Dog(Wiring(world.parts.settings.model_copy(update={"dagster_database_url": nowhere})))

    assert dog.look() + dog.look() == ("Dagster's database does not answer (OperationalError).",)


@pytest.fixture
def watched_process(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], requests.Response]]:
    """The routes as a process of their own, whose watchdog looks often; gives the answer of `/healthz`."""
    monkeypatch.setattr(watchdog, "EVERY", 0.05)
    with served(routes_app(watchdog.watching)) as address:
        yield lambda: requests.get(f"{address}/healthz", timeout=10)


def test_health_says_why_the_product_is_not_well(
    world: World, watched_process: Callable[[], requests.Response], monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with the watchdog's reasons, and what it could not check in this process; well again, 200."""
    wait_until(lambda: watched_process().json() == {"ok": True, "not_checked": [NO_DAGSTER]})
    unclaimed(world)
    [dog] = watchdog._current
    dog._grace_until = utcnow()

    wait_until(lambda: watched_process().status_code == 503)
    assert "no run has taken them" in watched_process().json()["reason"]
    assert len(world.all(Message, kind="watchdog")) == 1
    world.run()
    wait_until(lambda: watched_process().status_code == 200)


def test_a_watchdog_that_no_longer_looks_is_not_trusted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last good news is old."""
    monkeypatch.setattr(watchdog, "EVERY", 3600)
    with served(routes_app(watchdog.watching)) as address:
        [dog] = watchdog._current
        assert requests.get(f"{address}/healthz", timeout=10).json() == {"ok": True}
        dog.watched = Watched(utcnow() - timedelta(seconds=91))

        answer = requests.get(f"{address}/healthz", timeout=10)

    assert answer.status_code == 503
    assert "The watchdog has not looked since" in answer.json()["reason"]
