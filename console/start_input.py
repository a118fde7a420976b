"""Boxes for a day and a time by the clocks of a place, for whatever starts there: what comes twice is asked, what never
comes is refused with the nearest that does."""

from datetime import datetime, timedelta

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from console.look import plain
from console.moments import bare_clock
from core.domain.checks import FieldError
from core.domain.local_time import MissingHour, RepeatedHour, on_the_wall, the_instant, told_apart

STEP = timedelta(minutes=5)


def start_input(
    zone: str, first: datetime, *, key: str, on: DeltaGenerator, at: DeltaGenerator, what: str = "Start"
) -> datetime | None:
    """The instant that is chosen in the columns *on* and *at*, at first *first*; None until it is one.

    The boxes are `<key>_day` and `<key>_time`, the question which of two it is `<key>_which`.
    """
    shown = on_the_wall(first, zone).replace(second=0, microsecond=0)
    st.session_state.setdefault(f"{key}_day", shown.date())
    st.session_state.setdefault(f"{key}_time", shown.time())
    day = on.date_input("Day", format="YYYY-MM-DD", key=f"{key}_day")
    time = at.time_input(what, step=STEP, key=f"{key}_time", help=f"By the clocks of {plain(zone)}.")
    if day is None or time is None:
        return None
    wall = datetime.combine(day, time)
    try:
        found = the_instant("start", wall, zone)
    except RepeatedHour as twice:
        return _which(twice, zone, first, key)
    except MissingHour as never:
        _offer(never, zone, key)
        return None
    except FieldError as error:
        st.warning(plain(f"{what} {error}"))
        return None
    return first if wall == shown else found  # the boxes show no seconds, and nothing was changed in them


def _which(twice: RepeatedHour, zone: str, first: datetime, key: str) -> datetime | None:
    """Ask which of the two; nobody is given an hour that he did not choose."""
    answers = [told_apart(at, zone) for at in twice.instants]
    already = first.replace(second=0, microsecond=0)
    index = twice.instants.index(already) if already in twice.instants else None
    answer = st.radio(
        f"The clocks go back that day, so this time comes twice in {plain(zone)}. Which of the two?",
        answers,
        index=index,
        captions=["before the clocks go back", "after the clocks went back"],
        key=f"{key}_which",
    )
    if answer is None:
        return None
    chosen = twice.instants[answers.index(answer)]
    return first if chosen == already else chosen


def _offer(never: MissingHour, zone: str, key: str) -> None:
    """Say that there is no such time, and offer the nearest."""
    st.warning(plain(str(never)), icon=":material/schedule:")
    with st.container(horizontal=True):
        for side, at in (("before", never.gap.before), ("after", never.gap.after)):
            st.button(f"Take {bare_clock(at, zone)}", key=f"{key}_{side}", on_click=_take, args=(at, zone, key))


def _take(at: datetime, zone: str, key: str) -> None:
    wall = on_the_wall(at, zone)
    st.session_state[f"{key}_day"], st.session_state[f"{key}_time"] = wall.date(), wall.time()
