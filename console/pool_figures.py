"""The key figures of the Pool page: each with its last hours, and with the list that explains it behind it."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

import streamlit as st

from console.moments import length, until
from console.pool_card import to_appointments, to_connections
from console.pool_data import STEPS_AN_HOUR, Lately
from core.db.read.pool import LocationItem, PoolCounts
from core.domain.states import Link

Color = Literal["normal", "inverse", "off", "gray", "green", "orange", "red"]


def key_figures(
    figures: PoolCounts, before: Lately, place: LocationItem | None, now: datetime, lead_time: timedelta
) -> None:
    """Five of them."""
    free, used = [*before.free, figures.idle], [*before.in_use, figures.leased]
    due = figures.next_start - lead_time if figures.next_start else None
    with st.grid(5, min_column_width=150):
        _figure(
            "Free now",
            f"{figures.idle:,} / {figures.accounts:,}",
            *_changed(figures.idle, before.free, "normal"),
            chart=free,
            opens=partial(to_connections, place, "Connected", "Free now: open Connections"),
        )
        _figure(
            "In use",
            f"{figures.leased:,}",
            *_changed(figures.leased, before.in_use, "off"),
            chart=used,
            opens=partial(to_appointments, place, Link.READY, "In use: open their appointments"),
        )
        _figure(
            "Need attention",
            f"{figures.attention:,}",
            *_changed(figures.attention, before.attention, "inverse"),
            chart=[*before.attention, figures.attention],
            opens=partial(to_connections, place, "Needs a person", "Need attention: open Connections"),
        )
        _figure(
            "Waiting",
            f"{figures.waiting:,}",
            *_waiting(figures.waiting, before.longest),
            chart=[*before.waiting, figures.waiting],
            kind="bar",
            opens=partial(to_appointments, place, Link.WAITING, "Waiting: open the list"),
        )
        _figure(
            "Next link due",
            until(due, now=now) if due else "None",
            f"{before.due_within_an_hour} in the next hour" if due else "nothing is booked",
            "",
            "gray",
            chart=before.due,
            kind="bar",
            opens=partial(to_appointments, place, Link.NOT_DUE, "Next link due: open what is booked"),
        )


def _waiting(waiting: int, longest: timedelta) -> tuple[str, str, Color]:
    """Whether somebody waits; else how long somebody did, in the last hours."""
    if waiting:
        return "due, without a link", "", "orange"
    return (f"up to {length(longest)} lately", "", "gray") if longest else ("nobody waits", "", "green")


def _changed(value: int, before: Sequence[float], color: Color) -> tuple[str, str, Color]:
    """How much more or less it is than an hour ago, in which colour."""
    change = value - round(before[-STEPS_AN_HOUR]) if len(before) >= STEPS_AN_HOUR else 0
    return f"{change:+,}" if change else "0", "vs 1 h ago", color if change else "off"


def _figure(
    label: str,
    value: str,
    note: str,
    about: str,
    color: Color,
    *,
    chart: Sequence[float],
    opens: Callable[[], Any],
    kind: Literal["area", "bar"] = "area",
) -> None:
    """One figure in a frame that opens its list."""
    name = label.lower().replace(" ", "_")
    with st.container(key=f"tile_{name}", height="stretch"):
        st.metric(
            label,
            value,
            note,
            delta_color=color,
            delta_arrow="auto" if note[0] in "+-" else "off",
            delta_description=about or None,
            border=True,
            height="stretch",
            chart_data=list(chart) if any(chart) else None,
            chart_type=kind,
        )
        opens()
