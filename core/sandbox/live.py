"""How a meeting is held: every start, join, leave and end of an instance is made here and nowhere else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from core.sandbox import events, recordings
from core.sandbox.records import Instance, Meeting, Participant, User
from core.sandbox.tokens import new_uuid

if TYPE_CHECKING:
    from core.sandbox.world import World

# Zoom numbers the people of an instance from here, in steps; only their being strings is certain.
_FIRST_USER_ID = 16_778_240
_USER_ID_STEP = 1_024


class CannotStart(Exception):
    """A meeting that cannot begin now; the message is what the person who tries it reads."""


class NobodyThere(Exception):
    """Who should leave is not inside."""


def start(world: World, meeting: Meeting) -> Instance:
    """Begin an instance, in which nobody is yet; one that runs goes on.

    Raises CannotStart while the host is in another meeting: Zoom allows him one at a time.
    """
    if meeting.deleted_at is not None:
        raise CannotStart("This meeting has been deleted.")
    if meeting.running:
        return meeting.running
    if any(other.running for other in world.meetings_of[meeting.host_id].values()):
        raise CannotStart("The host has another meeting in progress.")
    instance = Instance(uuid=new_uuid(), started_at=world.now())
    meeting.instances.append(instance)
    meeting.uuid = instance.uuid
    world.store.put(meeting)
    events.meeting_held(world, "meeting.started", meeting, instance)
    if meeting.settings["auto_recording"] == "cloud" and not world.config.recording_storage_full:
        recordings.begin(world, meeting, instance)
    return instance


def start_as_guest(world: World, meeting: Meeting) -> Instance:
    """Let a guest begin the meeting. Raises CannotStart where its settings make him wait for the host."""
    early = datetime.fromisoformat(meeting.start_time) - timedelta(minutes=meeting.settings["jbh_time"])
    if not meeting.running and meeting.deleted_at is None:
        if not meeting.settings["join_before_host"] or meeting.settings["waiting_room"]:
            raise CannotStart("Please wait, the host will let you in.")
        if meeting.settings["jbh_time"] and world.utcnow() < early:
            raise CannotStart(f"This meeting opens at {early:%H:%M} UTC.")
    return start(world, meeting)


def join(
    world: World,
    meeting: Meeting,
    *,
    name: str = "Guest",
    email: str = "",
    user: User | None = None,
    autopilot: bool = False,
) -> Participant:
    """Somebody comes in: *user* with his Zoom account, otherwise a guest called *name*.

    Who comes first begins the instance, where the meeting lets him: the host at any time. Raises CannotStart.
    """
    as_host = user is not None and user.id == meeting.host_id
    instance = start(world, meeting) if as_host else start_as_guest(world, meeting)
    person = Participant(
        user_id=str(_FIRST_USER_ID + _USER_ID_STEP * len(instance.participants)),
        name=user.display_name if user else name,
        uuid=new_uuid(),
        joined_at=world.now(),
        zoom_user_id=user.id if user else "",
        email=user.email if user else email,
        autopilot=autopilot,
    )
    instance.participants.append(person)
    world.store.put(meeting)
    events.participant_joined(world, meeting, instance, person)
    return person


def leave(world: World, meeting: Meeting, user_id: str | None = None) -> None:
    """Somebody goes: *user_id*, or who came first. The last one's leaving ends the instance, as on Zoom.

    Raises NobodyThere.
    """
    instance = meeting.running
    inside = instance.inside if instance else []
    person = next((person for person in inside if user_id in (None, person.user_id)), None)
    if instance is None or person is None:
        raise NobodyThere("nobody is in this meeting" if user_id is None else f"{user_id} is not in this meeting")
    _go(world, meeting, instance, person, "left the meeting")
    if not instance.inside:
        end(world, meeting)


def end(world: World, meeting: Meeting) -> None:
    """End the running instance, if there is one, for all who are in it. The next start gets a UUID of its own."""
    instance = meeting.running
    if instance is None:
        return
    for person in instance.inside:
        _go(world, meeting, instance, person, "Host ended the meeting.")
    instance.ended_at = world.now()
    meeting.uuid = new_uuid()
    world.store.put(meeting)
    recordings.close(world, meeting, instance)
    events.meeting_held(world, "meeting.ended", meeting, instance)


def _go(world: World, meeting: Meeting, instance: Instance, person: Participant, reason: str) -> None:
    person.left_at = world.now()
    world.store.put(meeting)
    events.participant_left(world, meeting, instance, person, reason)
