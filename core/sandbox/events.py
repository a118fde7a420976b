"""The events that Zoom tells of, each in its documented shape (Zoom: Meetings webhooks).

Beware of the ids: `object.id` is a text in events of a live meeting, a number where a meeting is made or deleted and
where it is recorded.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, NamedTuple

from core.sandbox.meeting_link import join_url
from core.sandbox.recording_body import download_token, file_body, minutes, recording_body
from core.sandbox.recording_records import RecordedFile, Recording, Stretch
from core.sandbox.records import JSON, Instance, Meeting, Participant, User
from core.sandbox.webhooks import emit
from core.sandbox.wire import wire_time

if TYPE_CHECKING:
    from core.sandbox.world import World


_NOT_WHEN_REMOVED = {"password", "recording_play_passcode", "auto_delete", "auto_delete_date"}


class Operator(NamedTuple):
    """Who did it: a person's address and user id."""

    email: str
    id: str


# -- the plan


def meeting_created(world: World, meeting: Meeting) -> None:
    """Tell of a new meeting, whoever made it."""
    names = ("use_pmi", "alternative_hosts", "join_before_host", "jbh_time")
    settings = {name: meeting.settings[name] for name in names}
    shown = {"join_url": join_url(world, meeting), "password": meeting.password, "settings": settings}
    _emit(world, "meeting.created", meeting, _planned(meeting) | shown, operator=_host(world, meeting))


def meeting_changed(world: World, event: str, meeting: Meeting, operator: Operator | None = None) -> None:
    """`meeting.deleted` and `meeting.recovered`; done by the host unless told."""
    _emit(world, event, meeting, _planned(meeting), operator=operator or _host(world, meeting))


# -- live


def meeting_held(world: World, event: str, meeting: Meeting, instance: Instance) -> None:
    """`meeting.started` and `meeting.ended`."""
    ended = {} if instance.ended_at is None else {"end_time": wire_time(instance.ended_at)}
    _emit(world, event, meeting, _held(meeting, instance) | ended)


def participant_joined(world: World, meeting: Meeting, instance: Instance, person: Participant) -> None:
    """Somebody came in; *id* and e-mail are empty for guests."""
    told = {
        "user_id": person.user_id,
        "user_name": person.name,
        "id": person.zoom_user_id,
        "participant_uuid": person.uuid,
        "join_time": wire_time(person.joined_at),
        "email": person.email,
        "registrant_id": "",
        "participant_user_id": person.zoom_user_id,
        "customer_key": "",
        "phone_number": "",
    }
    _emit(world, "meeting.participant_joined", meeting, _held(meeting, instance) | {"participant": told})


def participant_left(world: World, meeting: Meeting, instance: Instance, person: Participant, reason: str) -> None:
    """Somebody went."""
    told = {
        "user_id": person.user_id,
        "user_name": person.name,
        "participant_uuid": person.uuid,
        "leave_time": wire_time(person.left_at or world.now()),
        "leave_reason": f"{person.name} {reason}" if reason.startswith("left") else reason,
        "email": person.email,
    }
    _emit(world, "meeting.participant_left", meeting, _held(meeting, instance) | {"participant": told})


# -- recordings


def recording_changed(world: World, event: str, meeting: Meeting, instance: Instance, stretch: Stretch) -> None:
    """`recording.started` and `recording.stopped`."""
    ended_at = stretch.ended_at
    file = {
        "recording_start": wire_time(stretch.started_at),
        "recording_end": "" if ended_at is None else wire_time(ended_at),
    }
    duration = 0 if ended_at is None else minutes(ended_at - stretch.started_at)
    shown = {"id": meeting.id, "duration": duration, "recording_file": file}
    _emit(world, event, meeting, _held(meeting, instance) | shown)


def recording_completed(world: World, event: str, recording: Recording, files: list[RecordedFile]) -> None:
    """`recording.completed` and `recording.transcript_completed`, each with the *files* that are new."""
    meeting = world.meetings[recording.meeting_id]
    shown = recording_body(world, recording, files) | {
        "type": meeting.type,
        "host_email": _host(world, meeting).email,
        "on_prem": False,
        "recording_files": [
            file_body(world, recording, file) | {"file_name": f"{meeting.topic}.{file.extension.lower()}"}
            for file in files
        ],
    }
    _emit(world, event, meeting, shown, top={"download_token": download_token(world, recording)})


def recording_removed(world: World, event: str, recording: Recording, operator: Operator | None = None) -> None:
    """`recording.trashed`, `recording.deleted` and `recording.recovered`, which tell less than the completion."""
    meeting = world.meetings[recording.meeting_id]
    body = recording_body(world, recording) | {"type": meeting.type}
    shown = {name: told for name, told in body.items() if name not in _NOT_WHEN_REMOVED}
    _emit(world, event, meeting, shown, operator=operator or _host(world, meeting))


# -- the app


def app_deauthorized(world: World, user: User) -> None:
    """The user removed the app. Zoom tells published apps only."""
    moment = wire_time(world.now()).removesuffix("Z") + ".000Z"
    secret = world.options.client_secret.encode()
    payload = {
        "account_id": user.account_id,
        "user_id": user.id,
        "client_id": world.options.client_id,
        "deauthorization_time": moment,
        "signature": hmac.new(secret, f"{user.id}{moment}".encode(), hashlib.sha256).hexdigest(),
    }
    emit(world, "app_deauthorized", payload)


# -- shapes


def _planned(meeting: Meeting) -> JSON:
    return {
        "uuid": meeting.uuid,
        "id": meeting.id,
        "host_id": meeting.host_id,
        "topic": meeting.topic,
        "type": meeting.type,
        "start_time": meeting.start_time,
        "duration": meeting.duration,
        "timezone": meeting.timezone,
    }


def _held(meeting: Meeting, instance: Instance) -> JSON:
    shown = {"id": str(meeting.id), "uuid": instance.uuid, "start_time": wire_time(instance.started_at)}
    return _planned(meeting) | shown


def _host(world: World, meeting: Meeting) -> Operator:
    host = world.users.get(meeting.host_id)
    return Operator(host.email if host else "", meeting.host_id)


def _emit(
    world: World,
    event: str,
    meeting: Meeting,
    shown: JSON,
    *,
    operator: Operator | None = None,
    top: JSON | None = None,
) -> None:
    host = world.users.get(meeting.host_id)
    payload: JSON = {"account_id": host.account_id if host else ""}
    if operator is not None:
        payload |= {"operator": operator.email, "operator_id": operator.id}
    emit(world, event, payload | {"object": shown}, top)
