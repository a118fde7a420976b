"""Which appointments are asked for. It stands in the page's address, so that it can be sent, kept and gone back to.

The boxes follow the address, never the other way round: going back in the browser undoes a choice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

import streamlit as st

from console.look import APPOINTMENT, LINK
from console.page import EVERYWHERE
from core.db.models import Calendar
from core.db.read.appointment_list import Filters
from core.db.read.pool import LocationItem
from core.domain import states
from core.domain.checks import FieldError
from core.domain.local_time import on_the_wall, whole_day

LONGEST_TEXT = 200
STILL_ON = timedelta(days=1)  # so long ago may have begun what goes on now: none lasts longer
WEEK = timedelta(days=7)
TIMES = {
    "coming": "Now and to come",
    "today": "Today",
    "tomorrow": "Tomorrow",
    "week": "Next 7 days",
    "past": "Past",
    "any": "Any time",
    "range": "Own range",
}
FILTERS = ("q", "location", "calendar", "state", "link", "when", "from", "to")
Choice = TypeVar("Choice", bound=str)


@dataclass(frozen=True)
class Asked:
    """What the address asks for. *places* are those that the person may see, *zone* is whose days are meant."""

    places: Sequence[LocationItem]
    text: str
    place: LocationItem | None
    status: states.Appointment | None
    link: states.Link | None
    when: str
    first: date | None
    last: date | None

    @property
    def zone(self) -> str:
        """The chosen location's, or the one that all have."""
        if self.place is not None:
            return self.place.zone
        zones = {each.zone for each in self.places}
        return zones.pop() if len(zones) == 1 else "UTC"

    @property
    def newest_first(self) -> bool:
        """What lies behind is looked through backwards."""
        return self.when in ("past", "any")

    @property
    def narrowed(self) -> bool:
        """Whether anything but the time was chosen."""
        return any((self.text, self.place, self.status, self.link, given("calendar")))


def given(name: str) -> str:
    """What the address says, without what no text of ours can hold: PostgreSQL takes no NUL."""
    return st.query_params.get(name, "").replace("\0", "").strip()[:LONGEST_TEXT]


def asked(places: Sequence[LocationItem]) -> Asked:
    """What the address asks for, of *places*; whatever it says that there is not, is not asked for."""
    text, when = given("q"), given("when")
    if when not in TIMES:
        when = _usual(text)
    return Asked(
        places,
        text,
        next((each for each in places if each.name == given("location")), None),
        _one_of(states.Appointment, given("state")),
        _one_of(states.Link, given("link")),
        when,
        _day(given("from")),
        _day(given("to")),
    )


def filters(of: Asked, calendar: Calendar | None, only: frozenset[int] | None, *, now: datetime) -> Filters:
    """The same for the database; *only*: the locations that the person is confined to."""
    since, until = _bounds(of, now)
    return Filters(
        locations=frozenset({of.place.id}) if of.place else only,
        calendar=calendar.id if calendar else None,
        status=of.status,
        link=of.link,
        since=since,
        until=until,
        going_on_at=now if of.when == "coming" else None,
        text=of.text or None,
    )


def in_words() -> str:
    """The list that the address describes, wherever in it one is."""
    return repr([given(name) for name in FILTERS])


def clear() -> None:
    """Ask for everything to come."""
    go(dict.fromkeys((*FILTERS, "after"), ""))


def go(to: Mapping[str, str]) -> None:
    """Change what the address says, empty for no more; in one step, which going back undoes."""
    st.query_params.from_dict({name: value for name, value in {**st.query_params.to_dict(), **to}.items() if value})


def boxes(of: Asked, calendars: Sequence[Calendar]) -> None:
    """The choices, each with its name for screen readers."""
    with st.container(horizontal=True, gap="small", key="filters"):
        if len(of.places) > 1:
            _box("location", "Location", [EVERYWHERE, *(each.name for each in of.places)])
        if of.place is not None:
            _box("calendar", "Calendar", ["", *(each.name for each in calendars)], {"": "All calendars"})
        _box("state", "State", ["", *states.Appointment], {"": "Any state", **_words(APPOINTMENT)})
        _box("link", "Link", ["", *states.Link], {"": "Any link", **_words(LINK)})
        _box("when", "Time", list(TIMES), TIMES, usual=_usual(of.text))
    if of.when == "range":
        with st.container(horizontal=True, gap="small"):
            for name, label, value in (("from", "From", of.first), ("to", "To", of.last)):
                st.session_state[f"asked_{name}"] = value
                st.date_input(label, key=f"asked_{name}", format="YYYY-MM-DD", width=180, on_change=_put, args=(name,))


def search_box(text: str) -> None:
    """One box for whatever names an appointment."""
    st.session_state["asked_q"] = text
    st.text_input(
        "Search",
        key="asked_q",
        on_change=_put,
        args=("q",),
        type="search",
        icon=":material/search:",
        placeholder="Id, client or e-mail",
        label_visibility="collapsed",
        width=300,
        max_chars=LONGEST_TEXT,
    )


def _box(name: str, label: str, options: Sequence[str], shown: dict[str, str] | None = None, usual: str = "") -> None:
    usual = usual or options[0]
    chosen = given(name)
    st.session_state[f"asked_{name}"] = chosen if chosen in options else usual
    st.selectbox(
        label,
        options,
        key=f"asked_{name}",
        format_func=lambda option: (shown or {}).get(option, option),
        label_visibility="collapsed",
        width=168,  # two beside one another on a phone
        on_change=_put,
        args=(name, usual),
    )


def _put(name: str, usual: str = "") -> None:
    """Put a choice into the address; another list begins at its beginning, and shows no single appointment."""
    value = st.session_state[f"asked_{name}"]
    text = value.isoformat() if isinstance(value, date) else (value or "").strip()
    asks = text and text not in (usual, EVERYWHERE)
    gone = ("after", "id", "location_id", *(["calendar"] if name == "location" else []))
    go({**dict.fromkeys(gone, ""), name: text if asks else ""})


def _usual(text: str) -> str:
    """Who looks for somebody means whenever it was; else what comes is of interest."""
    return "any" if text else "coming"


def _bounds(of: Asked, now: datetime) -> tuple[datetime | None, datetime | None]:
    """From when until when, each None for without end."""
    today = on_the_wall(now, of.zone).date()
    if of.when == "range":
        return _edge(of.first, of.zone, 0), _edge(of.last, of.zone, 1)
    tomorrow = today + timedelta(days=1)
    return {
        "coming": (now - STILL_ON, None),
        "today": whole_day(today, of.zone),
        "tomorrow": whole_day(tomorrow, of.zone),
        "week": (now, now + WEEK),
        "past": (None, now),
    }.get(of.when, (None, None))


def _edge(day: date | None, zone: str, side: int) -> datetime | None:
    """The first or the last instant of a day; a day that no calendar reaches bounds nothing."""
    try:
        return None if day is None else whole_day(day, zone)[side]
    except FieldError:
        return None


def _words(looks: dict[Choice, object]) -> dict[str, str]:
    return {str(state): look.word for state, look in looks.items()}  # type: ignore[attr-defined]


def _one_of(kind: type[Choice], text: str) -> Choice | None:
    return kind(text) if text in list(kind) else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
