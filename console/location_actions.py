"""What a person can do with a location: add one, and change how it is set."""

from datetime import timedelta
from zoneinfo import available_timezones

import streamlit as st

from console.database import sessions
from console.dialogs import Dialogs
from console.look import plain
from console.page import explained
from console.who import offered, require
from core.clock import utcnow
from core.db.models import LocationStatus
from core.db.read.appointment import is_id
from core.db.read.places import LocationLine, location, without_link_if_suspended
from core.domain.roles import Permission
from core.services.location_edit import LocationEdit, edit_location
from core.services.locations import add_location, location_by_id
from core.settings import get_settings

A_DAY = timedelta(hours=24)
STATUS = {
    LocationStatus.ACTIVE: "Active",
    LocationStatus.SUSPENDED: "Suspended: no new connections and no new links",
}


def add_button() -> None:
    """Opens the dialog that adds a location."""
    if offered(Permission.EDIT_LOCATIONS) and st.button(
        "Add location", icon=":material/add:", type="primary", key="add_location"
    ):
        DIALOGS.choose("add")


def edit_button(line: LocationLine) -> None:
    """Opens the dialog that changes a location."""
    if offered(Permission.EDIT_LOCATIONS) and st.button(
        "Edit", key=f"edit_location_{line.id}", help=f"Edit {plain(line.name)}"
    ):
        DIALOGS.choose("edit", line)


def open_named() -> None:
    """The dialog of the location that the address names: `/locations?location_id=3`."""
    DIALOGS.open_named(_find, "There is no such location.")


def _find(given: str) -> LocationLine | None:
    if not is_id(given) or not offered(Permission.EDIT_LOCATIONS):
        return None
    with sessions()() as session:
        return location(session, int(given))


def _actor() -> str:
    """Who does it, and may."""
    return require(Permission.EDIT_LOCATIONS).actor


def _add(_: None) -> None:
    name = st.text_input("Name", key="new_location_name", max_chars=200)
    zone = _zone("UTC", key="new_location_zone")
    sender = st.text_input(
        "Sender name", key="new_location_sender", max_chars=200, placeholder=name, help="The name mails come from"
    )
    if st.button("Add location", type="primary", key="do_it", disabled=not name.strip()):
        with explained():
            with sessions().begin() as session:
                add_location(
                    session,
                    name=name,
                    zone=zone,
                    sender_name=sender or None,
                    actor=_actor(),
                    now=utcnow(),
                )
            DIALOGS.done(f"{name.strip()} is there. Add a calendar and issue its seats next.")


def _edit(line: LocationLine) -> None:
    of = f"location_{line.id}_{line.row_version}"
    edit: LocationEdit = {
        "name": st.text_input("Name", line.name, key=f"{of}_name", max_chars=200),
        "sender_name": st.text_input(
            "Sender name", line.sender_name, key=f"{of}_sender", max_chars=200, help="The name mails come from"
        ),
        "zone": _zone(line.zone, key=f"{of}_zone"),
        "recording_hold_limit": _hold_limit(line, of),
        "confirm_bookings": st.toggle(
            "Confirm bookings by mail",
            line.confirm_bookings,
            key=f"{of}_confirm",
            help="Clients get a mail with the time as soon as they book; the link follows by itself.",
        ),
        "refuse_when_short": st.toggle(
            "Refuse a booking for which no account would be left",
            line.refuse_when_short,
            key=f"{of}_refuse",
            help="Otherwise it is booked all the same, and waits for an account when it is due.",
        ),
        "status": st.radio(
            "Status",
            list(STATUS),
            list(STATUS).index(LocationStatus(line.status)),
            STATUS.__getitem__,
            f"{of}_status",
            help="Links that were sent stay in either case, and meetings go on.",
        ),
    }
    suspends = edit["status"] == LocationStatus.SUSPENDED and line.status != LocationStatus.SUSPENDED
    sure = not suspends or _suspension(line, of)
    if st.button("Suspend and save" if suspends else "Save", type="primary", key="do_it", disabled=not sure):
        with explained():
            with sessions().begin() as session:
                changed = edit_location(
                    session,
                    location_by_id(session, line.id),
                    edit,
                    expected_version=line.row_version,
                    actor=_actor(),
                    now=utcnow(),
                )
            DIALOGS.done(f"{edit['name']} is saved." if changed else "Nothing was changed.")


def _hold_limit(line: LocationLine, of: str) -> timedelta | None:
    """How long accounts wait for recordings: as everywhere, or so many minutes."""
    usual = get_settings().recording_hold_limit
    own = st.toggle(
        "Its own limit of waiting for recordings", line.recording_hold_limit is not None, key=f"{of}_own_hold",
        help=f"Elsewhere an account waits {_minutes(usual)} minutes for the recording of its meeting at most",
    )  # fmt: skip
    if not own:
        return None
    now = _minutes(line.recording_hold_limit or usual)
    return timedelta(minutes=st.number_input("Minutes", 0, 72 * 60, now, step=15, key=f"{of}_hold"))


def _suspension(line: LocationLine, of: str) -> bool:
    """Say what a suspension keeps from happening; whether the person wants it all the same."""
    now = utcnow()
    with sessions()() as session:
        waiting = without_link_if_suspended(session, line.id, now=now, until=now + A_DAY)
    gets = (
        "1 appointment of the next 24 hours gets"
        if waiting == 1
        else f"{waiting} appointments of the next 24 hours get"
    )
    what = f"{gets} no link." if waiting else "No appointment of the next 24 hours waits for its link."
    st.warning(f"{what} Links that were sent stay, and meetings go on.", title="Suspending stops what is to come.")
    return st.checkbox(f"Suspend {plain(line.name)}", key=f"{of}_sure")


def _zone(now: str, *, key: str) -> str:
    zones = sorted(available_timezones())
    said = "Its times are shown in this zone. Appointments stay at the instants they were booked for."
    return st.selectbox("Time zone", zones, zones.index(now), key=key, help=said)


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)


DIALOGS = Dialogs(
    "locations",
    {"add": ("Add a location", _add), "edit": ("Edit a location", _edit)},
    address="location_id",
    named="edit",
)
