"""How long recordings took, by day."""

import pandas as pd
import streamlit as st

from console.charts.parts import BY_DAY, LEGEND
from console.look import HEX


def wait_chart(days: pd.DataFrame) -> None:
    """How long recordings took, by day: the median, and what all but one in twenty kept to."""
    words = ["Half came within", "95 % came within"]
    spec = {
        "transform": [{"fold": words, "as": ["What", "minutes"]}],
        "mark": {"type": "line", "point": {"size": 36, "filled": True}, "strokeWidth": 2},
        "encoding": {
            "x": BY_DAY,
            "y": {
                "field": "minutes",
                "type": "quantitative",
                "title": None,
                "axis": {"labelExpr": "datum.label + ' min'", "tickCount": 5},
            },
            "color": {
                "field": "What",
                "type": "nominal",
                "scale": {"domain": words, "range": [HEX["violet"], HEX["orange"]]},
                "legend": LEGEND,
            },
            "strokeDash": {
                "field": "What",
                "type": "nominal",
                "scale": {"domain": words, "range": [[1, 0], [5, 3]]},
                "legend": None,
            },
            "tooltip": [
                {"field": "Day"},
                *({"field": word, "format": ".1f", "type": "quantitative"} for word in words),
                {"field": "recordings", "title": "Recordings"},
            ],
        },
    }
    st.vega_lite_chart(days, spec, height=280, alt=_in_words(days))


def _in_words(days: pd.DataFrame) -> str:
    said = (
        f"{row['Day']}: half within {row['Half came within']:.0f} min, 95 % within {row['95 % came within']:.0f} min"
        for _, row in days.tail(7).iterrows()
    )
    return f"Minutes until recordings came, by day. {'; '.join(said)}."
