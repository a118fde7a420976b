"""Appointments: those that are asked for as a list, or one in full. The address says which, so that every view can be
sent, kept and gone back to."""

from collections.abc import Sequence

import streamlit as st

from console import appointment_actions, appointment_list, appointment_panel, booking_form
from console.appointment_filters import Asked, asked, boxes, given, go, search_box
from console.database import sessions
from console.look import APPOINTMENT, pale_address, plain
from console.mails import show_opened
from console.moments import clock, day
from console.page import empty, heading, live, no_location
from console.who import own, person
from core.clock import utcnow
from core.db.models import Calendar, Location
from core.db.read import appointment as reading
from core.db.read import pool
from core.domain import states
from core.services.calendars import list_calendars


def show() -> None:
    """`?id=` names one appointment, `?q=` is what somebody typed; the other words narrow the list down."""
    appointment_actions.show_chosen()
    booking_form.show_open()
    show_opened()
    with sessions()() as session:
        places = own(pool.locations(session))
        of = asked(places)
        calendars = list_calendars(session, session.get_one(Location, of.place.id)) if of.place else []
    with heading("Appointments"):
        search_box(of.text)
        booking_form.book_button()
    if wanted := given("id"):
        location = given("location_id")
        open_link(wanted, int(location) if reading.is_id(location) else None)
    elif not places:
        no_location()
    else:
        listed(of, calendars)


def listed(of: Asked, calendars: Sequence[Calendar]) -> None:
    """What is asked for. Whoever types what names a single appointment is shown that one."""
    if of.text and (named := named_by(of.text)):
        choose(named)
        return
    boxes(of, calendars)
    calendar = next((each for each in calendars if each.name == given("calendar")), None)
    if of.text:
        found, rows = appointment_list.search(of, calendar)
        if len(rows) == 1 and not (given("after") or found.next):
            one(rows[0].id)
            return
    live(lambda: appointment_list.panel(of, calendar))


def named_by(text: str) -> list[reading.Found]:
    """The appointments that have *text* as their id, among those that the person may see."""
    with sessions()() as session:
        found = reading.by_id(session, text)
    return [each for each in found if person().sees(each.location_id)]


def open_link(wanted: str, location: int | None) -> None:
    """The appointment an address names."""
    with sessions()() as session:
        found = [each for each in reading.by_id(session, wanted, location) if person().sees(each.location_id)]
    if found:
        choose(found)
        return
    back_button()
    empty(
        "search_off",
        plain(f"There is no appointment {wanted}."),
        "Look whether the address is complete, or search for the client's e-mail.",
    )


def choose(found: Sequence[reading.Found]) -> None:
    """One appointment in full; several, where locations share an id, as a choice."""
    if len(found) == 1:
        one(found[0].id)
        return
    with st.container(border=True, gap="xsmall", key="rows_found"):
        for each in found:
            found_row(each)


def one(appointment_id: int) -> None:
    """An appointment in full, with the way back to where one came from."""
    back_button()
    live(lambda: appointment_panel.panel(appointment_id))


def back_button() -> None:
    """Back to the list as it was asked for; what named this one appointment is no longer asked."""
    st.button("All appointments", icon=":material/arrow_back:", type="tertiary", key="back", on_click=_back)


def _back() -> None:
    go({"id": "", "location_id": ""} if given("id") else {"q": ""})


def found_row(each: reading.Found) -> None:
    """One line of a choice."""
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


def open_one(each: reading.Found) -> None:
    """Put one of a choice into the address."""
    go({"id": each.external_id, "location_id": str(each.location_id)})


show()
