"""The picture of the pool: one row per account, its states as bars from the last hour into the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from console.local_axis import axis, calendar_axis, instant, scale
from console.look import ACCOUNT, HEX, IN_CHARTS
from console.moments import clock

ROW = 26
LONG = timedelta(hours=30)  # from here on the axis names days
AROUND = 112  # pixels of legend and axis


def account_chart(
    bars: Sequence[dict[str, Any]],
    accounts: Sequence[str],
    zone: str,
    *,
    now: datetime,
    since: datetime,
    until: datetime,
    everywhere: bool = False,
) -> None:
    """Draw *bars* (`account_history.phases`) for *accounts* on the wall clock of *zone*; planned ones are paler.

    *everywhere*: of several locations, so that the names of accounts alone do not tell them apart.
    """
    drawn = chart(bars, accounts, zone, now=now, since=since, until=until, everywhere=everywhere)
    st.vega_lite_chart(
        drawn.rows,
        drawn.spec,
        height=ROW * len(accounts) + AROUND,
        alt=f"Timeline of {len(accounts)} accounts: each row shows what an account was, is and will be used for.",
    )


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
        }
        for bar in bars
    ]
    columns = ["account", "State", "from", "to", "From", "To", "Appointment", "planned"]
    x = {
        "field": "from",
        "type": "temporal",
        "scale": scale(since, until),
        "title": None,
        "axis": (calendar_axis if until - since > LONG else axis)(since, until, zone),
    }
    spec = _spec(accounts, x, {"at": instant(now)}, sorted({row["State"] for row in rows}))
    if everywhere:
        spec["layer"][0]["encoding"]["y"]["axis"] |= {"labelExpr": "datum.label", "labelLimit": 190}
    return Chart(pd.DataFrame(rows, columns=columns), spec)


def _spec(accounts: Sequence[str], x: dict[str, Any], now: dict[str, str], shown: Sequence[str]) -> dict[str, Any]:
    words = [word for word in IN_CHARTS if word in shown]
    return {
        "layer": [
            {
                "mark": {"type": "bar", "height": 15, "cornerRadius": 3, "clip": True},
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
                        "legend": {
                            "orient": "top",
                            "title": None,
                            "symbolType": "square",
                            "columns": 3,
                            "columnPadding": 6,
                        },
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
            {
                "data": {"values": [now]},
                "mark": {"type": "rule", "strokeDash": [3, 3], "color": HEX["gray"], "strokeWidth": 1.5},
                "encoding": {"x": {"field": "at", "type": "temporal"}},
            },
        ],
    }
