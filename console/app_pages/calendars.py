"""Calendars: where appointments are booked, and where they meet."""

from collections.abc import Sequence
from itertools import groupby

import streamlit as st

from console import calendar_actions
from console.database import sessions
from console.look import MEETING_LOCATION, pale_address, plain
from console.page import empty, location_choice, pagination
from core.db.read import places, pool
from core.domain.states import MeetingLocation

ROWS = 20


def show() -> None:
    """The whole page."""
    with sessions()() as session:
        known = pool.locations(session)
    place = location_choice(
        "Calendars", known, key="calendars_of", beside=calendar_actions.add_button if known else None, refreshes=False
    )
    calendar_actions.open_named()
    calendar_actions.DIALOGS.show()
    if not known:
        empty("storefront", "There is no location yet.", "Add one on the page Locations; calendars belong to it.")
        return
    location = place.id if place else None
    with sessions()() as session:
        found = places.count_calendars(session, location)
    if not found:
        empty("calendar_add_on", "There is no calendar here.", "Press Add calendar: appointments are booked on one.")
        return
    shown = st.container()
    # Below them, but known before they are read.
    page = pagination(found, ROWS, "calendars", key="calendars_page", of=location)
    with sessions()() as session:
        lines = places.calendars(session, location, limit=ROWS, skipped=(page - 1) * ROWS)
    with shown:
        for _, group in groupby(lines, key=lambda line: line.location_id):
            location_card(list(group))


def location_card(lines: Sequence[places.CalendarLine]) -> None:
    """One location with its calendars, as far as they are on this page."""
    with st.container(border=True, gap="xsmall", key=f"rows_calendars_{lines[0].location_id}"):
        st.markdown(f"**{plain(lines[0].location)}**")
        for line in lines:
            row(line)


def row(line: places.CalendarLine) -> None:
    """One calendar, and where it meets."""
    said = f":gray[{where(line)} · {line.default_minutes} min]"
    if line.copy_to_host and line.host_email:
        said += f" :gray[· copies to] {pale_address(line.host_email)}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        pill = MEETING_LOCATION[line.meeting_location].pill
        st.markdown(f"**{plain(line.name)}** {pill}  \n:small[{said}]", width="stretch")
        calendar_actions.edit_button(line)


def where(line: places.CalendarLine) -> str:
    """The number or address, or that there is a link for each."""
    if line.meeting_location == MeetingLocation.ZOOM:
        return "A link of its own for every appointment"
    return plain(line.meeting_detail or "No number or address is recorded")


show()
