"""Pool: what is now, what comes and what was, each in a tab that asks the database only while it is open."""

import streamlit as st

from console.database import sessions
from console.page import live, location_choice, no_location, zone_of
from console.pausing import pause_control
from console.pool_ahead import ahead_panel
from console.pool_card import SLOW
from console.pool_history import history_panel
from console.pool_now import now_panel
from core.db.read import pool


def show() -> None:
    """The heading with its choices, and the open tab, which refreshes itself."""
    with sessions()() as session:
        places = pool.locations(session)
    place = location_choice("Pool", places, key="location", beside=pause_control if places else None)
    if not places:
        no_location()
        return
    zone = zone_of(place, places)
    now, ahead, history = st.tabs(["Now", "Ahead", "History"], key="view", bind="query-params")
    if now.open:
        with now:
            live(lambda: now_panel(place, zone))
    if ahead.open:
        with ahead:
            live(lambda: ahead_panel(place, places, zone), every=SLOW)
    if history.open:
        with history:
            live(lambda: history_panel(place, zone), every=SLOW)


show()
