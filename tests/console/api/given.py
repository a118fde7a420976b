"""Two locations with one of everything, so that every route has something to be about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from console.api.docs.examples import Id
from core.clock import utcnow
from core.db.models import Appointment, Base, Calendar, HookEndpoint, Message, Seat
from core.domain.states import Channel
from core.services.calendars import add_calendar
from core.services.locations import find_location
from tests.world import TEST, World


@dataclass(frozen=True)
class Place:
    """A location and the ids of what it has, by the words with which routes name them."""

    name: str
    ids: Mapping[str, int]
    words: tuple[str, ...]  # what stands nowhere else: names, addresses and ids of its own

    def id_of(self, noun: str) -> int:
        """The id of its *noun*, such as `APPOINTMENT`."""
        assert noun in self.ids, f"A route is about some {noun}: say in tests/console/api/given.py how to make one."
        return self.ids[noun]


def furnish(world: World, name: str, word: str) -> Place:
    """A location whose every name holds *word*: an opened appointment with its mail, and one that is moved about."""
    world.location(name, accounts=2)  # the second one stays idle, and is the seat that is moved or taken back
    with world.parts.sessions.begin() as session:
        place = find_location(session, name)
        add_calendar(
            session, location=place, name=f"Calendar {word}", meeting_location="zoom", actor=TEST, now=utcnow()
        )
    world.book(f"{word}-1", location=name, calendar=f"Calendar {word}")
    world.run()
    world.book(f"{word}-2", location=name, calendar=f"Calendar {word}", starts_in=timedelta(days=3))
    with world.parts.sessions.begin() as session:
        about = {"location_id": place.id}
        endpoint = HookEndpoint(
            **about, url=f"https://{word.lower()}.hooks.test/in", secret=world.parts.vault.encrypt("-"), created_by=TEST
        )
        session.add(endpoint)
        session.flush()
        session.add(_failed_hook(place.id, endpoint))
    return Place(name, _ids(world, place.id), (name, word, word.lower(), *_links(world, place.id)))


def _failed_hook(location_id: int, endpoint: HookEndpoint) -> Message:
    now = utcnow()
    return Message(
        location_id=location_id,
        endpoint_id=endpoint.id,
        dedupe_key=f"hook:{endpoint.id}:0",
        channel=Channel.HOOK,
        kind="appointment.booked",
        priority=2,
        recipient=endpoint.url,
        payload={"event_id": 0, "at": now.isoformat(), "actor": TEST, "account_id": None, "detail": {}},
        status="failed",
        next_attempt_at=now,
        message_id=f"zp-{endpoint.id}",
        created_at=now,
    )


def _ids(world: World, location_id: int) -> dict[str, int]:
    with world.parts.sessions() as session:

        def last(column: Any, *where: Any) -> int:
            table = column.class_
            found = session.scalar(sa.select(sa.func.max(column)).where(table.location_id == location_id, *where))
            assert found is not None, column
            return int(found)

        return {
            "LOCATION": location_id,
            "CALENDAR": last(Calendar.id),
            "SEAT": last(Seat.id),
            "APPOINTMENT": last(Appointment.id, Appointment.link == "ready"),
            "MESSAGE": last(Message.id, Message.channel == Channel.MAIL),
            "HOOK": last(HookEndpoint.id),
            "DELIVERY": last(Message.id, Message.channel == Channel.HOOK),
        }


def _links(world: World, location_id: int) -> list[str]:
    return [meeting.join_url for meeting in world.meetings(location_id=location_id) if meeting.join_url]


def rows(world: World) -> dict[str, list[Any]]:
    """Everything that the database holds; of keys not when they were used last."""
    found: dict[str, list[Any]] = {}
    with world.parts.sessions() as session:
        for table in Base.metadata.sorted_tables:
            columns = [column for column in table.columns if column.name != "last_used_at"]
            found[table.name] = sorted(map(str, session.execute(sa.select(*columns)).all()))
    return found


Fill = Callable[[str], int]


def filled(value: Any, id_of: Fill) -> Any:
    """An example with ids in place of what stands for them."""
    if isinstance(value, Id):
        return id_of(value.of)
    if isinstance(value, dict):
        return {name: filled(each, id_of) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, id_of) for each in value]
    return value
