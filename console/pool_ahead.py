"""The Pool page's second tab: what is booked against the accounts there are, and where they will not be enough."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import pandas as pd
import streamlit as st

from console.charts.demand import demand_chart
from console.look import plain
from console.moments import clock, day, length, span
from console.page import empty, freshness
from console.pool_card import SLOW, card, count
from console.pool_data import Outlook, outlook
from core.clock import utcnow
from core.db.read.ahead import Fullest, ShortAhead
from core.db.read.pool import LocationItem
from core.settings import get_settings

DAYS = {"24 hours": 1, "7 days": 7}
SHOWN = 12


def ahead_panel(place: LocationItem | None, places: Sequence[LocationItem], zone: str) -> None:
    """What comes, read in one go."""
    with st.container(horizontal=True, vertical_alignment="center"):
        choice = st.segmented_control(
            "How far ahead",
            list(DAYS),
            default="24 hours",
            required=True,
            key="ahead",
            bind="query-params",
            label_visibility="collapsed",
        )
    freshness(zone, every=SLOW)
    stretch = choice or "24 hours"
    now = utcnow()
    found = outlook(
        tuple(each.id for each in places), place.id if place else None, days=DAYS.get(stretch, 1), zone=zone
    )
    if not found.curve["booked"].any():
        empty(
            "event_available",
            f"Nothing is booked for the next {stretch}.",
            "Appointments on calendars that meet on Zoom show here as soon as they are booked.",
        )
        return
    _verdict(found, stretch, now, everywhere=place is None)
    _figures(found, zone, now)
    _chart(found, zone, now)
    left, right = st.columns([3, 2], gap="small")
    with left:
        _shortages(found.short, stretch, now, everywhere=place is None)
    with right:
        if place is None:
            _fullest(found.fullest, now)
        else:
            _usual(found)


def _verdict(found: Outlook, stretch: str, now: datetime, *, everywhere: bool) -> None:
    """The whole page in one sentence."""
    if found.short:
        first = found.short[0]
        said = short_words(first, now)
        said = f"{plain(first.location)}: {said}" if everywhere else said[:1].upper() + said[1:]
        more = f" It is the first of {len(found.short)} shortages." if len(found.short) > 1 else ""
        st.warning(
            f"{said}.{more} Connect another account, release a benched one, or move some of these appointments.",
            title=f"Accounts will be short within {stretch}.",
            icon=":material/trending_up:",
        )
    else:
        st.success(f"Every appointment of the next {stretch} should find an account.", icon=":material/check_circle:")


def short_words(short: ShortAhead, now: datetime) -> str:
    """`today, 14:50 to 15:40 GMT: 2 accounts short`."""
    return f"{span(short.begins_at, short.ends_at, short.zone, now=now)}: {count(short.short_by, 'account')} short"


def _figures(found: Outlook, zone: str, now: datetime) -> None:
    worst = found.curve.loc[(found.curve["accounts"] - found.curve["booked"]).idxmin()]
    most = found.curve.loc[found.curve["booked"].idxmax()]
    missing = max((each.short_by for each in found.short), default=0)
    left = max(0, worst["accounts"] - worst["booked"])
    with st.grid(4, min_column_width=150):
        _figure("Most booked at once", f"{most['booked']:,}", _moment(most["at"], zone, now))
        _figure("Accounts that serve", f"{worst['accounts']:,}", "connected, not benched")
        _figure("Fewest left", f"{left:,}", _moment(worst["at"], zone, now))
        note, color = (f"up to {count(missing, 'account')}", "red") if missing else ("none", "green")
        _figure("Shortages", f"{len(found.short):,}", note, color)


def _figure(label: str, value: str, note: str, color: Literal["gray", "green", "red"] = "gray") -> None:
    st.metric(label, value, note, delta_color=color, delta_arrow="off", border=True, height="stretch")


def _moment(at: datetime, zone: str, now: datetime) -> str:
    return f"{day(at, zone, now=now)}, {clock(at, zone)}"


def _chart(found: Outlook, zone: str, now: datetime) -> None:
    table = found.curve[["at", "booked", "accounts"]]
    with card(
        "Booked against accounts", "left of now what was used, right of it what is booked", csv="ahead.csv", rows=table
    ):
        demand_chart(
            found.used,
            found.curve,
            now,
            zone,
            alt=f"Booked accounts over time: at most {found.curve['booked'].max()} of {found.curve['accounts'].max()}.",
        )
        st.caption(_meaning(found))


def _meaning(found: Outlook) -> str:
    """What one appointment counts for."""
    settings = get_settings()
    tails = pd.Series([each.overrun + each.hold for each in found.usual])
    usual = tails.median() if len(tails) else timedelta()
    whose = "its" if len(found.usual) == 1 else "their"
    return (
        f"An appointment takes an account from {length(settings.lead_time)} before its start until it is cooled down: "
        f"after the planned end meetings and recordings here usually take {length(usual)}, by {whose} last leases, and "
        f"{length(settings.cooldown)} of rest. Links are only late where the red part shows."
    )


def _shortages(short: Sequence[ShortAhead], stretch: str, now: datetime, *, everywhere: bool) -> None:
    st.header("Shortages", anchor=False)
    if not short:
        empty("check_circle", f"No shortage within {stretch}.", "What is booked from now on is counted at once.")
        return
    with st.container(border=True, gap="xsmall", key="rows_short"):
        for each in short[:SHOWN]:
            said, lasts = short_words(each, now), length(each.ends_at - each.begins_at)
            said = f"**{plain(each.location)}** · {said}" if everywhere else said[:1].upper() + said[1:]
            st.markdown(f":red[:material/group_off:] {said} :gray[· for {lasts}]")
    if len(short) > SHOWN:
        st.caption(f"The first {SHOWN} of {len(short)}. Choose a location to see its own.")


def _fullest(full: Sequence[Fullest], now: datetime) -> None:
    st.header("Fullest locations", anchor=False)
    with st.container(border=True, gap="xsmall", key="rows_fullest"):
        for each in full:
            left = each.accounts - each.booked
            mark = ":red" if left < 0 else ":orange" if left == 0 else ":green"
            said = f"{-left} short" if left < 0 else "none left" if left == 0 else f"{left} left"
            moment = f"{day(each.at, each.zone, now=now)}, {clock(each.at, each.zone)}"
            with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
                st.markdown(f"**{plain(each.location)}**  \n:small[:gray[{moment}]]", width="stretch")
                st.markdown(f"{each.booked} of {each.accounts} {mark}-badge[{said}]", width="content")


def _usual(found: Outlook) -> None:
    """What is reckoned with at this location."""
    settings, [usual] = get_settings(), found.usual
    st.header("What an appointment takes here", anchor=False)
    rows = [
        ("Before the start", settings.lead_time, "the link is opened"),
        ("Past the planned end", usual.overrun, "half of the meetings end by then"),
        ("For the recording", usual.hold, "half of the recordings are there by then"),
        ("Rest", settings.cooldown, "before the account is used again"),
    ]
    with st.container(border=True, gap="xsmall", key="rows_usual"):
        for label, lasts, why in rows:
            with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
                st.markdown(f"{label}  \n:small[:gray[{why}]]", width="stretch")
                st.markdown(f"**{length(lasts) if lasts else 'none'}**", width="content")
