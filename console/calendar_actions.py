"""What a person can do with a calendar: add one, and change where it meets, with what that means for appointments."""

import streamlit as st

from console.database import sessions
from console.dialogs import Dialogs
from console.look import MEETING_LOCATION, plain
from console.page import explained
from console.who import offered, own, require
from core.clock import utcnow
from core.db.read.appointment import is_id
from core.db.read.places import CalendarLine, calendar
from core.db.read.pool import LocationItem, locations
from core.domain.meeting_place import LONGEST
from core.domain.roles import Permission
from core.domain.states import MeetingLocation
from core.services.calendar_edit import CalendarEdit, edit_calendar
from core.services.calendars import add_calendar, calendar_by_id
from core.services.locations import location_by_id
from core.services.needed_links import CalendarChange, preview_change
from core.wiring import wiring

DETAIL = {
    MeetingLocation.PHONE: ("Number", "+49 30 1234567"),
    MeetingLocation.GOOGLE_MEET: ("Address", "https://meet.google.com/abc-defg-hij"),
    MeetingLocation.CUSTOM: ("Address, or where in words", "https://example.com/room, or: Front desk, second floor"),
}


def add_button(place: LocationItem | None) -> None:
    """Opens the dialog that adds a calendar, to the location that is chosen."""
    if offered(Permission.EDIT_CALENDARS) and st.button(
        "Add calendar", icon=":material/add:", type="primary", key="add_calendar"
    ):
        DIALOGS.choose("add", place)


def edit_button(line: CalendarLine) -> None:
    """Opens the dialog that changes a calendar."""
    if offered(Permission.EDIT_CALENDARS, line.location_id) and st.button(
        "Edit", key=f"edit_calendar_{line.id}", help=f"Edit {plain(line.name)}"
    ):
        DIALOGS.choose("edit", line)


def open_named() -> None:
    """The dialog of the calendar that the address names: `/calendars?calendar=12`."""
    DIALOGS.open_named(_find, "There is no such calendar.")


def _find(given: str) -> CalendarLine | None:
    """For those who may change it: nobody else learns that it exists."""
    if not is_id(given):
        return None
    with sessions()() as session:
        line = calendar(session, int(given))
    return line if line is not None and offered(Permission.EDIT_CALENDARS, line.location_id) else None


def _add(place: LocationItem | None) -> None:
    with sessions()() as session:
        known = {each.name: each for each in own(locations(session))}
    names = list(known)
    of = known[st.selectbox("Location", names, names.index(place.name) if place else 0, key="new_calendar_location")]
    fields = _fields(None, "new_calendar")
    if st.button("Add calendar", type="primary", key="do_it", disabled=not fields["name"].strip()):
        with explained():
            actor = require(Permission.EDIT_CALENDARS, of.id).actor
            with sessions().begin() as session:
                add_calendar(session, location=location_by_id(session, of.id), **fields, actor=actor, now=utcnow())
            DIALOGS.done(f"{fields['name'].strip()} is there: appointments can be booked on it.")


def _edit(line: CalendarLine) -> None:
    st.markdown(f":gray[{plain(line.location)}]")
    fields = _fields(line, f"calendar_{line.id}_{line.row_version}")
    with sessions()() as session:
        calendar = calendar_by_id(session, line.id)
        foreseen = preview_change(session, calendar, fields["meeting_location"], hours=wiring().hours, now=utcnow())
    if fields["meeting_location"] != line.meeting_location:
        _say(foreseen, fields["meeting_location"], line.meeting_location)
    if st.button("Save", type="primary", key="do_it", disabled=not fields["name"].strip()):
        with explained():
            with sessions().begin() as session:
                change = edit_calendar(
                    session,
                    calendar_by_id(session, line.id),
                    fields,
                    expected_version=line.row_version,
                    hours=wiring().hours,
                    actor=require(Permission.EDIT_CALENDARS, line.location_id).actor,
                    now=utcnow(),
                )
            DIALOGS.done(f"{fields['name'].strip()} is saved. {_done(change)}".strip())


def _fields(line: CalendarLine | None, of: str) -> CalendarEdit:
    """Every field of a calendar."""
    name = st.text_input("Name", line.name if line else "", key=f"{of}_name", max_chars=200)
    minutes = st.number_input(
        "Default duration in minutes", 1, 1440, line.default_minutes if line else 30, step=5, key=f"{of}_minutes"
    )
    with st.container(border=True):
        st.markdown("**Meeting Details**")
        places = list(MeetingLocation)
        before = MeetingLocation(line.meeting_location) if line else MeetingLocation.ZOOM
        where = st.selectbox("Meeting Location", places, places.index(before), _word, key=f"{of}_where")
        detail = _detail(where, line.meeting_detail if line and where == before else None, of)
    copy = st.toggle("The host gets a copy of every mail", bool(line and line.copy_to_host), key=f"{of}_copy")
    host = (line.host_email if line else None) or ""
    if copy:
        host = st.text_input("The host's e-mail address", host, key=f"{of}_host", max_chars=320)
    return {
        "name": name,
        "meeting_location": where,
        "meeting_detail": detail,
        "default_minutes": int(minutes),
        "copy_to_host": copy,
        "host_email": host or None,
    }


def _detail(where: MeetingLocation, before: str | None, of: str) -> str | None:
    if where == MeetingLocation.ZOOM:
        st.caption("Every appointment gets a link of its own, ten minutes before its start.")
        return None
    label, such_as = DETAIL[where]
    return (
        st.text_input(label, before or "", key=f"{of}_detail_{where}", max_chars=LONGEST, placeholder=such_as) or None
    )


def _say(change: CalendarChange, where: str, before: str) -> None:
    """What saving means for the appointments that are booked."""
    title = f"From {MEETING_LOCATION[before].word} to {MEETING_LOCATION[where].word}."
    if MeetingLocation.ZOOM not in (where, before):
        st.info("No appointment needs a link, before or after.", title=title)
    elif where == MeetingLocation.ZOOM:
        at_once = f", {change.due_now} of them at once" if change.due_now else ""
        st.info(f"{_appointments(change.begin_to_need)} a link by that{at_once}.", title=title)
    else:
        keep = change.keep_their_link
        kept = f"; {keep} that {'has' if keep == 1 else 'have'} one already keep{'s' if keep == 1 else ''} it"
        st.warning(f"{_appointments(change.cease_to_need)} no link any more{kept if keep else ''}.", title=title)


def _done(change: CalendarChange) -> str:
    if change.begin_to_need:
        return f"{_appointments(change.begin_to_need)} a link now."
    return f"{_appointments(change.cease_to_need)} no link any more." if change.cease_to_need else ""


def _appointments(number: int) -> str:
    return f"{number} appointment needs" if number == 1 else f"{number} appointments need"


def _word(where: MeetingLocation) -> str:
    return MEETING_LOCATION[where].word


DIALOGS = Dialogs(
    "calendars",
    {"add": ("Add a calendar", _add), "edit": ("Edit a calendar", _edit)},
    address="calendar",
    named="edit",
)
