"""The form in which a person books an appointment. It says what is wrong beside the field, and what the time means
while it can still be another."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TypeVar
from zoneinfo import available_timezones

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from console.appointment_actions import CHOSEN, LONGEST_MINUTES, SAID
from console.database import sessions
from console.look import plain
from console.moments import named_clock, span
from console.page import empty, explained, no_location
from console.room_words import room_words
from console.start_input import start_input
from console.who import offered, own, require
from core.clock import utcnow
from core.db.models import Calendar, Location
from core.db.read import pool
from core.domain import checks
from core.domain.roles import Permission
from core.domain.states import MeetingLocation
from core.errors import InvalidInput
from core.services.book import book
from core.services.booking import Booking
from core.services.calendars import list_calendars
from core.services.input import checked, email
from core.wiring import wiring

OPEN = "booking"
TRIED = "booking_tried"
STEP = timedelta(minutes=30)
LONGEST_TEXT = 200
Value = TypeVar("Value")


@dataclass(frozen=True)
class Opened:
    """A form that was opened. The id is made once, so that two clicks book one appointment."""

    external_id: str
    starts_at: datetime


def book_button() -> None:
    """The button that opens the form."""
    if offered(Permission.BOOK) and st.button("Book", icon=":material/add:", type="primary", key="book"):
        now = utcnow()
        start = now + STEP - (now - datetime.min.replace(tzinfo=UTC)) % STEP  # the next half hour
        st.session_state[OPEN] = Opened(f"C-{secrets.token_hex(4).upper()}", start)
        st.session_state.pop(CHOSEN, None)
        st.rerun()


def show_open() -> None:
    """The form, if it is open."""
    opened = st.session_state.get(OPEN)
    if opened and CHOSEN not in st.session_state:  # a page has one dialog
        st.dialog("Book an appointment", width="medium", on_dismiss=_forget)(_form)(opened)


def _forget() -> None:
    for key in (OPEN, TRIED):
        st.session_state.pop(key, None)


def _form(opened: Opened) -> None:
    with sessions()() as session:
        places = {place.id: place for place in own(pool.locations(session))}
        if not places:
            no_location()
            return
        left, right = st.columns(2)
        place = places[
            left.selectbox("Location", list(places), format_func=lambda each: places[each].name, key="book_location")
        ]
        known = list_calendars(session, session.get_one(Location, place.id))
    # Those on Zoom first: the product is there for them.
    calendars = {
        each.id: each for each in sorted(known, key=lambda each: each.meeting_location != MeetingLocation.ZOOM)
    }
    calendar = _calendar(calendars, right, place)
    if calendar is None:
        return
    time = _time(opened, place, calendar)
    client = _client(opened, place, time)
    st.markdown(f":small[:gray[{_what_follows(calendar, place)}]]")
    if st.button("Book appointment", type="primary", key="book_it", on_click=_try) and time and client:
        starts_at, ends_at = time
        with explained():
            _book(place, calendar, Booking(**client, starts_at=starts_at, ends_at=ends_at))


def _try() -> None:
    """From now on the form says what is wrong; before, it would only be what is not filled in yet."""
    st.session_state[TRIED] = True


def _calendar(calendars: dict[int, Calendar], column: DeltaGenerator, place: pool.LocationItem) -> Calendar | None:
    if not calendars:
        empty("event_busy", "This location has no calendar yet.", "Add one with `zoompool calendars add`.")
        return None
    chosen = column.selectbox(
        "Calendar", list(calendars), format_func=lambda each: calendars[each].name, key=f"book_calendar_{place.id}"
    )
    return calendars[chosen]


def _time(opened: Opened, place: pool.LocationItem, calendar: Calendar) -> tuple[datetime, datetime] | None:
    """Start and end; None until they can be booked."""
    on, at, lasting = st.columns(3)
    minutes = lasting.number_input(
        "Minutes",
        min_value=1,
        max_value=LONGEST_MINUTES,
        value=calendar.default_minutes,
        key=f"book_minutes_{calendar.id}",
    )
    starts_at = start_input(place.zone, opened.starts_at, key="book", on=on, at=at)
    if starts_at is None:
        _wrong(st.container(), "Choose when it starts.")
        return None
    ends_at = starts_at + timedelta(minutes=minutes)
    now = utcnow()
    when = span(starts_at, ends_at, place.zone, now=now)
    st.markdown(plain(f"{when[0].upper()}{when[1:]}, {place.zone}."))
    if _checked(st.container(), "The start", lambda: checks.ahead("starts_at", starts_at, now=now) or True) is None:
        return None
    if calendar.meeting_location == MeetingLocation.ZOOM:
        room_words(place.id, starts_at, ends_at)
    return starts_at, ends_at


def _client(opened: Opened, place: pool.LocationItem, time: tuple[datetime, datetime] | None) -> dict[str, str] | None:
    """Who comes and where the link goes; None until it can be booked."""
    left, right = st.columns(2)
    name = left.text_input("Client's name", key="book_name", max_chars=LONGEST_TEXT)
    address = right.text_input("Client's e-mail", key="book_email", max_chars=LONGEST_TEXT)
    said = {
        "client_name": _checked(left, "The name", lambda: checks.text("client_name", name)),
        "client_email": _checked(right, "The address", lambda: _address(address)),
    }
    left, right = st.columns(2)
    zone = left.selectbox("Client's time zone", _zones(), index=_zones().index(place.zone), key=f"book_zone_{place.id}")
    external_id = right.text_input("Id", value=opened.external_id, key="book_id", max_chars=LONGEST_TEXT)
    if time and zone != place.zone:
        left.caption(plain(f"{named_clock(time[0], zone)} for the client."))
    said["client_zone"] = zone
    said["external_id"] = _checked(right, "The id", lambda: checks.text("external_id", external_id))
    return {field: value for field, value in said.items() if value is not None} if None not in said.values() else None


def _address(typed: str) -> str:
    return email("client_email", checks.text("client_email", typed))


def _checked(beside: DeltaGenerator, subject: str, check: Callable[[], Value]) -> Value | None:
    """What *check* makes of a field; None if it cannot be used, and why as a sentence about *subject* in *beside*."""
    try:
        with checked():
            return check()
    except InvalidInput as error:
        whole = error.message.startswith(("'", '"'))  # it begins with what was typed
        _wrong(beside, error.message if whole else f"{subject} {error.message}")
        return None


def _wrong(beside: DeltaGenerator, sentence: str) -> None:
    if st.session_state.get(TRIED):
        beside.markdown(f":red[:material/error: {plain(sentence)}]")


def _what_follows(calendar: Calendar, place: pool.LocationItem) -> str:
    if calendar.meeting_location != MeetingLocation.ZOOM:
        return f"It takes place by {plain(calendar.meeting_location.replace('_', ' '))}: no link is made."
    if place.status == "suspended":
        return "The location is suspended: no link is made until it is active again."
    return "The link is made and mailed to the client ten minutes before the start."


def _book(place: pool.LocationItem, calendar: Calendar, booking: Booking) -> None:
    who, parts = require(Permission.BOOK, place.id), wiring()
    with sessions().begin() as session:
        booked = book(
            session,
            booking,
            location=session.get_one(Location, place.id),
            calendar=session.get_one(Calendar, calendar.id),
            hours=parts.hours,
            cooldown=parts.settings.cooldown,
            actor=who.actor,
            now=utcnow(),
        )
    when = span(booked.starts_at, booked.ends_at, place.zone, now=utcnow())
    st.session_state[SAID] = f"{booked.external_id} is booked for {when}."
    _forget()
    st.query_params.from_dict({"id": booked.external_id, "location_id": str(place.id)})
    st.rerun()


@cache
def _zones() -> list[str]:
    return sorted(available_timezones())
