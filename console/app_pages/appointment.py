"""One appointment: its link, the account behind it, what was sent, and everything that happened."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from console import appointment_actions, booking_form, words
from console.database import sessions
from console.look import ACCOUNT, APPOINTMENT, LINK, address, pale_address, plain
from console.mails import change_client_button, mails_card, show_opened
from console.moments import clock, day, length, named_clock, span, until
from console.page import empty, freshness, live
from console.recordings import recordings_card
from console.timeline import timeline
from console.who import person
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

RESULTS = 20
EVENTS = 100
LONGEST_TEXT = 200
ZOOM = states.MeetingLocation.ZOOM


def show() -> None:
    """Look an appointment up by the address: `?id=` names it, `?q=` is what somebody typed."""
    appointment_actions.show_chosen()
    booking_form.show_open()
    show_opened()
    text, wanted = (_asked(name) for name in ("q", "id"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.title("Appointments", anchor=False, width="content")
        st.space("stretch")
        search_box(text)
        booking_form.book_button()
    if text:
        results(text)
    elif wanted:
        location = st.query_params.get("location_id", "")
        open_link(wanted, int(location) if reading.is_id(location) else None)
    else:
        empty(
            "search", "Which appointment?", "Type its id or the client's e-mail above, or choose one on the Pool page."
        )


def _asked(name: str) -> str:
    """What the address says, without what no text of ours can hold: PostgreSQL takes no NUL."""
    return st.query_params.get(name, "").replace("\0", "").strip()[:LONGEST_TEXT]


def search_box(text: str) -> None:
    """One box for whatever names an appointment. It follows the address, so that going back undoes a search."""
    st.session_state["search"] = text
    st.text_input(
        "Search",
        key="search",
        on_change=search,
        type="search",
        icon=":material/search:",
        placeholder="Appointment id or client e-mail",
        label_visibility="collapsed",
        width=320,
        max_chars=LONGEST_TEXT,
    )


def search() -> None:
    """Put what was typed into the address, instead of the appointment that was shown."""
    typed = st.session_state["search"].strip()
    st.query_params.clear()
    if typed:
        st.query_params["q"] = typed


def results(text: str) -> None:
    """What fits the typed text; a single hit is shown at once."""
    with sessions()() as session:
        found = reading.by_id(session, text) or reading.search(
            session, text, limit=RESULTS, locations=person().locations
        )
    choose(
        found,
        f"Nothing fits “{text}”.",
        "Look for the whole id or the whole e-mail address; parts of words are not searched.",
    )


def open_link(wanted: str, location: int | None) -> None:
    """The appointment an address names."""
    with sessions()() as session:
        found = reading.by_id(session, wanted, location)
    choose(
        found,
        f"There is no appointment {wanted}.",
        "Look whether the address is complete, or search for the client's e-mail.",
    )


def choose(found: Sequence[reading.Found], nothing: str, next_step: str) -> None:
    """One appointment in full, several as a list, none with what to do."""
    who = person()
    found = [each for each in found if who.sees(each.location_id)]
    if not found:
        empty("search_off", plain(nothing), next_step)
    elif len(found) == 1:
        live(lambda: panel(found[0].id))
    else:
        with st.container(border=True, gap="xsmall", key="rows_found"):
            for each in found:
                found_row(each)


def open_one(each: reading.Found) -> None:
    """Put one search result into the address."""
    st.query_params.from_dict({"id": each.external_id, "location_id": str(each.location_id)})


def found_row(each: reading.Found) -> None:
    """One line of a search result."""
    now = utcnow()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch", gap=None):
            # Not a link: Streamlit's links to the page one is on leave the address as it was.
            st.button(
                f":primary[**{plain(each.external_id)}**]",
                key=f"open_{each.id}",
                type="tertiary",
                on_click=open_one,
                args=(each,),
            )
            st.markdown(f":small[{plain(each.client_name)} · {pale_address(each.client_email)}]")
        when = f"{day(each.starts_at, each.zone, now=now)}, {clock(each.starts_at, each.zone)}"
        st.markdown(f":small[:gray[{plain(f'{when} · {each.location}')}]]", width="content")
        st.markdown(APPOINTMENT[states.Appointment(each.status)].pill, width="content")


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
        st.subheader(plain(facts.external_id), anchor=False, width="content")
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
        facts_card(facts, now)
        if recorded:
            recordings_card(recorded, facts.zone, now)
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
    with st.container(border=True, horizontal=True, vertical_alignment="bottom", gap="medium"):
        secret("Join link", facts.join_url or "", key="copy_link")
        if passcode:
            secret("Passcode", passcode, key="copy_passcode")


def secret(label: str, value: str, *, key: str) -> None:
    """A value to pass on, with a button that copies it."""
    with st.container(gap="xsmall", width="content"):
        st.caption(label)
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            st.markdown(f"`{value}`", width="content")
            copy_button(value, key=key, description=f"Copy the {label.lower()}")


def facts_card(facts: reading.AppointmentFacts, now: datetime) -> None:
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
        if facts.revision > 1:
            fact("Moved", f"{facts.revision - 1} times", "each time with a new link")


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


show()
