"""The lives of appointments on the page Sandbox: where each is, and the buttons that let it go on.

The coloured button is the next step; from the booking to the cooldown of the account there is always one, or a word
for what has to be waited for.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from console.database import sessions
from console.look import ACCOUNT, LINK, plain
from console.moments import clock, span, until
from console.practice_buttons import command, meeting_command
from console.practice_zoom import PracticeZoom
from console.who import require
from console.words import reason
from core.clock import utcnow
from core.db.read.practice import Life
from core.domain import states
from core.domain.roles import Permission
from core.domain.states import Link
from core.services.practice import Until, let_time_pass
from core.settings import get_settings
from core.wiring import wiring

JSON = dict[str, Any]
TIME = {
    Until.DUE: ("Let its link be due", "The link of {0} is due: it is made and mailed within half a minute."),
    Until.START: ("Let it begin", "{0} begins now. Its link stays."),
    Until.END: ("Let its time end", "The time of {0} is over."),
    Until.RESTED: ("End its cooldown", "The account of {0} has cooled down: it is free within half a minute."),
}
AFTER = (states.Lease.PROCESSING, states.Lease.COOLDOWN, states.Lease.CLOSING)
UNOPENED = {  # after why, where a reason is known
    Link.NOT_DUE: "Its link is due: it is made within half a minute.",
    Link.OPENING: "Its meeting is being made.",
    Link.WAITING: "It waits.",
    Link.FAILED: "Press Retry on its page, or on Health.",
}


@dataclass(frozen=True)
class Room:
    """The meeting of an appointment on the practice Zoom: how many are inside, and its last recording's state."""

    meeting: JSON
    inside: int
    recording: str | None


def room_of(meeting: JSON) -> Room:
    """Of a meeting as the practice Zoom tells of it."""
    inside = sum(
        person["left_at"] is None
        for instance in meeting["instances"]
        if instance["ended_at"] is None
        for person in instance["participants"]
    )
    recordings = [each["state"] for each in meeting["recordings"]]
    return Room(meeting, inside, recordings[-1] if recordings else None)


def life_row(zoom: PracticeZoom, life: Life, room: Room | None, now: datetime) -> None:
    """One appointment: which, how far it is, what is next, and its buttons."""
    following = next_step(life, room, now)
    with st.container(gap=None, key=f"life_{life.external_id}_{life.location_id}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{plain(life.external_id)}**", width="content")
            st.markdown(pill(life), width="content")
            st.space("stretch")
            for each in time_steps(life, now):
                _time_button(life, each, primary=following == each)
            if room is not None:
                _meeting_buttons(zoom, life, room, following)
        about = [life.location, span(life.starts_at, life.ends_at, life.zone, now=now), _relative(life, now)]
        about += [life.account.partition("@")[0]] if life.account else []
        st.markdown(f":small[:gray[{plain(' · '.join(about))}]]  \n:small[{plain(where_it_is(life, room, now))}]")


def pill(life: Life) -> str:
    """How far it is: its account's word once it has one, else its link's."""
    if life.lease_state is not None:
        return ACCOUNT[life.lease_state].pill
    return LINK[Link(life.link)].pill


def time_steps(life: Life, now: datetime) -> list[Until]:
    """Up to what time can pass for it now: the next thing only, for what comes after that depends on it."""
    if life.rests_until is not None and life.rests_until > now:
        return [Until.RESTED]
    if life.status != states.Appointment.BOOKED or life.ends_at <= now:
        return []
    if wiring().hours.due_from(life.starts_at) > now:
        return [Until.DUE]
    if life.link in (Link.NOT_DUE, Link.OPENING):
        return []  # it is on its way, and would be late
    return [Until.START if life.starts_at > now else Until.END]


