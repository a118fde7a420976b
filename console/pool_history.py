"""The Pool page's third tab: what the accounts were used for, how links came and how long recordings took."""

from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from console.charts.bars import bar_chart
from console.charts.links import link_chart
from console.charts.peaks import peak_cells, peak_chart
from console.charts.states import state_chart
from console.charts.waits import wait_chart
from console.history_words import CAUSES, delta, hours_by_state, link_days, link_sums, on_time_words, wait_days
from console.look import HEX, address, plain
from console.moments import length, until
from console.page import empty, freshness
from console.pool_card import SLOW, card, count
from console.pool_data import History, history
from core.clock import utcnow
from core.db.read.account_use import AccountUse
from core.db.read.pool import LocationItem
from core.db.read.pool_history import RecordingWait

RANGES = {"24 hours": timedelta(days=1), "7 days": timedelta(days=7), "30 days": timedelta(days=30)}
OWN = "Own range"
LONGEST = timedelta(days=366)


def history_panel(place: LocationItem | None, zone: str) -> None:
    """The stretch that is chosen, and everything about it."""
    now = utcnow()
    with st.container(horizontal=True, vertical_alignment="center"):
        choice = st.segmented_control(
            "Stretch",
            [*RANGES, OWN],
            default="7 days",
            required=True,
            key="range",
            bind="query-params",
            label_visibility="collapsed",
        )
        since, until = _own(zone, now) if choice == OWN else (now - RANGES.get(choice or "", RANGES["7 days"]), now)
    freshness(zone, every=SLOW)
    found = history(place.id if place else None, since, until, zone)
    if not found.buckets["usable"].any() and not found.links:
        empty("history", "There is no history of that time.", "Connect an account, or choose another stretch.")
        return
    _figures(found)
    _states(found, zone)
    left, right = st.columns([3, 2], gap="small")
    with left:
        _peaks(found, zone)
    with right:
        _hours(found)
    left, right = st.columns([3, 2], gap="small")
    with left:
        _links(found, zone)
    with right:
        _causes(found)
    left, right = st.columns([3, 2], gap="small")
    with left:
        _waits(found, now)
    with right:
        _least_used(found, now, everywhere=place is None)


