"""Whole days at random on PostgreSQL and the practice Zoom: whatever happens and whatever is heard, nothing leaks."""

import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.db.models import Appointment
from core.errors import Conflict
from core.services.cancel import cancel
from core.services.reschedule import reschedule
from tests.integration.lifecycle.given import MINUTE, Life
from tests.world import TEST

DAYS = 100
HOURS = 2.5
FINAL = {"completed", "no_show", "cancelled", "missed"}
LOCATION = "Harbour Clinic"

# Each finds what must never be; none of them needs to know how it came about.
NEVER = {
    "two leases overlap on an account": """
        SELECT a.id, b.id FROM leases AS a JOIN leases AS b ON b.account_id = a.account_id AND b.id > a.id
        WHERE tstzrange(a.reserved_at, a.released_at) && tstzrange(b.reserved_at, b.released_at)""",
    "an account is held for an appointment that is none": """
        SELECT l.id FROM leases AS l JOIN appointments AS a ON a.id = l.appointment_id
        WHERE l.released_at IS NULL AND l.state IN ('reserved', 'ready') AND a.status <> 'booked'
          AND l.look_at IS NULL""",
    "a lease that nobody will look at again": """
        SELECT l.id FROM leases AS l
        WHERE l.released_at IS NULL AND l.state IN ('ready', 'live', 'processing', 'cooldown')
          AND l.look_at IS NULL AND l.ask_at IS NULL""",
    "a closing lease without a duty": """
        SELECT l.id FROM leases AS l WHERE l.state = 'closing' AND l.released_at IS NULL
          AND NOT EXISTS (SELECT FROM meetings AS m WHERE m.lease_id = l.id AND m.state IN ('deleting', 'unknown'))""",
    "a link without a meeting": """
        SELECT a.id FROM appointments AS a WHERE a.link = 'ready' AND a.status = 'booked'
          AND NOT EXISTS (SELECT FROM leases AS l JOIN meetings AS m ON m.lease_id = l.id
                          WHERE l.appointment_id = a.id AND l.revision = a.revision AND m.state = 'created')""",
    "a recording that nobody seeks": """
        SELECT r.id FROM recordings AS r WHERE r.outcome = 'sought' AND r.next_attempt_at IS NULL""",
}


class Day:
    """One location with few accounts, many appointments, and people who do what they like."""

    def __init__(self, life: Life, seed: int) -> None:
        self.life = life
        self.random = random.Random(seed)
        self.names: list[str] = []
        life.world.sandbox.configure(processing_seconds=self.random.choice([60, 400, 3000]))

    def book(self) -> None:
        """Somebody books, at short notice or not."""
        name = f"A-{len(self.names) + 1}"
        self.names.append(name)
        starts_in = self.life.offset + timedelta(minutes=self.random.uniform(2, 40))
        self.life.world.book(name, starts_in=starts_in, minutes=self.random.choice([10, 20, 30]), booked=self.life.now)

    def people(self) -> None:
        """On each meeting that there is, somebody may come or go."""
        sandbox = self.life.world.sandbox
        for meeting in self.life.world.zoom_meetings():
            inside = [p for each in meeting["instances"][-1:] for p in each["participants"] if not p["left_at"]]
            chance = self.random.random()
            if inside and chance < 0.45:
                sandbox.leave(meeting["id"], self.random.choice(inside)["user_id"])
            elif not inside and chance < 0.3 and not any(self._busy(meeting["host_id"])):
                sandbox.join(meeting["id"])

    def _busy(self, host_id: str) -> list[bool]:
        meetings = self.life.world.zoom_meetings()
        return [each["state"] == "started" for each in meetings if each["host_id"] == host_id]

    def change(self) -> None:
        """Somebody cancels or moves an appointment; refusals are answers too."""
        parts, name = self.life.world.parts, self.random.choice(self.names)
        about = {"location": LOCATION, "external_id": name, "actor": TEST, "clock": self.life.clock}
        end_meeting = self.random.random() < 0.3
        try:
            if self.random.random() < 0.5:
                cancel(parts.sessions, parts.zoom, **about, end_meeting=end_meeting)
                return
            start = self.life.now + timedelta(minutes=self.random.uniform(1, 40))
            again = {"starts_at": start, "ends_at": start + 20 * MINUTE, "hours": parts.hours}
            reschedule(parts.sessions, parts.zoom, **about, **again, end_meeting=end_meeting)
        except Conflict:
            pass

    def portal(self) -> None:
        """Somebody deletes a meeting in Zoom's own pages."""
        waiting = [each for each in self.life.world.zoom_meetings() if each["state"] == "waiting"]
        if waiting:
            self.life.world.sandbox.delete_meeting(self.random.choice(waiting)["id"])

    def hear(self) -> None:
        """What Zoom sent is heard never, once or three times, in any order."""
        match self.random.choice(["lost", "once", "once", "thrice"]):
            case "lost":
                self.life.lose()
            case "once":
                self.life.bring(order=self.random.shuffle)
            case "thrice":
                self.life.bring(copies=3, order=self.random.shuffle)

    def step(self) -> None:
        """Some minutes."""
        self.life.until(self.life.now + timedelta(minutes=self.random.uniform(0.3, 6)))
        for act, chance in ((self.book, 0.35), (self.people, 0.9), (self.change, 0.12), (self.portal, 0.03)):
            if (act != self.change or self.names) and self.random.random() < chance:
                act()
        if self.random.random() < 0.8:
            self.hear()
        self.life.tick()
        if self.random.random() < 0.8:
            self.life.world.run(now=self.life.now)
        if self.random.random() < 0.7:
            self.life.settle()
        self.check()

    def check(self) -> None:
        """What must hold after every step."""
        with self.life.world.parts.sessions() as session:
            found = {what: session.execute(sa.text(sql)).all() for what, sql in NEVER.items()}
        assert not any(found.values()), found

    def rest(self) -> None:
        """Everybody goes home; then the product alone puts things in order."""
        for meeting in self.life.world.zoom_meetings():
            self.life.world.sandbox.end_meeting(meeting["id"])
        for hours in (0.5, 0.5, 1, 1, 2, 4, 12, 24, 24, 24):
            self.life.until(self.life.now + timedelta(hours=hours))
            for _ in range(2):
                self.life.tick()
                self.life.world.run(now=self.life.now)
                self.life.settle()
            self.check()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(DAYS))
def test_a_random_day_leaves_nothing_behind(life: Life, seed: int) -> None:
    """No overlap, no account held without a reason, every appointment in a final state, and nothing left on Zoom."""
    life.world.location(accounts=3)
    day = Day(life, seed)
    end = life.now + timedelta(hours=HOURS)
    while life.now < end:
        day.step()
    day.rest()

    assert {each.status for each in life.world.all(Appointment)} <= FINAL
    assert {each.state for each in life.world.leases()} <= {"released"}
    assert {each.outcome for each in life.recordings()} <= {"attached", "none_made"}
    assert life.world.zoom_meetings() == []
    assert {each.state for each in life.world.meetings()} <= {"gone"}
