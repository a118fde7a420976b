"""What-if: how many accounts would have been enough, and how many will be, replayed from real leases by a run."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from console.charts.enough import enough_chart
from console.database import sessions
from console.moments import day, named_clock, until
from console.page import empty, explained, freshness, heading, live, no_location, zone_of
from console.pool_card import card, count
from console.who import offered, own, require
from core.clock import utcnow
from core.db.read import pool, what_if
from core.domain.roles import Permission
from core.services.what_if import ask_what_if

PATIENCE = timedelta(minutes=2)  # for a run to begin
SECONDS = 5  # between looks while one is under way


def show() -> None:
    """A location has to be chosen: accounts are nobody else's."""
    with sessions()() as session:
        places = pool.locations(session)
    if not places:
        st.title("What-if", anchor=False)
        no_location()
        return
    by_name = {place.name: place for place in own(places)}
    with heading("What-if"):
        name = st.selectbox(
            "Location",
            list(by_name),
            key="what_if_location",
            bind="query-params",
            width=240,
            label_visibility="collapsed",
        )
    place = by_name.get(name or "", places[0])
    st.markdown(
        "How many accounts does this location need? Its real appointments are dealt out again to fewer and to more "
        "accounts, by the allocator's own rule, and the links that would have been late or missed are counted."
    )
    live(lambda: panel(place), every=SECONDS)


def panel(place: pool.LocationItem) -> None:
    """What came out last, and how far the next one is."""
    now, zone = utcnow(), zone_of(place, ())
    with sessions()() as session:
        last, computed = what_if.last(session, place.id), what_if.computed(session, place.id)
    freshness(zone, every=SECONDS)
    _ask(place, last, computed, zone, now)
    if computed is None or computed.past is None or computed.booked is None:
        if last is None or not last.under_way:
            empty(
                "query_stats", "Nothing is computed for this location yet.", "Press Compute now, or wait for the night."
            )
        return
    _curve("The last 30 days", computed.past, past=True)
    _curve("What is booked for 14 days", computed.booked, past=False)


def _ask(
    place: pool.LocationItem, last: what_if.WhatIf | None, computed: what_if.WhatIf | None, zone: str, now: datetime
) -> None:
    """When it was computed, and the way to have it computed anew."""
    under_way = last is not None and last.under_way
    with st.container(horizontal=True, vertical_alignment="center"):
        asked = st.button(
            "Computing" if under_way else "Compute now",
            icon=":material/hourglass_top:" if under_way else ":material/play_arrow:",
            disabled=under_way or not offered(Permission.ASK_WHAT_IF, place.id),
            key="compute",
        )
        if computed is not None and computed.computed_at is not None:
            at = computed.computed_at
            when = f"{day(at, zone, now=now)}, {named_clock(at, zone)}"
            st.caption(f"Computed {when}, {until(at, now=now)}; it is computed anew every night.", width="content")
        elif not under_way:
            st.caption(
                "A run starts within half a minute; it replays the last 30 days and what is booked for 14. It shows "
                "here how far it is; you may leave the page meanwhile.",
                width="stretch",
            )
    if asked:
        _compute(place.id)
    if last is not None and last.failed_at is not None:
        st.error(
            "Press Compute now once more. If it fails again, the run in Dagster says why.",
            title=f"The computation of {until(last.failed_at, now=now)} failed.",
        )
    if last is not None and under_way:
        _progress(last, now)


def _progress(last: what_if.WhatIf, now: datetime) -> None:
    """How far it is; and where no run takes it, what may be wrong."""
    asked = until(last.requested_at, now=now)
    if last.claimed_at is not None:
        said = f"Replaying: {last.done} of {last.steps} numbers of accounts are done." if last.steps else "Reading."
        st.progress(last.done / last.steps if last.steps else 0.0, f"{said} You may leave this page meanwhile.")
    elif now - last.requested_at < PATIENCE:
        st.progress(0.0, f"Asked for {asked}: a run takes it within half a minute. You may leave this page meanwhile.")
    else:
        st.warning(
            "Look on the page Health whether Dagster's daemon runs; it is computed as soon as it does.",
            title=f"Asked for {asked}, and no run has taken it yet.",
        )


def _compute(location_id: int) -> None:
    with explained():
        with sessions().begin() as session:
            ask_what_if(session, location_id, actor=require(Permission.ASK_WHAT_IF, location_id).actor, now=utcnow())
        st.rerun()


def _curve(title: str, found: Mapping[str, Any], *, past: bool) -> None:
    links, accounts = found["links"], found["accounts"]
    points = pd.DataFrame(found["points"])
    points["bad"] = points["late"] + points["missed"]
    points["On time"] = links - points["bad"]
    points = points.rename(columns={"late": "Late", "missed": "Missed"})
    table = points[["accounts", "On time", "Late", "Missed"]]
    about = f"{count(links, 'link')}, {count(accounts, 'account')} now"
    with card(title, about, csv=f"what-if-{'past' if past else 'booked'}.csv", rows=table):
        if not links:
            empty("event_busy", "There was no link." if past else "Nothing is booked.", "There is nothing to count.")
            return
        st.markdown(words_of(found, past=past))
        enough_chart(points, accounts, found["enough"], title=title)
        st.caption(_meaning(found, past=past))


def words_of(found: Mapping[str, Any], *, past: bool) -> str:
    """The answer: how many are enough, and what one less, or the number there is, comes to."""
    fewest, accounts = found["enough"], found["accounts"]
    told = (
        f"**{count(fewest, 'account')} {'would have been' if past else 'will be'} enough** for every link to be on time"
    )
    if accounts > fewest:
        told += f", {accounts - fewest} fewer than the {accounts} there are."
    elif accounts == fewest:
        told += ", and so many there are."
    else:
        told += f": {count(fewest - accounts, 'account')} more than there are."
    tried = {point["accounts"]: point for point in found["points"]}
    fewer = tried.get(accounts if accounts < fewest else fewest - 1)
    if fewer is None:
        return told
    verb = "would not have come on time" if past else "would not come on time"
    return f"{told} With {fewer['accounts']}, {_bad(fewer)} {verb}."


def _bad(point: Mapping[str, Any]) -> str:
    parts = [f"{point[kind]:,} {kind}" for kind in ("late", "missed") if point[kind]]
    return f"{count(point['late'] + point['missed'], 'link')} ({' and '.join(parts)})"


def _meaning(found: Mapping[str, Any], *, past: bool) -> str:
    if past:
        fact = found["fact"]
        happened = (
            f"In fact {fact['late']:,} were late and {fact['missed']:,} missed for want of an account"
            if fact["late"] or fact["missed"]
            else "In fact none was late or missed for want of an account"
        )
        return (
            f"{happened}; accounts that were benched or had lost their access then count as able here. An appointment "
            "keeps its account as long as it really did, recording and rest included."
        )
    return (
        "An appointment is taken to keep its account as long as the last ones here usually did, by their median. "
        "Longer meetings and late recordings come on top, so one account more is no luxury."
    )


show()
