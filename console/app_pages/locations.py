"""Locations: the tenants, what they have and how they are set."""

import streamlit as st

from console import location_actions
from console.database import sessions
from console.look import LOCATION, plain
from console.moments import length
from console.page import empty, heading, pagination
from core.db.read import places

ROWS = 20


def show() -> None:
    """The whole page."""
    with heading("Locations", refreshes=False):
        search = st.text_input(
            "Find", key="find", bind="query-params", placeholder="Find by name", width=240, label_visibility="collapsed"
        )
        location_actions.add_button()
    location_actions.open_named()
    location_actions.DIALOGS.show()
    with sessions()() as session:
        found = places.count_locations(session, search=search or "")
    if found:
        shown(found, search or "")
    elif search:
        empty("search_off", f"No location is named like {plain(search)}.", "Write less of its name.")
    else:
        empty("storefront", "There is no location yet.", "Press Add location, or run `zoompool locations add`.")


def shown(found: int, search: str) -> None:
    """The page of them that the address asks for."""
    table = st.container(border=True, gap="xsmall", key="rows_locations")
    # Below them, but known before they are read.
    page = pagination(found, ROWS, "locations", key="locations_page", of=search)
    with sessions()() as session:
        lines = places.locations(session, search=search, limit=ROWS, skipped=(page - 1) * ROWS)
    with table:
        for line in lines:
            row(line)


def row(line: places.LocationLine) -> None:
    """One location: what it has, and how it is set where that is not as usual."""
    has = [
        _count(line.calendars, "calendar"),
        f"{line.connected} of {_count(line.seats, 'seat')} connected" if line.seats else "no seat",
    ]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        rows = [" · ".join([plain(line.zone), *has]), " · ".join(map(plain, _settings(line)))]
        said = "  \n".join(f":small[:gray[{each}]]" for each in rows if each)
        pill = LOCATION["paused" if line.paused and line.status == "active" else line.status].pill
        st.markdown(f"**{plain(line.name)}** {pill}  \n{said}", width="stretch")
        location_actions.edit_button(line)


def _settings(line: places.LocationLine) -> list[str]:
    said = [f"mails from {line.sender_name}"] if line.sender_name != line.name else []
    if line.recording_hold_limit is not None:
        said.append(f"waits {length(line.recording_hold_limit)} for recordings")
    if not line.confirm_bookings:
        said.append("no confirmations")
    if line.refuse_when_short:
        said.append("refuses bookings without an account left")
    return said


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


show()
