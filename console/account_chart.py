"""The picture of the pool: one row per account, its states as bars from the last hour into the next."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from console.look import ACCOUNT, HEX

ROW = 26
AROUND = 112  # pixels of legend and axis
DRAWN = (
    "reserved",
    "ready",
    "live",
    "processing",
    "cooldown",
    "closing",
    "busy_elsewhere",
    "quarantined",
    "needs_reauth",
    "draining",
)
COLORS = {ACCOUNT[state].word: HEX[ACCOUNT[state].color] for state in DRAWN}
# Two states in one colour are two shades in the picture, where no word stands beside them.
COLORS |= {
    ACCOUNT["closing"].word: "#b9691a",
    ACCOUNT["quarantined"].word: "#a8363d",
    ACCOUNT["busy_elsewhere"].word: "#c98a5a",
}


def account_chart(
    bars: Sequence[dict[str, Any]],
    accounts: Sequence[str],
    zone: str,
    *,
    now: datetime,
    since: datetime,
    until: datetime,
) -> None:
    """Draw *bars* (`account_history.phases`) for *accounts* on the wall clock of *zone*; planned ones are paler."""
    rows = [
        {
            "account": bar["account"],
            "State": ACCOUNT[bar["state"]].word if bar["state"] in ACCOUNT else bar["state"],
            "from": _wall(bar["from_at"], zone),
            "to": _wall(bar["to_at"], zone),
            "Appointment": bar["external_id"] or "",
            "planned": "planned" if bar["planned"] else "so far",
        }
        for bar in bars
    ]
    columns = ["account", "State", "from", "to", "Appointment", "planned"]
    st.vega_lite_chart(
        pd.DataFrame(rows, columns=columns),
        _spec(
            accounts, _wall(now, zone), _wall(since, zone), _wall(until, zone), sorted({row["State"] for row in rows})
        ),
        height=ROW * len(accounts) + AROUND,
        alt=f"Timeline of {len(accounts)} accounts: each row shows what an account was, is and will be used for.",
    )


def _wall(at: datetime, zone: str) -> str:
    """The wall clock of *zone*, written as if it were UTC: Vega draws either the reader's zone or UTC, and no other."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC).isoformat()


def _spec(accounts: Sequence[str], now: str, since: str, until: str, shown: Sequence[str]) -> dict[str, Any]:
    words = [word for word in COLORS if word in shown]
    time = {"type": "utc", "domain": [since, until]}
    return {
        "layer": [
            {
                "mark": {"type": "bar", "height": 15, "cornerRadius": 3, "clip": True},
                "encoding": {
                    "x": {
                        "field": "from",
                        "type": "temporal",
                        "scale": time,
                        "title": None,
                        "axis": {"format": "%H:%M", "grid": True, "tickCount": 9, "labelFlush": True},
                    },
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
                        "scale": {"domain": words, "range": [COLORS[word] for word in words]},
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
                        {
                            "field": "from",
                            "type": "temporal",
                            "format": "%H:%M",
                            "title": "From",
                            "timeUnit": "utchoursminutes",
                        },
                        {
                            "field": "to",
                            "type": "temporal",
                            "format": "%H:%M",
                            "title": "To",
                            "timeUnit": "utchoursminutes",
                        },
                    ],
                },
            },
            {
                "data": {"values": [{"at": now}]},
                "mark": {"type": "rule", "strokeDash": [3, 3], "color": HEX["gray"], "strokeWidth": 1.5},
                "encoding": {"x": {"field": "at", "type": "temporal", "scale": time}},
            },
        ],
    }
