"""One bar per row, with words at its end."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from console.charts.parts import ink


def bar_chart(rows: pd.DataFrame, colors: Sequence[str], *, alt: str) -> None:
    """One bar per row: `What` it is, its `value`, and the words at its end, `Label`; in the order of the rows. *alt*:
    what they are, for who hears them."""
    said = ", ".join(f"{what} {label}" for what, label in zip(rows["What"], rows["Label"], strict=True))
    y = {"field": "What", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 220, "ticks": False}}
    width = {"field": "value", "type": "quantitative", "title": None, "axis": None}
    width |= {"scale": {"domainMax": float(rows["value"].max()) * 1.45 or 1}}
    tooltip = [{"field": "What"}, {"field": "Label", "title": " "}]
    spec = {
        "layer": [
            {
                "mark": {"type": "bar", "cornerRadiusEnd": 3, "height": 15},
                "encoding": {
                    "x": width,
                    "y": y,
                    "color": {
                        "field": "What",
                        "type": "nominal",
                        "scale": {"domain": list(rows["What"]), "range": list(colors)},
                        "legend": None,
                    },
                    "tooltip": tooltip,
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": 12},
                "encoding": {"x": width, "y": y, "text": {"field": "Label"}, "color": {"value": ink()}},
            },
        ],
    }
    st.vega_lite_chart(rows, spec, height=max(26 * len(rows) + 20, 80), alt=f"{alt}: {said}.")
