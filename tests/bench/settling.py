"""Many meetings end within a minute: how long until their recordings are attached and their accounts cool down."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median, quantiles
from typing import Any

import sqlalchemy as sa
from rich.progress import track

from core.clock import utcnow
from orchestration.sensors import QUIET
from tests.bench.figures import Result
from tests.bench.installation import Installation, installation
from tests.bench.opening import wait_until
from tests.bench.pool import LEAD, book, fill
from tests.bench.runs import SENSOR, ops
from tests.bench.sensors import asking, evaluations, with_stopwatch

LIFECYCLE = "lifecycle_sensor"
OPENED_WITHIN = timedelta(minutes=2)  # booked that long before the start; they are due at once
LASTS = timedelta(minutes=1)
ENDING = 60.0  # seconds over which the meetings end, and their recordings are there
PROCESSING = 3.0
ASK_DUE_EVERY = 0.25

STAND = sa.text("""
    SELECT count(*) FILTER (WHERE l.state IN ('cooldown', 'released')) AS cooling,
           count(*) FILTER (WHERE l.released_at IS NOT NULL) AS released,
           count(*) FILTER (WHERE m.state = 'gone') AS gone,
           (SELECT count(*) FROM recordings WHERE outcome = 'attached') AS attached,
           (SELECT count(*) FROM inbox WHERE applied_at IS NULL) AS waiting
    FROM leases AS l JOIN meetings AS m ON m.lease_id = l.id
""")
# Of the meetings that were held; our own deletions are told as well, later.
LAST_EVENT = sa.text("SELECT count(*) AS events, max(received_at) AS at FROM inbox WHERE event <> 'meeting.deleted'")
RUNS = sa.text("SELECT DISTINCT run_id FROM events WHERE run_id IS NOT NULL AND at > :since")
OUTCOMES = sa.text("SELECT DISTINCT outcome FROM inbox")


@dataclass(frozen=True)
class Settled:
    """How it went; seconds count from the last event that was accepted."""

    events: int
    last_event: datetime
    cooling: float
    gone: float
    released: float


def settle(scale: float) -> Result:
    """1,000 meetings of one Zoom account end within a minute; real events, shipped settings, Zoom's limits."""
    count = max(10, round(1000 * scale))
    with installation(code_server=with_stopwatch) as place:
        place.sandbox.configure(processing_seconds=PROCESSING)
        _opened(place, count)
        _everybody_comes(place)
        before = {sensor: len(times) for sensor, times in evaluations(place).items()}
        with _due_sensor_is_asked(place):
            ended = utcnow()
            _they_end(place)
            settled = _watch(place, count)
        _check(place, count)
        within = {sensor: times[before.get(sensor, 0) :] for sensor, times in evaluations(place).items()}
        return Result(
            {"settle_1000_seconds": settled.cooling},
            {
                "meetings": count,
                "events": settled.events,
                "last_event_to_all_deleted_seconds": round(settled.gone, 1),
                "last_event_to_all_accounts_free_seconds": round(settled.released, 1),
                "lifecycle_ticks_ms": sorted(map(round, within[LIFECYCLE]), reverse=True)[:12],
                "due_tick_ms": _spread(within[SENSOR]),
                "settle_run_seconds": _settle_runs(place, ended),
            },
        )


def _opened(place: Installation, count: int) -> None:
    """*count* appointments have their links, by the real job."""
    fill(place.world, accounts=count, one_zoom_account=True)
    book(place, count, due_in=OPENED_WITHIN - LEAD, lasts=LASTS)
    wait_until(lambda: place.sandbox.mail_count() >= count, "mails")


def _everybody_comes(place: Installation) -> None:
    for meeting in track(place.sandbox.meetings(), description="People come"):
        place.sandbox.join(meeting["id"], user_id=meeting["host_id"])
        place.sandbox.join(meeting["id"], "Client")


def _they_end(place: Installation) -> None:
    """From the planned end on, one after the other, evenly over a minute."""
    with place.world.parts.sessions() as session:
        planned = session.scalars(sa.text("SELECT max(ends_at) FROM appointments")).one()
    meetings = [meeting["id"] for meeting in place.sandbox.meetings()]
    assert utcnow() < planned, "the meetings were opened, or people came, too late"
    time.sleep((planned - utcnow()).total_seconds())
    start, pause = time.monotonic(), (ENDING - PROCESSING) / len(meetings)
    for number, meeting in enumerate(track(meetings, description="Meetings end")):
        time.sleep(max(0.0, start + number * pause - time.monotonic()))
        place.sandbox.end_meeting(meeting)


def _watch(place: Installation, count: int) -> Settled:
    """Look five times a second, until all meetings are deleted and all accounts free."""
    reached: dict[str, datetime] = {}

    def is_free() -> bool:
        with place.world.parts.sessions() as session:
            stand = session.execute(STAND).one()
        now = utcnow()
        states = {
            "cooling": stand.cooling == stand.attached == count and not stand.waiting,
            "gone": stand.gone == count,
            "released": stand.released == count,
        }
        for name in [name for name, is_so in states.items() if is_so]:
            reached.setdefault(name, now)
        return len(reached) == len(states)

    wait_until(is_free, "accounts to be free", every=0.2)
    with place.world.parts.sessions() as session:
        last = session.execute(LAST_EVENT).one()
    seconds = {name: (at - last.at).total_seconds() for name, at in reached.items()}
    return Settled(last.events, last.at, **seconds)


def _check(place: Installation, count: int) -> None:
    """A figure counts only if every event was accepted and applied, and nothing is left on the practice Zoom."""
    sent = place.sandbox.wait_for_webhooks()
    assert sent["failed"] == sent["lost"] == 0, f"events did not arrive: {sent}"
    assert not [each for each in place.sandbox.webhooks() if each["tries"] != 1], "an event had to be sent again"
    assert sent["delivered"] >= 9 * count, f"{sent} for {count} meetings"
    left = [meeting["id"] for meeting in place.sandbox.meetings() if meeting["state"] != "deleted"]
    assert not left, f"{len(left)} meetings are left on the practice Zoom"
    with place.world.parts.sessions() as session:
        outcomes = set(session.scalars(OUTCOMES))
    assert outcomes <= {"applied", "noted"}, f"what became of events: {outcomes}"


@contextmanager
def _due_sensor_is_asked(place: Installation) -> Iterator[None]:
    """While the block runs, evaluate the sensor of due appointments four times a second, beside its own ticks."""
    stop = threading.Event()

    def ask_on() -> None:
        with asking(place, SENSOR) as ask:
            while not stop.wait(ASK_DUE_EVERY):
                ask(QUIET)

    thread = threading.Thread(target=ask_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _settle_runs(place: Installation, since: datetime) -> list[float]:
    """Seconds from the first op's start to the last op's end of each run that did something, in their order."""
    with place.world.parts.sessions() as session:
        runs = list(session.scalars(RUNS, {"since": since}))
    spans: dict[str, tuple[float, float]] = {}
    for op in ops(place.dagster, runs):
        start, end = spans.get(op.run_id, (op.start, op.end))
        spans[op.run_id] = (min(start, op.start), max(end, op.end))
    return [round(end - start, 1) for start, end in spans.values()]


def _spread(milliseconds: list[float]) -> dict[str, Any]:
    return {
        "evaluations": len(milliseconds),
        "median": round(median(milliseconds), 1),
        "p99": round(quantiles(milliseconds, n=100)[-1], 1),
        "largest": round(max(milliseconds), 1),
    }
