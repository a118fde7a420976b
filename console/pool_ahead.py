"""The Pool page's second tab: what is booked against the accounts there are, and where they will not be enough."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import pandas as pd
import streamlit as st

from console.charts.demand import demand_chart
from console.look import plain
from console.moments import clock, day, length, named_clock, span, zone_name
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
    used = found.used[["at", "peak", "usable"]].rename(columns={"peak": "used", "usable": "accounts"})
    table = pd.concat([used, found.curve[["at", "booked", "accounts"]]])[["at", "used", "booked", "accounts"]]
    about = f"left of now what was used, right of it what is booked, in {zone_name(now, zone)}"
    with card("Booked against accounts", about, csv="ahead.csv", rows=table):
        bands = pd.DataFrame(
            [
                {
                    "at": each.begins_at,
                    "to": each.ends_at,
                    "Short": f"{each.location}: {short_words(each, now)}",
                }
                for each in found.short
            ],
            columns=["at", "to", "Short"],
        )
        said = "; ".join(bands["Short"].head(SHOWN)) or "no shortage"
        most = found.curve["booked"].max()
        demand_chart(
            found.used,
            found.curve,
            bands,
            now,
            zone,
            alt=f"Booked accounts over time: at most {most} of {found.curve['accounts'].max()}. Shaded: {said}.",
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
        f"{length(settings.cooldown)} of rest. Links are only late where it is red: a red band is a "
        "location that is short, whatever others have left."
    )


def _shortages(short: Sequence[ShortAhead], stretch: str, now: datetime, *, everywhere: bool) -> None:
    table = pd.DataFrame([vars(each) for each in short]).drop(columns="location_id", errors="ignore")
    with card("Shortages", f"in the next {stretch}", csv="shortages.csv", rows=table):
        if not short:
            st.markdown(f":green[:material/check_circle:] **No shortage within {stretch}.**")
            st.caption("What is booked from now on is counted at once.")
            return
        rows = []
        for each in short[:SHOWN]:
            said, lasts = short_words(each, now), length(each.ends_at - each.begins_at)
            said = f"**{plain(each.location)}** · {said}" if everywhere else said[:1].upper() + said[1:]
            rows.append(f":red[:material/group_off:] {said} :gray[· for {lasts}]")
        with st.container(key="rows_short"):
            st.markdown("\n\n".join(rows))
        if len(short) > SHOWN:
            st.caption(f"The first {SHOWN} of {len(short)}; the CSV has all.")


def _fullest(full: Sequence[Fullest], now: datetime) -> None:
    table = pd.DataFrame([vars(each) for each in full]).drop(columns="location_id", errors="ignore")
    with card("Fullest locations", "at their fullest moment", csv="fullest.csv", rows=table):
        rows = []
        for each in full:
            left = each.accounts - each.booked
            color = "red" if left < 0 else "orange" if left == 0 else "green"
            said = f"{-left} short" if left < 0 else "none left" if left == 0 else f"{left} left"
            moment = f"{day(each.at, each.zone, now=now)}, {named_clock(each.at, each.zone)}"
            taken = f"{each.booked} of {each.accounts} accounts"
            rows.append(f":{color}-badge[{said}]**{plain(each.location)}**  \n:small[:gray[{taken} · {moment}]]")
        with st.container(key="rows_fullest"):
            st.markdown("\n\n".join(rows))


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
