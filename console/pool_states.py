"""Accounts by state at this moment, in all and at the locations that have the least left."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from console.charts.bars import bar_chart
from console.look import ACCOUNT, IN_CHARTS, plain
from console.moments import until
from core.db.read.pool import LocationCounts
from core.db.read.upcoming import Busy

SHOWN = ("live", "ready", "reserved", "processing", "cooldown", "closing", "idle", "busy_elsewhere", "quarantined",
         "needs_reauth", "draining")  # fmt: skip


def states_now(states: Mapping[str, int]) -> None:
    """One bar per state, with its number and share."""
    known, total = [state for state in SHOWN if states.get(state)], sum(states.values())
    labels = [f"{states[state]:,} · {states[state] / total:.0%}" for state in known]
    names = [ACCOUNT[state].word for state in known]
    rows = pd.DataFrame({"What": names, "value": [states[state] for state in known], "Label": labels})
    taken = total - states.get("idle", 0)
    with st.container(border=True, height="stretch"):
        st.markdown("**Accounts by state** :gray[· now]")
        bar_chart(rows, [IN_CHARTS[name] for name in names], alt="Accounts by state, now")
        st.caption(f"{taken:,} of {total:,} accounts cannot be given to anybody now: in use, or out of the pool.")


def by_state(states: Mapping[str, int]) -> str:
    """`5 in meeting, 1 recording, 2 free`."""
    return ", ".join(f"{states[state]:,} {ACCOUNT[state].word.lower()}" for state in SHOWN if states.get(state))


def tightest(tight: Sequence[LocationCounts], busy: Iterable[Busy], now: datetime) -> None:
    """The locations where somebody waits or the fewest are free, each with its states and when the next one is free."""
    free_at: defaultdict[int, list[datetime]] = defaultdict(list)
    for each in busy:
        if each.busy_until > now:
            free_at[each.location_id].append(each.busy_until)
    with st.container(border=True, height="stretch", gap="xsmall", key="rows_tight"):
        st.markdown("**Tightest locations** :gray[· where somebody waits or the fewest are free]")
        for place in tight:
            _row(place, min(free_at[place.id], default=None), now)


def _row(place: LocationCounts, next_free: datetime | None, now: datetime) -> None:
    """A location with its numbers; its name leads to its own pool."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        st.button(
            f"**{plain(place.name)}**", key=f"open_{place.id}", type="tertiary", on_click=_choose, args=[place.name]
        )
        marks = [f":orange-badge[:material/hourglass_empty: {place.waiting} waiting]"] if place.waiting else []
        free = f":{'green' if place.idle else 'gray'}-badge[{place.idle} of {place.accounts} free]"
        about = " · ".join(filter(None, [by_state(place.states), next_words(place, next_free, now)]))
        st.markdown(f"{free}{''.join(marks)}:small[:gray[{about}]]", width="stretch")


def next_words(place: LocationCounts, next_free: datetime | None, now: datetime) -> str:
    """When the next account is free; nothing where all are."""
    if next_free is not None:
        return f"next free {until(next_free, now=now)}"
    return "" if place.idle else "none will be free by itself"


def _choose(location: str) -> None:
    st.session_state["location"] = location
    st.rerun()
