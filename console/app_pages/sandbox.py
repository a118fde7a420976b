"""Sandbox: what people do in the practice Zoom, what it does wrong, and its clock, by buttons."""

from datetime import datetime
from typing import Any

import streamlit as st

from console.database import sessions
from console.look import Look, plain
from console.moments import named_clock
from console.page import empty, freshness, heading, live
from console.practice_buttons import (
    FAULTS,
    WEBHOOKS,
    by_hand,
    clock_buttons,
    command,
    meeting_buttons,
    misbehaviour,
    show_said,
)
from console.practice_zoom import PracticeZoom
from console.who import person
from core.db.read.zoom_meetings import OurMeeting, our_meetings
from core.settings import get_settings

MEETINGS = 20
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
    with heading("Sandbox"):
        pass
    show_said()
    live(panel)


def panel() -> None:
    """The meetings, and beside them what can be made to go wrong."""
    zoom = PracticeZoom(get_settings())
    meetings = zoom.meetings(newest=MEETINGS)
    users = zoom.users()
    with sessions()() as session:
        ours = our_meetings(session, [str(each["id"]) for each in meetings])
    who = person()
    if who.locations is not None:
        ours = {number: our for number, our in ours.items() if who.sees(our.location_id)}
        meetings = [each for each in meetings if str(each["id"]) in ours]
    freshness("UTC")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        meetings_card(zoom, meetings, ours)
        st.subheader("Accounts used by hand", anchor=False)
        with st.container(border=True):
            st.markdown(":small[:gray[Locations know their accounts' passwords. We see such a meeting and pass by.]]")
            by_hand(zoom, users)
    with right:
        wrong_card(zoom)
        clock_card(zoom)


def meetings_card(zoom: PracticeZoom, meetings: list[dict[str, Any]], ours: dict[str, OurMeeting]) -> None:
    """The meetings that are there, the newest first, with what people could do in them."""
    st.subheader("Meetings", anchor=False)
    if not meetings:
        empty("videocam_off", "There is no meeting on the practice Zoom.", "Links are made ten minutes before a start.")
        return
    with st.container(border=True, gap="small", key="rows_meetings"):
        for meeting in meetings:
            meeting_row(zoom, meeting, ours.get(str(meeting["id"])))
    if len(meetings) == MEETINGS:
        st.caption(f"The newest {MEETINGS}.")


def meeting_row(zoom: PracticeZoom, meeting: dict[str, Any], our: OurMeeting | None) -> None:
    """One meeting: whose it is, who is inside, and its buttons."""
    inside = sum(
        person["left_at"] is None
        for instance in meeting["instances"]
        if instance["ended_at"] is None
        for person in instance["participants"]
    )
    named = f"the meeting of {our.external_id}" if our else f"“{meeting['topic']}”"
    people = "nobody inside" if not inside else f"{inside} inside"
    where = our.location if our else "made by hand"
    recordings = [each["state"] for each in meeting["recordings"]]
    about = [where, (meeting["host_email"] or "").partition("@")[0], people]
    about += [RECORDINGS.get(recordings[-1], recordings[-1])] if recordings else []
    state = STATES.get(meeting["state"], Look("gray", "done_all", str(meeting["state"]).capitalize()))
    with st.container(gap=None):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{plain(our.external_id if our else meeting['topic'])}** {state.pill}", width="stretch")
            meeting_buttons(zoom, meeting, inside, named, our.location_id if our else None)
        st.markdown(f":small[:gray[{plain(' · '.join(each for each in about if each))}]]")


def wrong_card(zoom: PracticeZoom) -> None:
    """What goes wrong now, and the buttons for more of it."""
    st.subheader("Things that go wrong", anchor=False)
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
    st.subheader("Clock", anchor=False)
    now, ahead = zoom.clock()
    with st.container(border=True, gap="small"):
        offset = f" :orange-badge[{ahead / 60:g} min ahead]" if ahead else " :green-badge[real time]"
        st.markdown(f"**{plain(named_clock(datetime.fromisoformat(now), 'UTC', seconds=True))}**{offset}")
        clock_buttons(zoom)
        st.caption("The practice Zoom's own: its tokens, limits and recordings age by it. Our own clock stays.")


show()
