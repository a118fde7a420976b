"""What tests of faults share: aiming faults, runs that come later, and the promise that everything was made once."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from core.clock import utcnow
from core.db.models import Appointment
from core.services.closing import settle_owed
from tests.world import World

CREATE = {"method": "POST", "path_regex": "/users/me/meetings$"}
LIST = {"method": "GET", "path_regex": "/users/me/meetings$"}
CREATE_ROUTE = "POST /v2/users/{user_id}/meetings"
TICK = timedelta(seconds=11)  # put back for ten seconds: the next tick tries again
CLAIM_EXPIRED = timedelta(seconds=46)


def after(pause: timedelta) -> datetime:
    """The time *pause* from now."""
    return utcnow() + pause


def seat(number: int) -> str:
    """The address of a location's first, second ... account; they are idle in this order, the first the longest."""
    return f"seat{number}@harbour-clinic.test"


def user_id(world: World, number: int) -> str:
    """The Zoom user behind a seat, at which a fault can be aimed."""
    [account] = world.accounts(email=seat(number))
    return str(account.zoom_user_id)


def book_many(world: World, count: int, *, prefix: str = "A", **where: Any) -> list[str]:
    """That many due appointments, each a second after the one before; returns their ids."""
    names = [f"{prefix}-{number}" for number in range(1, count + 1)]
    for number, name in enumerate(names):
        world.book(name, starts_in=timedelta(minutes=9, seconds=number), **where)
    return names


def outcomes(world: World, **when: datetime) -> dict[str, str]:
    """Run once; what became of each appointment in the end."""
    return {each.external_id: each.outcome for each in world.run(**when)}


def settled(world: World, *, later: timedelta = timedelta(0)) -> list[str]:
    """What a settling run comes to, *later* from now."""
    parts = world.parts
    done = settle_owed(parts.sessions, parts.zoom, clock=lambda: after(later), run_id="settle")
    return [each.outcome for each in done]


def wait_until(condition: Callable[[], object], what: str, *, seconds: float = 20) -> None:
    """Look again and again until *condition* holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.02)


def everything_was_made_once(world: World, names: Sequence[str]) -> None:
    """Each appointment has its link; there is one meeting on Zoom, ours, and one mail for each, and nothing else."""
    appointments = {a.external_id: a for a in world.all(Appointment)}
    assert {name: appointments[name].link for name in names} == dict.fromkeys(names, "ready")
    ours = {meeting.zoom_meeting_id: meeting for meeting in world.meetings(state="created")}
    assert {str(meeting["id"]) for meeting in world.zoom_meetings()} == set(ours)
    assert len(ours) == len(names)
    mails = world.sandbox.mail()
    assert sorted(mail["to"][0] for mail in mails) == sorted(f"{name.lower()}@clients.test" for name in names)
    assert {message.status for message in world.messages()} == {"sent"}
    for mail in mails:
        assert sum(str(meeting.join_url) in mail["text"] for meeting in ours.values()) == 1
