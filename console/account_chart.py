"""The picture of the pool: one row per account, its states as bars from the last hour into the next."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from console.charts.parts import LEGEND, now_rule
from console.local_axis import axis, calendar_axis, instant, scale
from console.look import ACCOUNT, IN_CHARTS
from console.moments import clock

ROW = 26
LONG = timedelta(hours=30)  # from here on the axis names days
AROUND = 84  # pixels of legend and axis
BARS, CLICKED = "bars", "clicked"
FIELDS = ["external_id", "location_id", "account_id"]  # what a clicked bar is of


def account_chart(
    bars: Sequence[dict[str, Any]],
    accounts: Sequence[str],
    zone: str,
    *,
    now: datetime,
    since: datetime,
    until: datetime,
    everywhere: bool = False,
    on_click: Callable[[Mapping[str, Any]], None] | None = None,
) -> None:
    """Draw *bars* (`account_history.phases`) for *accounts* on the wall clock of *zone*; planned ones are paler.

    *everywhere*: of several locations, so that the names of accounts alone do not tell them apart. *on_click* is called
    with the `external_id`, `location_id` and `account_id` of a bar that is clicked.
    """
    drawn = chart(bars, accounts, zone, now=now, since=since, until=until, everywhere=everywhere)
    height, alt = ROW * len(accounts) + AROUND, in_words(bars, accounts, now)
    if on_click is None:
        st.vega_lite_chart(drawn.rows, drawn.spec, height=height, alt=alt)
        return
    spec = drawn.spec | {"params": [{"name": CLICKED, "select": {"type": "point", "fields": FIELDS}, "views": [BARS]}]}
    drawn.spec["layer"][0]["mark"] |= {"cursor": "pointer"}
    found = st.vega_lite_chart(
        drawn.rows, spec, height=height, alt=alt, key="timeline", on_select="rerun", selection_mode=CLICKED
    )
    if clicked := found["selection"].get(CLICKED):
        on_click(clicked[0])


def in_words(bars: Sequence[Mapping[str, Any]], accounts: Sequence[str], now: datetime) -> str:
    """What the picture shows, for who hears it: how many accounts are in which state at this moment."""
    states = Counter(
        ACCOUNT[bar["state"]].word.lower()
        for bar in bars
        if not bar["planned"] and bar["to_at"] >= now and bar["state"] in ACCOUNT
    )
    doing = ", ".join(f"{number} {word}" for word, number in states.most_common())
    return f"Timeline of {len(accounts)} accounts. At this moment: {doing or 'none is in use'}."


@dataclass(frozen=True)
class Chart:
    """What Vega-Lite is given."""

    rows: pd.DataFrame
    spec: dict[str, Any]


def chart(
    bars: Sequence[dict[str, Any]],
    accounts: Sequence[str],
    zone: str,
    *,
    now: datetime,
    since: datetime,
    until: datetime,
    everywhere: bool = False,
) -> Chart:
    """The bars with true instants, and how they are drawn."""
    rows = [
        {
            "account": bar["account"],
            "State": ACCOUNT[bar["state"]].word if bar["state"] in ACCOUNT else bar["state"],
            "from": instant(bar["from_at"]),
            "to": instant(bar["to_at"]),
            "From": clock(bar["from_at"], zone),
            "To": clock(bar["to_at"], zone),
            "Appointment": bar["external_id"] or "",
            "planned": "planned" if bar["planned"] else "so far",
            **{name: bar.get(name) for name in FIELDS},
        }
        for bar in bars
    ]
    columns = ["account", "State", "from", "to", "From", "To", "Appointment", "planned", *FIELDS]
    x = {
        "field": "from",
        "type": "temporal",
        "scale": scale(since, until),
        "title": None,
        "axis": (calendar_axis if until - since > LONG else axis)(since, until, zone),
    }
    spec = _spec(accounts, x, now_rule(now, scale(since, until)), sorted({row["State"] for row in rows}))
    if everywhere:
        spec["layer"][0]["encoding"]["y"]["axis"] |= {"labelExpr": "datum.label", "labelLimit": 190}
    return Chart(pd.DataFrame(rows, columns=columns), spec)


def _spec(accounts: Sequence[str], x: dict[str, Any], now: dict[str, Any], shown: Sequence[str]) -> dict[str, Any]:
    words = [word for word in IN_CHARTS if word in shown]
    return {
        "layer": [
            {
                "name": BARS,
                "mark": {"type": "bar", "height": 15, "cornerRadius": 3, "clip": True, "aria": False},
                "encoding": {
                    "x": x,
                    "x2": {"field": "to"},
                    "y": {
                        "field": "account",
                        "type": "nominal",
                        "scale": {"domain": list(accounts)},
                        "title": None,
                        "axis": {
                            "labelExpr": "split(datum.label, '@')[0]",
                            "labelLimit": 110,
                            "labelOverlap": False,
                            "grid": False,
                        },
                    },
                    "color": {
                        "field": "State",
                        "type": "nominal",
                        "scale": {"domain": words, "range": [IN_CHARTS[word] for word in words]},
                        "legend": LEGEND,
                    },
                    "opacity": {
                        "field": "planned",
                        "type": "nominal",
                        "scale": {"domain": ["so far", "planned"], "range": [1, 0.38]},
                        "legend": None,
                    },
                    "tooltip": [
                        {"field": "account", "title": "Account"},
                        {"field": "State"},
                        {"field": "Appointment"},
                        {"field": "From"},
                        {"field": "To"},
                    ],
                },
            },
            now,
        ],
    }
