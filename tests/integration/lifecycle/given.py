"""A meeting's life at any speed: the practice Zoom and the product share a clock that the test moves."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from core.clock import utcnow
from core.db.models import Appointment, Lease, Meeting, MeetingInstance, Recording
from core.services.closing import settle_owed
from core.services.inbox.notice import read_notice
from core.services.inbox.receive import receive
from core.services.lifecycle.ask import Asked, ask_about
from core.services.lifecycle.tick import Ticked, tick
from core.services.recordings.collect import collect_recordings
from core.services.recordings.finished import delete_finished
from tests.world import World

NOWHERE = "http://127.0.0.1:9/webhooks/zoom"  # events are held back and brought by the test itself
MINUTE = timedelta(minutes=1)


class Life:
    """Moves time, lets people come and go, brings Zoom's events, and runs what sensor and runs would."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.offset = timedelta(0)
        self.brought = 0
        world.sandbox.configure(webhook_url=NOWHERE, webhook_secret="test", webhooks_hold=True)

    @property
    def now(self) -> datetime:
        """The time that everything goes by."""
        return utcnow() + self.offset

    def clock(self) -> datetime:
        """`now`, for services that ask anew."""
        return self.now

    def until(self, moment: datetime) -> None:
        """Let time pass until *moment*; the practice Zoom does what is due by then."""
        self.offset = moment - utcnow()
        self.world.sandbox.configure(clock_offset_seconds=self.offset.total_seconds())
        self.world.sandbox.tick()

    def opened(self, external_id: str = "A-1", *, minutes: int = 30, accounts: int = 1) -> Appointment:
        """A location, and an appointment of that length with its link."""
        self.world.location(accounts=accounts)
        self.world.book(external_id, minutes=minutes)
        self.world.run()
        return self.world.appointment(external_id)

    def bring(self, *, copies: int = 1, order: Callable[[list[bytes]], None] | None = None, only: str = "") -> None:
        """Let the events that Zoom has sent since arrive; *order* may change the list in place."""
        events = [each for each in self.world.sandbox.webhooks() if each["number"] > self.brought]
        self.brought = max([each["number"] for each in events], default=self.brought)
        bodies = [each["body"].encode() for each in events if only in each["event"]] * copies
        if order is not None:
            order(bodies)
        for body in bodies:
            with self.world.parts.sessions.begin() as session:
                receive(session, [read_notice(body, now=self.now)], vault=self.world.parts.vault, now=self.now)

    def lose(self) -> None:
        """Let the events that Zoom has sent since be lost."""
        self.brought = max([each["number"] for each in self.world.sandbox.webhooks()], default=self.brought)

    def tick(self) -> Ticked:
        """What the lifecycle sensor does."""
        parts = self.world.parts
        return tick(
            parts.sessions,
            vault=parts.vault,
            rules=parts.rules,
            hours=parts.hours,
            delete_when_finished=parts.settings.delete_finished_meetings,
            clock=self.clock,
        )

    def ask(self) -> list[Asked]:
        """What the first op of a settling run does."""
        parts = self.world.parts
        return ask_about(parts.sessions, parts.zoom, rules=parts.rules, clock=self.clock, run_id="settle")

    def settle(self) -> None:
        """A settling run."""
        parts = self.world.parts
        self.ask()
        collect_recordings(parts.sessions, parts.zoom, parts.vault, clock=self.clock, run_id="settle")
        with parts.sessions.begin() as session:
            delete_finished(session, now=self.now, enabled=parts.settings.delete_finished_meetings)
        settle_owed(parts.sessions, parts.zoom, clock=self.clock, run_id="settle")

    def go_on(self, minutes: float = 0, *, deaf: bool = False) -> None:
        """Let time pass, bring what came (unless we are *deaf*), and do all the work there is."""
        if minutes:
            self.until(self.now + minutes * MINUTE)
        if not deaf:
            self.bring()
        self.tick()
        self.settle()
        self.tick()

    @property
    def meeting_id(self) -> str:
        """The newest meeting's id on Zoom."""
        return str(self.world.meetings()[-1].zoom_meeting_id)

    @property
    def lease(self) -> Lease:
        """The newest lease as it is now."""
        found: Lease = self.world.leases()[-1]
        return found

    @property
    def meeting(self) -> Meeting:
        """The newest meeting as it is now."""
        found: Meeting = self.world.meetings()[-1]
        return found

    def instances(self) -> list[MeetingInstance]:
        """What is known of the times at which meetings were held."""
        return self.world.all(MeetingInstance)

    def recordings(self) -> list[Recording]:
        """The recordings, sought or found."""
        return self.world.all(Recording)

    def held(self, *, begin: datetime, end: datetime, guests: int = 2) -> None:
        """A meeting with guests from *begin* to *end*."""
        self.until(begin)
        here = [self.world.sandbox.join(self.meeting_id, f"Guest {number}") for number in range(guests)]
        self.until(end)
        for guest in here:
            self.world.sandbox.leave(self.meeting_id, guest)


def shuffled(seed: int) -> Callable[[list[bytes]], None]:
    """An order for events that is none."""
    return random.Random(seed).shuffle
