"""When somebody who waits should get an account: planned end, the usual wait for a recording, and the rest."""

from datetime import timedelta

from core.db.read.upcoming import estimates, next_appointments
from tests.integration.lifecycle.given import MINUTE, Life


def test_an_estimate_counts_the_usual_wait_for_a_recording(life: Life) -> None:
    """The location's last recording took three minutes, so the next one is expected to."""
    first = life.opened()
    life.held(begin=first.starts_at, end=first.ends_at)
    life.go_on(minutes=3)
    life.world.sandbox.finish_recording(life.meeting_id)
    life.go_on()
    life.go_on(minutes=6)
    life.world.book("A-2", starts_in=life.offset + 9 * MINUTE)
    life.world.run(now=life.now)
    life.world.book("A-3", starts_in=life.offset + 9.5 * MINUTE)
    life.world.run(now=life.now)

    second = life.world.appointment("A-2")
    cooldown = life.world.parts.settings.cooldown
    with life.world.parts.sessions() as session:
        coming = next_appointments(session, None, now=life.now, limit=10)
        [free] = estimates(session, coming, now=life.now, cooldown=cooldown).values()

    assert free is not None
    assert abs(free - (second.ends_at + 3 * MINUTE + cooldown)) < timedelta(seconds=15)
