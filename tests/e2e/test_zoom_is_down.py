"""Zoom is down at the worst moment: the line waits without a storm of runs, and moves on as soon as Zoom is back."""

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from tests.bench.pool import book, fill
from tests.e2e.dagster_processes import Product, running
from tests.e2e.leftovers import until

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]

APPOINTMENTS = 300
WAYS_TO_BE_DOWN = ({"status": 503}, {"reset": True}, {"timeout": 60})
MINUTE = timedelta(minutes=1)


def test_three_minutes_without_zoom_make_no_storm_and_every_link_leaves_within_a_minute_of_its_return() -> None:
    """Three hundred are due when it answers 503, then resets connections, then does not answer at all."""
    with running() as product:
        place = product.installation
        fill(place.world, accounts=APPOINTMENTS)
        due = book(place, APPOINTMENTS, due_in=timedelta(seconds=30))
        for minute, fault in enumerate(WAYS_TO_BE_DOWN):
            place.sandbox.clear_faults()
            place.sandbox.fault(fault, path_regex="^/(v2|oauth)/")
            passed = due + MINUTE * (minute + 1)
            until(lambda end=passed: utcnow() >= end, 120, "the minute has passed")
        assert place.sandbox.mail_count() == 0

        place.sandbox.clear_faults()
        back = utcnow().timestamp()
        until(lambda: place.sandbox.mail_count() >= APPOINTMENTS, 180, "every link has left")

        left = sorted(mail["received_at"] - back for mail in place.sandbox.mail_envelopes())
        assert left[-1] < 60
        _assert_no_storm(product)
        _assert_each_once(product)


def _assert_no_storm(product: Product) -> None:
    """As many runs per tick as the appointments fill, none of them about a single one."""
    runs = product.dagster.runs()
    per_tick = Counter(run.tags["dagster/run_key"].rpartition(":")[0] for run in runs if run.job == "open_due_meetings")
    assert max(per_tick.values()) <= 2
    assert not [run for run in runs if run.job == "open_meeting"]
    assert not [run for run in runs if run.status == "FAILURE"]


def _assert_each_once(product: Product) -> None:
    """One meeting on Zoom and one mail per appointment."""
    place = product.installation
    with place.world.parts.sessions() as session:
        ready = session.scalar(sa.text("SELECT count(*) FROM appointments WHERE link = 'ready'"))
    agendas = Counter(meeting["agenda"] for meeting in place.world.zoom_meetings())
    mailed = Counter(address for mail in place.sandbox.mail_envelopes() for address in mail["to"])
    assert (ready, len(agendas), len(mailed)) == (APPOINTMENTS, APPOINTMENTS, APPOINTMENTS)
    assert {*agendas.values(), *mailed.values()} == {1}