def next_step(life: Life, room: Room | None, now: datetime) -> Until | str | None:
    """What lets its life go on: time that passes, or what people do in its meeting; None: nothing but waiting."""
    steps = time_steps(life, now)
    if Until.DUE in steps or Until.RESTED in steps:
        return steps[0]
    if room is None or life.lease_state is None:
        return None
    if life.lease_state == states.Lease.PROCESSING:
        return "finish-recording" if room.recording == "processing" else None
    if Until.START in steps:
        return Until.START
    if room.inside:
        return "leave"
    held = bool(room.meeting["instances"])
    if life.lease_state == states.Lease.READY and not held:
        return "join"
    return steps[0] if steps and held else None


def where_it_is(life: Life, room: Room | None, now: datetime) -> str:
    """What happens next, in a sentence or two; and who is inside."""
    if life.lease_state in AFTER:
        return _after_its_meeting(life, room)
    if life.link != Link.READY:
        due = wiring().hours.due_from(life.starts_at)
        if life.link == Link.NOT_DUE and due > now:
            return f"Its link is made {until(due, now=now)}."
        why = f"{reason(life.reason).what} " if life.reason else ""
        return why + UNOPENED.get(Link(life.link), "")
    inside = f"{room.inside} inside. " if room is not None and room.inside else ""
    if life.starts_at > now:
        return f"{inside}Its link is out. Who leaves before the start has only tried it out."
    if life.ends_at <= now:
        return f"{inside}Its time is over. It ends when everybody has left."
    if room is not None and room.meeting["instances"]:
        return (
            f"{inside}It goes on until everybody has left."
            if inside
            else "Everybody has left. Somebody may come back until its time is over."
        )
    return "It has begun, and nobody has come yet."


def _after_its_meeting(life: Life, room: Room | None) -> str:
    if life.lease_state == states.Lease.CLOSING:
        return "Its meeting is being deleted on Zoom; then its account is free."
    if life.lease_state == states.Lease.COOLDOWN:
        if life.rests_until is None:
            return "Zoom is asked whether it is really over; then its account cools down."
        return f"Its account cools down until {clock(life.rests_until, life.zone, seconds=True)}, then it is free."
    if room is not None and room.recording == "processing":
        return "It is over. Zoom processes its recording."
    return "It is over, and its recording is awaited."


def _relative(life: Life, now: datetime) -> str:
    if life.starts_at > now:
        return f"starts {until(life.starts_at, now=now)}"
    return f"began {until(life.starts_at, now=now)}" if life.ends_at > now else f"over {until(life.ends_at, now=now)}"


def _time_button(life: Life, step: Until, *, primary: bool) -> None:
    label, said = TIME[step]

    def do() -> None:
        who = require(Permission.DRIVE_SANDBOX, life.location_id)
        with sessions().begin() as session:
            let_time_pass(
                session,
                life.id,
                step,
                mode=get_settings().mode,
                hours=wiring().hours,
                actor=who.actor,
                role=who.role,
                now=utcnow(),
            )

    command(
        label,
        f"{step}_{life.id}",
        said.format(life.external_id),
        do,
        location_id=life.location_id,
        type="primary" if primary else "secondary",
    )


def _meeting_buttons(zoom: PracticeZoom, life: Life, room: Room, following: Until | str | None) -> None:
    """What people could do in its meeting now."""
    held = life.lease_state in (states.Lease.READY, states.Lease.LIVE)
    for action in [
        *(["join"] if held else []),
        *(["leave"] if room.inside else []),
        *(["finish-recording"] if room.recording == "processing" else []),
    ]:
        meeting_command(
            zoom,
            room.meeting,
            action,
            f"the meeting of {life.external_id}",
            life.location_id,
            primary=action == following,
        )
    with st.popover("More", key=f"more_{room.meeting['id']}"):
        st.markdown(f"**The meeting of {plain(life.external_id)}**")
        for action in [*(["end"] if room.meeting["state"] == "started" else []), "delete"]:
            meeting_command(zoom, room.meeting, action, f"the meeting of {life.external_id}", life.location_id)
