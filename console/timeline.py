"""The timeline of an appointment: what happened, in words, newest last."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from console import words
from console.look import plain
from console.moments import clock, day
from core.db.read.appointment import EventLine
from core.settings import get_settings

MARKS = {
    "ready": "green",
    "accepted": "green",
    "attached": "green",
    "lost": "red",
    "failed": "red",
    "missed": "red",
    "waiting": "orange",
    "benched": "red",
    "reauth": "red",
}


def timeline(events: Sequence[EventLine], zone: str, *, now: datetime) -> None:
    """One line per event, with a heading per day."""
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Timeline**")
        if not events:
            st.caption("Nothing happened yet.")
        shown_day = None
        for event in events:
            if (today := day(event.at, zone, now=now)) != shown_day:
                shown_day = today
                st.caption(today[0].upper() + today[1:])
            line(event, zone)


def line(event: EventLine, zone: str) -> None:
    """When, what, with which account, by whom, and the run that did it."""
    color = MARKS.get(event.kind.rsplit("_", 1)[-1], "gray")
    parts = [plain(event.account.partition("@")[0])] if event.account else []
    parts.append(plain(words.actor(event.actor)))
    if event.run_id and ":" not in event.run_id:  # else no run of Dagster's but a person's own: move:...
        parts.append(run_link(event.run_id))
    tracked = f"Zoom tracking id `{event.tracking_id}`" if event.tracking_id else None  # long, and seldom asked for
    with st.container(horizontal=True, gap="small", wrap=False):
        st.markdown(f":small[:gray[{clock(event.at, zone, seconds=True)}]]", width=64)
        st.markdown(
            f":{color}[●] {plain(words.event(event.kind, event.detail))} :small[:gray[· {' · '.join(parts)}]]",
            width="stretch",
            help=tracked,
        )


def run_link(run_id: str) -> str:
    """The way to a run in Dagster."""
    return f"[run {plain(run_id[:8])}]({get_settings().dagster_url}/runs/{run_id})"
