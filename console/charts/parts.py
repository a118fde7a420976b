"""What the charts share: the colours of words, legends, lines, and tooltips over whole buckets."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from console.local_axis import instant
from console.look import HEX

INK = {"light": "#131a2a", "dark": "#e8ecf4"}
LEGEND = {
    "orient": "top",
    "title": None,
    "symbolType": "square",
    "columnPadding": 12,
    "padding": 0,
    "offset": 18,
    "columns": {"expr": "max(1, floor(width / 88))"},  # as many as there is room for, on a telephone too
}
ACCOUNTS = {"type": "quantitative", "title": None, "axis": {"tickMinStep": 1, "tickCount": 5, "grid": True}}
BY_DAY = {
    "field": "Day",
    "type": "ordinal",
    "sort": None,
    "title": None,
    "axis": {"labelAngle": 0, "labelOverlap": "greedy"},
}
PEAK = "Peak in use"


def ink() -> str:
    """The colour of words and lines on the reader's background."""
    return INK.get(str(st.context.theme.type), INK["light"])


def line(field: str, x: dict[str, Any], *, width: float = 1.75, stroke: Sequence[int] = (1, 0)) -> dict[str, Any]:
    """A line of steps through *field*."""
    mark = {"type": "line", "interpolate": "step-after", "strokeWidth": width, "strokeDash": list(stroke), "clip": True}
    return {"mark": mark | {"color": ink()}, "encoding": {"x": x, "y": {"field": field, **ACCOUNTS}}}


def hover(x: dict[str, Any], tooltip: list[dict[str, Any]]) -> dict[str, Any]:
    """An invisible bar over each bucket that tells all its numbers."""
    return {
        "mark": {"type": "bar", "opacity": 0, "clip": True},
        "encoding": {"x": x, "x2": {"field": "to"}, "tooltip": tooltip},
    }


def now_rule(now: datetime, x_scale: dict[str, Any]) -> dict[str, Any]:
    """A dashed line through the present, with its word beside it."""
    word = {"type": "text", "align": "center", "dy": -3, "baseline": "bottom", "color": HEX["gray"]}
    return {
        "data": {"values": [{"at": instant(now), "word": "now"}]},
        "layer": [
            {"mark": {"type": "rule", "strokeDash": [3, 3], "color": HEX["gray"], "strokeWidth": 1.5}},
            {"mark": word, "encoding": {"text": {"field": "word"}, "y": {"value": 0}}},
        ],
        "encoding": {"x": {"field": "at", "type": "temporal", "scale": x_scale}},
    }


def whole(field: str) -> dict[str, Any]:
    """A number of accounts in a tooltip."""
    return {"field": field, "type": "quantitative", "format": ".0f"}


def tenths(field: str) -> dict[str, Any]:
    """An average number of accounts in a tooltip."""
    return {"field": field, "type": "quantitative", "format": ".1f"}


def closed(rows: pd.DataFrame) -> pd.DataFrame:
    """With the end of its last step, which would have no width otherwise."""
    return pd.concat([rows, rows.tail(1).assign(at=rows["to"].tail(1))])


def timed(rows: pd.DataFrame) -> pd.DataFrame:
    """Instants as Vega gets them."""
    return rows.assign(**{name: rows[name].map(lambda at: at.isoformat()) for name in ("at", "to")})
