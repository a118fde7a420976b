"""Sandbox: the lives of appointments, what people do in the practice Zoom, what it does wrong, and time, by buttons."""

from datetime import datetime
from typing import Any

import streamlit as st

from console.database import sessions
from console.look import Look, plain
from console.moments import named_clock
from console.page import empty, freshness, live, location_choice
from console.practice_buttons import (
    FAULTS,
    WEBHOOKS,
    by_hand,
    clock_buttons,
    command,
    meeting_command,
    misbehaviour,
    show_said,
)
from console.practice_lives import Room, life_row, room_of
from console.practice_zoom import PracticeZoom
from console.who import Person, person
from core.clock import utcnow
from core.db.read import pool
from core.db.read.practice import Life, lives
from core.db.read.zoom_meetings import OurMeeting, our_meetings, seats_of
from core.settings import get_settings

LIVES = 15
MEETINGS = 10
SECONDS = 4  # between looks: people wait for what their buttons do
STATES = {
    "started": Look("blue", "videocam", "In progress"),
    "waiting": Look("gray", "schedule", "Not started"),
}
RECORDINGS = {
    "recording": "being recorded",
    "processing": "recording being processed",
    "completed": "recording ready",
    "trashed": "recording in the trash",
}


def show() -> None:
    """The whole page: its heading, and the panel that refreshes itself."""
    with sessions()() as session:
        places = pool.locations(session)
    place = location_choice("Sandbox", places, key="practise_at")
    show_said()
    live(lambda: panel(place), every=SECONDS)


def panel(place: pool.LocationItem | None) -> None:
    """The appointments and the meetings, and beside them what can be made to go wrong."""
    zoom, now, who = PracticeZoom(get_settings()), utcnow(), person()
    only = who.locations if place is None else [place.id]
    rooms = {str(each["id"]): room_of(each) for each in zoom.meetings()}
    with sessions()() as session:
        going_on = lives(session, only, now=now, limit=LIVES)
        ours = our_meetings(session, list(rooms))
    freshness(place.zone if place else "UTC", every=SECONDS)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        lives_card(zoom, going_on, rooms, now)
        shown = {life.zoom_meeting_id for life in going_on}
        others = [number for number in rooms if number not in shown]
        if only is not None:
            others = [number for number in others if number in ours and ours[number].location_id in only]
        meetings_card(zoom, [(rooms[number], ours.get(number)) for number in others[:MEETINGS]])
    with right:
        by_hand_card(zoom, who)
        wrong_card(zoom)
        clock_card(zoom)


def lives_card(zoom: PracticeZoom, going_on: list[Life], rooms: dict[str, Room], now: datetime) -> None:
    """The appointments whose life goes on, the first by start at the top."""
    st.header("Appointments", anchor=False)
    if not going_on:
        empty("event_available", "No appointment is ahead.", "Book one on the page Appointments: it stands here then.")
        return
    st.markdown(
        ":small[:gray[Watch a whole life in minutes: press an appointment's coloured button, and the next one when it "
        "comes. Time passes for that appointment alone.]]"
    )
    with st.container(border=True, gap="small", key="rows_lives"):
        for life in going_on:
            life_row(zoom, life, rooms.get(life.zoom_meeting_id or ""), now)
    if len(going_on) == LIVES:
        st.caption(f"The first {LIVES} by start. Choose a location to see its own.")


def meetings_card(zoom: PracticeZoom, meetings: list[tuple[Room, OurMeeting | None]]) -> None:
    """The meetings that are there besides: made by hand, or left from what is over."""
    if not meetings:
        return
    st.header("Other meetings on Zoom", anchor=False)
    with st.container(border=True, gap="small", key="rows_meetings"):
        for room, our in meetings:
            meeting_row(zoom, room, our)
    if len(meetings) == MEETINGS:
        st.caption(f"The newest {MEETINGS}.")