def _own(zone: str, now: datetime) -> tuple[datetime, datetime]:
    """The days that somebody chose, on the clock of *zone*; until now at most."""
    today = now.astimezone(ZoneInfo(zone)).date()
    chosen = st.date_input(
        "From and to",
        (today - timedelta(days=13), today),
        max_value=today,
        key="days",
        bind="query-params",
        label_visibility="collapsed",
        width=240,
    )
    first, last = chosen if isinstance(chosen, tuple) and len(chosen) == 2 else (today - timedelta(days=13), today)
    since = datetime.combine(first, time(), ZoneInfo(zone)).astimezone(now.tzinfo)
    until = datetime.combine(last + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(now.tzinfo)
    until = min(until, now)
    return max(since, until - LONGEST), until


def _figures(found: History) -> None:
    """Five numbers, each with what it changed by since the stretch before."""
    links, links_before = link_sums(found.links)
    peak, able = found.buckets["peak"].max(), found.buckets["usable"].max()
    use, use_before = _use(found.buckets), _use(found.before)
    wait, wait_before = _wait(found, current=True), _wait(found, current=False)
    both = links.all and links_before.all
    with st.grid(5, min_column_width=150):
        share = delta(links.share * 100, links_before.share * 100, "points") if both else None
        _figure("Came on time", f"{links.share:.1%}" if links.all else "None due", share, "normal")
        _figure(
            "Late, failed or missed", f"{links.bad:,}", delta(links.bad, links_before.bad) if both else None, "inverse"
        )
        changed = delta(peak, found.before["peak"].max()) if found.before["usable"].any() else None
        _figure("Peak in use", f"{peak:,.0f} of {able:,.0f}", changed, "off")
        changed = delta(use * 100, use_before * 100, "points") if found.before["usable"].any() else None
        _figure("Time in use", f"{use:.0%}" if use >= 0.1 else f"{use:.1%}", changed, "off")
        changed = delta(wait.median, wait_before.median, "min") if wait and wait_before else None
        _figure("Recording wait", f"{wait.median:.0f} min" if wait else "None came", changed, "inverse")
    stretch = length(found.window.until - found.window.since)
    st.caption(f"Changes are against the {stretch.removeprefix('1 ')} before. Recording wait: half came sooner.")


def _figure(label: str, value: str, changed: str | None, color: Literal["normal", "inverse", "off"]) -> None:
    # What did not change is neither good nor bad.
    still = changed is None or changed.startswith("0")
    st.metric(
        label,
        value,
        changed or "nothing before",
        delta_color="off" if still else color,
        delta_arrow="off" if still else "auto",
        border=True,
        height="stretch",
    )


def _wait(found: History, *, current: bool) -> RecordingWait | None:
    return next((each for each in found.waits if each.day is None and each.current is current), None)


def _use(buckets: pd.DataFrame) -> float:
    """The share of the time of accounts that were able to serve in which they had a lease."""
    able = buckets["usable"].sum()
    return float(buckets["in_use"].sum() / able) if able else 0.0


def _states(found: History, zone: str) -> None:
    window = found.window
    table = found.buckets.drop(columns=["When", "to"])
    with card(
        "Accounts by state",
        f"average of each {length(timedelta(seconds=window.seconds))}, {zone}",
        csv="accounts-by-state.csv",
        rows=table,
    ):
        able, top = found.buckets["usable"], found.buckets.loc[found.buckets["peak"].idxmax()]
        state_chart(
            found.buckets,
            window.since,
            window.until,
            zone,
            alt=f"Accounts by state over time. At most {top['peak']:,} were in use at once, on {top['When']}; "
            f"{able.min():,.0f} to {able.max():,.0f} were able to serve.",
        )
        st.caption(
            "The thin line is the most that were in use at one moment, from the link to the end of the rest "
            f"({top['peak']:,} on {top['When']}); the dashed one is how many were able to serve. Where they meet, "
            "links wait."
        )


def _peaks(found: History, zone: str) -> None:
    cells = peak_cells(found.hours, zone)
    days = max(28, (found.window.until - found.window.since).days)
    table = cells[["Day", "Hour", "peak", "share"]]
    with card("Peak use by weekday and hour", f"the highest of {days} days, {zone}", csv="peak-use.csv", rows=table):
        peak_chart(cells)
        st.caption(
            "The number is accounts in use at once, the colour their share of those able to serve. From 90 % on, one "
            "overrun makes somebody wait."
        )


def _hours(found: History) -> None:
    rows, colors = hours_by_state(found.buckets, found.window)
    with card(
        "Where account hours went",
        "by state",
        csv="account-hours.csv",
        rows=rows.drop(columns="Label").rename(columns={"What": "State", "value": "hours"}),
    ):
        if rows.empty:
            empty("hourglass_empty", "No account was used.", "Hours count as soon as a link is opened.")
            return
        bar_chart(rows, colors, alt="Account hours by state")
        held = rows.loc[rows["What"] == "In meeting", "share"].sum()
        st.caption(
            f"Of the time in which an account was taken, people were in a meeting for {held:.0%}; otherwise it waited "
            "for them, for the recording, or rested."
        )


def _links(found: History, zone: str) -> None:
    days = link_days(found.links)
    sums, _ = link_sums(found.links)
    with card(
        "Links that did not come on time",
        f"by the day they became due, {zone}",
        csv="links.csv",
        rows=days.drop(columns=["share", "bad"]),
    ):
        if not sums.all:
            empty("link", "No link became due.", "Appointments on Zoom calendars count ten minutes before they start.")
            return
        link_chart(days)
        st.caption(on_time_words(sums))


def _causes(found: History) -> None:
    sums, _ = link_sums(found.links)
    rows = pd.DataFrame(
        [
            {
                "What": CAUSES.get(cause, cause),
                "value": links,
                "Label": f"{links:,} · {links / max(sums.bad, 1):.0%}",
            }
            for cause, links in sums.causes.most_common()
        ]
    )
    table = rows.drop(columns="Label", errors="ignore").rename(columns={"What": "Cause", "value": "links"})
    with card("Why", "by cause", csv="causes.csv", rows=table):
        if rows.empty:
            empty("verified", "Every link came on time.", "A cause shows here as soon as one does not.")
            return
        colors = {"capacity": HEX["red"], "zoom": HEX["blue"], "mail": HEX["violet"], "us": HEX["gray"]}
        bar_chart(
            rows,
            [colors.get(cause, HEX["gray"]) for cause, _ in sums.causes.most_common()],
            alt="Causes by number of links",
        )
        st.caption(
            "More accounts help where none was free, and nowhere else: *What-if* says how many. What Zoom and the mail "
            "server answered stands on each appointment."
        )


def _waits(found: History, now: datetime) -> None:
    days = wait_days(found.waits)
    with card(
        "Recording wait", "minutes from the end of a meeting to its recording", csv="recording-wait.csv", rows=days
    ):
        if days.empty:
            empty("video_camera_front_off", "No recording came.", "Recordings count from the end of their meeting.")
        else:
            wait_chart(days)
        overdue = found.overdue
        if overdue.recordings and overdue.since:
            st.caption(
                f":orange[:material/pending:] {count(overdue.recordings, 'recording')} expected for more than an hour, "
                f"the oldest for {length(now - overdue.since)}. Its account serves nobody meanwhile."
            )
        else:
            st.caption(
                "An account is kept until its recording is there: every minute of wait is a minute in which it serves "
                "nobody. No recording is overdue."
            )


def _least_used(found: History, now: datetime, *, everywhere: bool) -> None:
    rows = pd.DataFrame([vars(each) for each in found.least_used])
    with card("Least used accounts", "each costs a licence", csv="least-used.csv", rows=rows):
        with st.container(key="rows_least"):
            st.markdown("\n\n".join(_use_row(each, now, everywhere=everywhere) for each in found.least_used))
        st.caption("From the link to the end of the rest. Who is here for weeks may give its licence back.")


def _use_row(each: AccountUse, now: datetime, *, everywhere: bool) -> str:
    last = f"last used {until(each.last_used_at, now=now)}" if each.last_used_at else "never used"
    used = f"{count(each.leases, 'appointment')} · {each.hours:,.1f} h" if each.leases else last
    where = f"{plain(each.location)} · " if everywhere else ""
    return f"{address(each.email)}  \n:small[:gray[{where}{used}]]"
