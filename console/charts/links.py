"""Links that did not come on time, by day."""

from typing import Any

import pandas as pd
import streamlit as st

from console.charts.parts import ACCOUNTS, BY_DAY, LEGEND, ink
from console.look import HEX, OUTCOME


def link_chart(days: pd.DataFrame) -> None:
    """Links that did not come on time, by day; above each the share that did."""
    outcomes = [name for name in OUTCOME if name != "on_time"]
    words = [OUTCOME[name].word for name in outcomes]
    tooltip = [{"field": "Day"}, {"field": "On time"}, *({"field": word} for word in words)]
    tooltip += [{"field": "share", "title": "Came on time", "format": ".1%"}]
    layers: list[dict[str, Any]] = [
        {
            "transform": [
                {"fold": words, "as": ["Outcome", "links"]},
                {"calculate": f"indexof({words}, datum.Outcome)", "as": "order"},
            ],
            "mark": {"type": "bar", "cornerRadiusEnd": 2, **({"size": 34} if len(days) <= 10 else {})},
            "encoding": {
                "x": BY_DAY,
                "y": {"field": "links", "stack": "zero", **ACCOUNTS},
                "order": {"field": "order", "type": "quantitative"},
                "color": {
                    "field": "Outcome",
                    "type": "nominal",
                    "scale": {"domain": words, "range": [HEX[OUTCOME[name].color] for name in outcomes]},
                    "legend": LEGEND,
                },
                "tooltip": tooltip,
            },
        }
    ]
    if len(days) <= 16:
        layers.append(
            {
                "mark": {"type": "text", "dy": -8, "fontSize": 11},
                "encoding": {
                    "x": BY_DAY,
                    "y": {"field": "bad", **ACCOUNTS},
                    "text": {"field": "share", "format": ".1%"},
                    "color": {"value": ink()},
                },
            }
        )
    st.vega_lite_chart(days, {"layer": layers}, height=250, alt=_in_words(days))


def _in_words(days: pd.DataFrame) -> str:
    bad = days[days["bad"] > 0].tail(7)
    said = (f"{row['Day']}: {row['bad']}, so that {row['share']:.1%} came on time" for _, row in bad.iterrows())
    return f"Links that were late, failed or missed, by day. {'; '.join(said) or 'There was none'}."