def meeting_row(zoom: PracticeZoom, room: Room, our: OurMeeting | None) -> None:
    """One of them: whose it is, who is inside, and its buttons."""
    meeting, location_id = room.meeting, our.location_id if our else None
    named = f"the meeting of {our.external_id}" if our else f"“{meeting['topic']}”"
    people = f"{room.inside} inside" if room.inside else "nobody inside"
    about = [our.location if our else "made by hand", (meeting["host_email"] or "").partition("@")[0], people]
    about += [RECORDINGS.get(room.recording, room.recording)] if room.recording else []
    state = STATES.get(meeting["state"], Look("gray", "done_all", str(meeting["state"]).capitalize()))
    actions = [*(["leave"] if room.inside else []), *(["end"] if meeting["state"] == "started" else []), "delete"]
    with st.container(gap=None):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{plain(our.external_id if our else meeting['topic'])}**", width="content")
            st.markdown(state.pill, width="content")
            st.space("stretch")
            with st.popover("More", key=f"more_{meeting['id']}"):
                for action in ["join", *actions]:
                    meeting_command(zoom, meeting, action, named, location_id)
        st.markdown(f":small[:gray[{plain(' · '.join(each for each in about if each))}]]")


def by_hand_card(zoom: PracticeZoom, who: Person) -> None:
    """What a location does past us; a host with the accounts of his own."""
    users = zoom.users()
    with sessions()() as session:
        homes = seats_of(session, users)
    if who.locations is not None:
        users = [email for email in users if email in homes and who.sees(homes[email])]
    st.header("Accounts used by hand", anchor=False)
    with st.container(border=True):
        st.markdown(":small[:gray[Locations know their accounts' passwords. We see such a meeting and pass by.]]")
        by_hand(zoom, users, homes)


def wrong_card(zoom: PracticeZoom) -> None:
    """What goes wrong now, and the buttons for more of it."""
    st.header("Things that go wrong", anchor=False)
    faults, rules = zoom.misbehaviour()
    counts = zoom.webhooks()
    with st.container(border=True, gap="small"):
        misbehaviour(zoom)
        for each in [*faults, *rules]:
            often = f"{each['times_left']} more" if each["times_left"] else "until ended"
            st.markdown(f":orange[:material/warning: **{plain(name_of(each))}**] :small[{often}, hit {each['hits']}]")
        if faults or rules or counts["held"]:
            command("End all of it", "behave", "All is well again.", zoom.behave, type="primary")
        else:
            st.markdown(":green[:material/check_circle:] :small[Nothing is set: all goes well.]")
        told = ", ".join(f"{number} {word}" for word, number in counts.items())
        st.caption(f"Webhooks: {told}.")


def name_of(set_one: dict[str, Any]) -> str:
    """What a fault or a rule is called on its button."""
    effect = set_one["effect"]
    if isinstance(effect, str):
        return next((f"Webhooks: {label.lower()}" for label, rule in WEBHOOKS if rule["effect"] == effect), effect)
    said = {
        name: value
        for name, value in effect.items()
        if name in ("status", "timeout", "slow", "html", "smtp_code", "when")
    }
    known = (f.label for f in FAULTS if said.items() <= f.effect.items() and set_one["method"] == f.match.get("method"))
    return next(known, ", ".join(effect))


def clock_card(zoom: PracticeZoom) -> None:
    """What time it is there. Only the practice Zoom's clock moves: recordings and tokens age by it."""
    st.header("Zoom's clock", anchor=False)
    now, ahead = zoom.clock()
    with st.container(border=True, gap="small"):
        offset = f" :orange-badge[{ahead / 60:g} min ahead]" if ahead else " :green-badge[real time]"
        st.markdown(f"**{plain(named_clock(datetime.fromisoformat(now), 'UTC', seconds=True))}**{offset}")
        clock_buttons(zoom)
        st.caption(
            "The practice Zoom's own: its tokens, limits and recordings age by it. "
            "Ours stays; for one appointment time passes by its own buttons."
        )


show()
