"""Accounts by state over time, stacked."""

from datetime import datetime

import pandas as pd
import streamlit as st

from console.charts.parts import ACCOUNTS, LEGEND, PEAK, closed, hover, line, tenths, timed, whole
from console.local_axis import calendar_axis, scale
from console.look import ACCOUNT, IN_CHARTS

# The order of the states in a stack, from its floor to its top, by their columns.
STACK = {
    "live": ACCOUNT["live"].word,
    "ready": ACCOUNT["ready"].word,
    "reserved": ACCOUNT["reserved"].word,
    "processing": ACCOUNT["processing"].word,
    "cooldown": ACCOUNT["cooldown"].word,
    "closing": ACCOUNT["closing"].word,
    "connected": ACCOUNT["idle"].word,
    "busy_elsewhere": ACCOUNT["busy_elsewhere"].word,
    "quarantined": ACCOUNT["quarantined"].word,
    "needs_reauth": ACCOUNT["needs_reauth"].word,
    "draining": ACCOUNT["draining"].word,
}
ABLE = "Able to serve"


def state_chart(buckets: pd.DataFrame, since: datetime, until: datetime, zone: str, *, alt: str) -> None:
    """Accounts by state, stacked, with the line of those able to serve and the peak of use."""
    shown = [name for name in STACK if (buckets[name] > 0.0005).any()]
    rows = closed(buckets)[["at", "to", "When", "peak", "usable", *shown]].rename(
        columns={**STACK, "usable": ABLE, "peak": PEAK}
    )
    words = [STACK[name] for name in shown]
    x = {"field": "at", "type": "temporal", "scale": scale(since, until), "title": None}
    x |= {"axis": calendar_axis(since, until, zone)}
    numbers = [{"field": word, "type": "quantitative", "format": ".1f"} for word in words]
    spec = {
        "layer": [
            {
                "transform": [
                    {"fold": words, "as": ["State", "accounts"]},
                    {"calculate": f"indexof({words}, datum.State)", "as": "order"},
                ],
                "mark": {"type": "area", "interpolate": "step-after", "clip": True},
                "encoding": {
                    "x": x,
                    "y": {"field": "accounts", "stack": "zero", **ACCOUNTS},
                    "order": {"field": "order", "type": "quantitative"},
                    "color": {
                        "field": "State",
                        "type": "nominal",
                        "scale": {"domain": words, "range": [IN_CHARTS[word] for word in words]},
                        "legend": LEGEND,
                    },
                },
            },
            line(ABLE, x, stroke=[6, 3]),
            line(PEAK, x, width=1.25),
            hover(x, [{"field": "When", "title": "From"}, *numbers, whole(PEAK), tenths(ABLE)]),
        ],
    }
    st.vega_lite_chart(timed(rows), spec, height=320, alt=alt)
