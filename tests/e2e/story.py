"""What tests of the whole product ask again and again: where a lease is, what was noted, who was written to."""

import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from core.db.models import Event, Lease, Meeting, Recording
from core.settings import PRACTICE_OPERATIONS
from tests.e2e.leftovers import until
from tests.world import World

JSON = dict[str, Any]
SECONDS = 120.0  # ticks and runs take ten; the rest is for a machine with other things to do
AT_ONCE = timedelta(seconds=6)


class Story:
    """One appointment at a location of its own, with one account, in a product that runs."""

    def __init__(self, world: World, location: str, *, starts_in: timedelta = AT_ONCE) -> None:
        self.world, self.location = world, location
        self.external_id = location.split()[0].upper()
        world.location(location)
        self.appointment_id = world.book(self.external_id, location=location, starts_in=starts_in).id

    @property
    def client(self) -> str:
        """Where its mails go."""
        return f"{self.external_id.lower()}@clients.test"

    @property
    def leases(self) -> list[Lease]:
        """Its leases, oldest first."""
        return self.world.leases(appointment_id=self.appointment_id)

    @property
    def meeting(self) -> Meeting:
        """Its newest meeting."""
        return self.world.meetings(lease_id=self.leases[-1].id)[-1]

    @property
    def zoom_id(self) -> str:
        """Its newest meeting's id on Zoom."""
        assert self.meeting.zoom_meeting_id
        return self.meeting.zoom_meeting_id

    @property
    def recordings(self) -> list[Recording]:
        """What was looked for."""
        return self.world.all(Recording, appointment_id=self.appointment_id)

    @property
    def timeline(self) -> list[str]:
        """The kinds of everything that happened, in the order in which it was written down."""
        return [event.kind for event in self.world.all(Event, appointment_id=self.appointment_id)]

    @property
    def on_zoom(self) -> list[JSON]:
        """The meetings that are there under this location's account."""
        [account] = self.world.accounts(location_id=self.leases[-1].location_id)
        return [each for each in self.world.zoom_meetings() if each["host_email"] == account.email]

    def mails(self, *, count: int = 1) -> list[JSON]:
        """The client's mails, as soon as there are *count*."""
        found = self.world.sandbox.wait_for_mail(self.client, count=count, seconds=SECONDS)
        assert len(found) == count
        return found

    def until_lease(self, state: str, *, seconds: float = SECONDS) -> Lease:
        """The lease, once it is in *state*."""
        until(lambda: [lease.state for lease in self.leases] == [state], seconds, f"{self.external_id} is {state}")
        return self.leases[0]

    def held(self, *, past_start: bool = True) -> None:
        """Two people come in and leave; *past_start*: in earnest, after the appointment has begun."""
        sandbox, zoom_id = self.world.sandbox, self.zoom_id
        guests = [sandbox.join(zoom_id, name) for name in ("The client", "The doctor")]
        if past_start:
            self.until_started()
        for guest in guests:
            sandbox.leave(zoom_id, guest)

    def until_started(self) -> None:
        """Wait for the start of the appointment, by the database's clock."""
        started = sa.text("SELECT starts_at < now() - interval '1 second' FROM appointments WHERE id = :id")
        with self.world.parts.sessions() as session:
            until(
                lambda: session.scalar(started, {"id": self.appointment_id}) or session.rollback(), SECONDS, "it begins"
            )


def zoompool(*arguments: str) -> JSON:
    """What a command of the command line answers to a program."""
    command = [sys.executable, "-c", "from core.cli import main; main()", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    answer: JSON = json.loads(done.stdout)
    return answer


def told_operations(world: World, about: str) -> list[str]:
    """The subjects of the alerts in the practice mailbox that name *about*, oldest first."""
    return [
        mail["subject"] for mail in world.sandbox.mail(PRACTICE_OPERATIONS) if about in mail["subject"] + mail["text"]
    ]
