"""One appointment in full: its link, the account behind it, what was sent, and everything that happened."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import streamlit as st

from console import appointment_actions, words
from console.copying import copied
from console.database import sessions
from console.look import ACCOUNT, APPOINTMENT, LINK, address, plain
from console.mails import change_client_button, mails_card
from console.moments import clock, day, length, named_clock, span, until
from console.page import freshness
from console.recordings import recordings_card
from console.timeline import run_link, timeline
from console.widgets import copy_button
from core.clock import utcnow
from core.db.read import appointment as reading
from core.db.read.recordings import recordings
from core.db.read.upcoming import estimates
from core.domain import states
from core.domain.states import Link
from core.services.messages import list_messages
from core.settings import get_settings
from core.wiring import wiring

EVENTS = 100
ZOOM = states.MeetingLocation.ZOOM
# The events of the runs that open a link; what tells of it later has runs of its own.
OPENED = ("lease_granted", "link_ready", "link_failed", "link_missed", "link_waiting", "account_replaced")


def panel(appointment_id: int) -> None:
    """The appointment in full."""
    now = utcnow()
    with sessions()() as session:
        facts = reading.facts(session, appointment_id, now=now)
        wait = estimates(session, [facts], now=now, cooldown=get_settings().cooldown).get(facts.id)
        messages = list_messages(session, appointment_id=appointment_id, channel=states.Channel.MAIL)
        recorded = recordings(session, appointment_id)
        events = reading.events(session, appointment_id, limit=EVENTS)
    freshness(facts.zone)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header(plain(facts.external_id), anchor=False, width="content")
        pills = [APPOINTMENT[states.Appointment(facts.status)].pill]
        if facts.status == states.Appointment.BOOKED:
            pills.append(LINK[Link(facts.link)].pill)
        st.markdown(" ".join(pills), width="content")
        st.space("stretch")
        change_client_button(facts)
        appointment_actions.buttons(facts)
    link_card(facts, wait, now)
    left, right = st.columns([4, 5], gap="small")
    with left:
        facts_card(facts, opened_by(events), now)
        if recorded:
            recordings_card(recorded, facts.zone, now, on_copied=partial(copied, facts.id, facts.location_id))
        mails_card(messages, facts, now)
    with right:
        timeline(events, facts.zone, now=now)


def link_card(facts: reading.AppointmentFacts, wait: datetime | None, now: datetime) -> None:
    """The join link with its passcode, or why there is none and what happens next."""
    if facts.link == Link.READY and facts.join_url:
        open_room(facts)
        if facts.not_recorded:
            st.warning(words.reason("recording_dropped").next_step, title="Zoom will not record this meeting.")
    elif facts.status == states.Appointment.CANCELLED:
        st.info(
            "The client gets no link any more.", title="This appointment is cancelled.", icon=":material/event_busy:"
        )
    elif facts.link == Link.WAITING:
        told = words.no_link(facts.reason, waits=True, place=facts.place, wait=wait, zone=facts.zone, now=now)
        since = f" for {length(now - facts.waiting_since)}" if facts.waiting_since else ""
        st.warning(plain(told), title=f"Waiting{since}.", icon=":material/hourglass_empty:")
    elif facts.link in (Link.FAILED, Link.MISSED):
        why = words.reason(facts.reason)
        said = " ".join(filter(None, [facts.reason_detail, why.next_step]))
        st.error(plain(said), title=plain(why.what), icon=":material/error:")
    elif facts.meeting_location != ZOOM or facts.link == Link.NOT_NEEDED:
        where = facts.meeting_location.replace("_", " ")
        st.info(
            "Its calendar does not meet on Zoom, so no link is made.",
            title=f"Takes place by {where}.",
            icon=":material/call:",
        )
    elif facts.link == Link.NOT_DUE:
        due = wiring().hours.due_from(facts.starts_at)
        told = f"{day(due, facts.zone, now=now)} at {clock(due, facts.zone)}, {until(due, now=now)}"
        st.info("No link exists before that, so nothing can be sent too early.", title=f"The link is made {told}.")
    elif facts.link == Link.OPENING:
        st.info(
            "This takes some seconds.", title=f"The meeting is being made on {plain(facts.account or 'an account')}."
        )
    else:
        st.info("The link of a meeting that is over opens nothing.", title="This appointment is over.")


def open_room(facts: reading.AppointmentFacts) -> None:
    """The link and the passcode, each with its own Copy."""
    passcode = wiring().vault.decrypt(facts.passcode) if facts.passcode else None
    told = partial(copied, facts.id, facts.location_id)
    with st.container(border=True, horizontal=True, vertical_alignment="bottom", gap="medium"):
        secret(
            "Join link",
            facts.join_url or "",
            key="copy_link",
            on_copied=lambda: told("link"),
        )
        if passcode:
            secret(
                "Passcode",
                passcode,
                key="copy_passcode",
                on_copied=lambda: told("passcode"),
            )


def secret(label: str, value: str, *, key: str, on_copied: Callable[[], None]) -> None:
    """A value to pass on, with a button that copies it."""
    with st.container(gap="xsmall", width="content"):
        st.caption(label)
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            st.markdown(f"`{value}`", width="content")
            copy_button(value, key=key, description=f"Copy the {label.lower()}", on_copied=on_copied)


def opened_by(events: Sequence[reading.EventLine]) -> str | None:
    """The Dagster run that opened the link, or was the last to try."""
    return next(
        (each.run_id for each in reversed(events) if each.kind in OPENED and each.run_id and ":" not in each.run_id),
        None,
    )


def facts_card(facts: reading.AppointmentFacts, run: str | None, now: datetime) -> None:
    """Who, when, where, and which account for what reason."""
    at_client = f"{named_clock(facts.starts_at, facts.client_zone)}"
    with st.container(border=True, gap="small"):
        st.markdown("**Appointment**")
        fact("Client", plain(facts.client_name), plain(facts.client_email))
        fact(
            "When",
            plain(span(facts.starts_at, facts.ends_at, facts.zone, now=now)),
            plain(f"{at_client} for the client ({facts.client_zone})"),
        )
        fact("Where", plain(facts.calendar), plain(facts.location))
        if facts.account:
            fact("Account", account_words(facts), plain(why_this_one(facts)))
        if facts.zoom_meeting_id:
            fact("Meeting id", plain(facts.zoom_meeting_id), "as shown in Zoom")
        if run:
            label = "Opened by" if facts.zoom_meeting_id else "Tried by"
            fact(label, run_link(run), "in Dagster, with its log and its steps")
        if facts.revision > 1:
            times = "once" if facts.revision == 2 else f"{facts.revision - 1} times"
            fact("Moved", times, "each time with a new link")


def account_words(facts: reading.AppointmentFacts) -> str:
    """The account with the state of its lease."""
    state = ACCOUNT.get(facts.lease_state or "")
    return f"{address(facts.account or '')} {state.pill if state else ''}"


def why_this_one(facts: reading.AppointmentFacts) -> str:
    """Why this account was chosen."""
    if facts.account_idle_since is None or facts.free_accounts is None:
        return ""
    since = f"{clock(facts.account_idle_since, facts.zone)}"
    others = facts.free_accounts - 1
    if not others:
        return f"It was the only one free, idle since {since}."
    return f"Idle the longest of {facts.free_accounts} free ones, since {since}."


def fact(label: str, value: str, note: str = "") -> None:
    """One line of the card; *value* and *note* are Markdown."""
    with st.container(horizontal=True, vertical_alignment="top", gap="small", wrap=False):
        st.markdown(f":gray[{label}]", width=96)
        st.markdown(f"{value}  \n:small[:gray[{note}]]" if note else value, width="stretch")
