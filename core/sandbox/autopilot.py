"""The sandbox's own clock: recordings are processed and, with the autopilot on, people come to meetings and leave."""

from __future__ import annotations

import asyncio
import traceback
from datetime import datetime
from typing import TYPE_CHECKING

from core.sandbox import live, recordings
from core.sandbox.live import CannotStart
from core.sandbox.records import Meeting

if TYPE_CHECKING:
    from core.sandbox.world import World

WAKE_SECONDS = 0.5
# Nobody comes to a meeting that should have begun longer ago, such as one planned before a long stop.
LATEST_SECONDS = 900
PEOPLE = ("Practitioner", "Client")


async def run(world: World) -> None:
    """Wake and do what is due, until cancelled."""
    while True:
        await asyncio.sleep(WAKE_SECONDS)
        try:
            pass_time(world)
        except Exception:  # noqa: BLE001 - a fault in one step must not stop the clock; the log tells
            traceback.print_exc()


def pass_time(world: World) -> None:
    """Do whatever is due by the sandbox's clock."""
    if world.config.autopilot:
        planned = [meeting for meeting in world.meetings.values() if meeting.source == "open_api"]
        for number, meeting in enumerate(planned, start=1):
            _attend(world, meeting, number)
    recordings.pass_time(world)
    world.store.flush()


def _attend(world: World, meeting: Meeting, number: int) -> None:
    """Two people come to the *number*th meeting at its start, once, and leave after a while."""
    config, now = world.config, world.now()
    sent = [person for instance in meeting.instances for person in instance.participants if person.autopilot]
    for person in sent:
        if person.left_at is None and person.joined_at + config.autopilot_meeting_seconds <= now:
            live.leave(world, meeting, person.user_id)
    every = config.autopilot_no_show_every
    starts_at = datetime.fromisoformat(meeting.start_time).timestamp()
    expected = meeting.deleted_at is None and starts_at <= now < starts_at + LATEST_SECONDS
    if not expected or sent or (every and number % every == 0):
        return
    try:
        for name in PEOPLE:
            live.join(world, meeting, name=name, autopilot=True)
    except CannotStart:
        return  # the host is still elsewhere, for one: they try again
