"""Alerts: what operations were told and is still true, with what to do about it."""

import streamlit as st

from console.database import sessions
from console.look import plain
from console.moments import named_clock, until
from console.page import empty, freshness, live, location_choice
from core.clock import utcnow
from core.db.read import pool
from core.db.read.alerts import AlertLine, alerts
from core.domain.alerts import CALM

SHOWN = 100


def show() -> None:
    """The whole page: a heading with its choice, and the list that refreshes itself."""
    with sessions()() as session:
        places = pool.locations(session)
    place = location_choice("Alerts", places, key="location")
    live(lambda: panel(place))


def panel(place: pool.LocationItem | None) -> None:
    """The open alerts, newest first."""
    with sessions()() as session:
        lines = alerts(session, location=place.id if place else None, limit=SHOWN)
    freshness(place.zone if place else "UTC")
    if not lines:
        empty(
            "verified",
            "Nothing is wrong that a person would have to know.",
            "What is over: `zoompool alerts list --all`.",
        )
        return
    with st.container(border=True, gap="medium", key="rows_alerts"):
        for line in lines:
            alert_row(line)


def alert_row(line: AlertLine) -> None:
    """What happened, what to do next, and since when."""
    color, icon = ("orange", "warning") if line.kind in CALM else ("red", "error")
    began = f"{named_clock(line.raised_at, line.zone)}"
    since = f"{began}, {until(line.raised_at, now=utcnow())}"
    st.markdown(
        f":{color}[:material/{icon}: **{plain(line.title)}**] :small[:gray[since {since}]]  \n"
        f"{plain(line.text)}  \n:small[{plain(line.next_step)}]"
    )


show()
