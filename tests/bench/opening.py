"""Many appointments become due at one moment while the daemon runs: how long until the last client has the link."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from tests.bench.figures import Result
from tests.bench.installation import Installation, installation
from tests.bench.pool import book, fill, seconds
from tests.bench.runs import Op, memory_of_runs, ops, requesting_tick, unfinished

CALM = timedelta(seconds=25)  # from booking to due: everything has ticked and is quiet again
PATIENCE = 900.0  # seconds
POLL = 0.25
ZOOM_CREATES_PER_SECOND = 60


@dataclass(frozen=True)
class Opened:
    """How a burst went; moments are Unix seconds."""

    count: int
    due: float
    tick: float
    last_mail: float
    ops: list[Op]
    rss_mb: float

    @property
    def in_runs(self) -> float:
        """Seconds from the first op's start to the last op's end, over all runs."""
        return max(op.end for op in self.ops) - self.ops[0].start

    def details(self) -> dict[str, Any]:
        """What helps to see where the time goes."""
        spent: dict[str, list[float]] = defaultdict(list)
        for op in self.ops:
            spent[op.name].append(round(op.end - op.start, 2))
        return {
            "appointments": self.count,
            "runs": len({op.run_id for op in self.ops}),
            "due_to_tick_seconds": round(self.tick - self.due, 2),
            "tick_to_first_op_seconds": round(self.ops[0].start - self.tick, 2),
            "first_to_last_op_start_of_allocation_seconds": round(
                max(op.start for op in self.ops if op.name == "allocate_accounts") - self.ops[0].start, 2
            ),
            "seconds_in_runs": round(self.in_runs, 2),
            "op_seconds": dict(spent),
        }


def burst(scale: float) -> Result:
    """1,000 at one moment; each location has a Zoom account of its own, so that Zoom's limits do not bind."""
    opened = _open(round(1000 * scale))
    return Result(
        {
            "due_to_mail_seconds": opened.last_mail - opened.due,
            "burst_seconds": opened.last_mail - opened.tick,
            "burst_links_per_second": opened.count / opened.in_runs,
            "burst_rss_mb": opened.rss_mb,
        },
        opened.details(),
    )


def limited(scale: float) -> Result:
    """The same with all accounts in one Zoom account, which takes 60 creates a second."""
    opened = _open(round(1000 * scale), one_zoom_account=True)
    at_best = opened.count / ZOOM_CREATES_PER_SECOND
    return Result({"limited_ratio": opened.in_runs / at_best}, opened.details())


def single(scale: float) -> Result:
    """40 at one moment, one appointment per run, against the default."""
    count = max(5, round(40 * scale))
    bulk = _open(count)
    alone = _open(count, BULK_BATCH_SIZE="1")
    seconds_each = {"bulk_seconds": bulk.last_mail - bulk.tick, "single_seconds": alone.last_mail - alone.tick}
    ratio = seconds_each["single_seconds"] / seconds_each["bulk_seconds"]
    return Result({"bulk_vs_single_ratio": ratio}, {"appointments": count, **seconds_each})


def _open(count: int, *, one_zoom_account: bool = False, **environment: str) -> Opened:
    with installation(**environment) as place:
        if not one_zoom_account:
            place.sandbox.configure(rate_limits=None)
        fill(place.world, accounts=count, one_zoom_account=one_zoom_account)
        due = seconds(book(place, count, due_in=CALM))
        with memory_of_runs() as peaks:
            wait_until(lambda: place.sandbox.mail_count() >= count, "mails")
            wait_until(lambda: unfinished(place.dagster) == 0, "the runs' ends")
        last_mail = max(mail["received_at"] for mail in place.sandbox.mail_envelopes())
        _check(place, count)
        return Opened(
            count,
            due,
            requesting_tick(place.dagster, after=due),
            last_mail,
            ops(place.dagster, _runs_at_work(place)),
            max(peaks.values()),
        )


def wait_until(done: Callable[[], bool], for_what: str, *, every: float = POLL) -> None:
    """Ask until it is so. Raises TimeoutError after a quarter of an hour."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {PATIENCE:.0f} s for {for_what} in vain")
        time.sleep(every)


def _runs_at_work(place: Installation) -> list[str]:
    """The runs that leased, opened or mailed anything; one that came when all was done is none of the burst's."""
    with place.world.parts.sessions() as session:
        return list(session.scalars(sa.text("SELECT DISTINCT run_id FROM events WHERE run_id IS NOT NULL")))


def _check(place: Installation, count: int) -> None:
    """A figure counts only if every appointment has one meeting, on the practice Zoom too, and its client one mail."""
    with place.world.parts.sessions() as session:
        ours = session.execute(
            sa.text(
                "SELECT a.id, m.zoom_meeting_id, a.client_email FROM appointments AS a"
                " JOIN leases AS l ON l.appointment_id = a.id JOIN meetings AS m ON m.lease_id = l.id"
                " WHERE a.link = 'ready' AND m.state = 'created'"
            )
        ).all()
    assert len({row.id for row in ours}) == len(ours) == count, f"{len(ours)} links for {count} appointments"
    on_zoom = Counter(str(meeting["id"]) for meeting in place.sandbox.meetings())
    assert on_zoom == Counter(row.zoom_meeting_id for row in ours), "the practice Zoom has other meetings than we"
    mailed = Counter(address for mail in place.sandbox.mail_envelopes() for address in mail["to"])
    assert mailed == Counter(row.client_email for row in ours), "a client has no mail, or several"
