"""Late and missed links against the number of accounts."""

import pandas as pd
import streamlit as st

from console.charts.parts import ACCOUNTS, LEGEND, ink, whole
from console.look import HEX, OUTCOME


def enough_chart(points: pd.DataFrame, accounts: int, fewest: int, *, title: str) -> None:
    """Late and missed links against the number of accounts, with the number there is and the fewest that are enough."""
    words = [OUTCOME["late"].word, OUTCOME["missed"].word]
    x = {"field": "accounts", "type": "quantitative", "title": "Accounts", "axis": {"tickMinStep": 1, "grid": False}}
    x |= {"scale": {"domain": [0.4, float(points["accounts"].max()) + 0.9], "nice": False}}
    # The words of the smaller number stand left of its line, those of the greater one right of it.
    marks = [{"at": fewest, "word": f"{fewest} enough", "row": 0, "align": "right" if fewest <= accounts else "left"}]
    if accounts:
        marks.append(
            {"at": accounts, "word": f"{accounts} now", "row": 0, "align": "right" if accounts < fewest else "left"}
        )
    width = max(3, min(34, round(560 / (points["accounts"].max() + 1))))
    spec = {
        "layer": [
            {
                "transform": [
                    {"fold": words, "as": ["Outcome", "links"]},
                    {"calculate": f"indexof({words}, datum.Outcome)", "as": "order"},
                ],
                "mark": {"type": "bar", "size": width, "cornerRadiusEnd": 2},
                "encoding": {
                    "x": x,
                    "y": {"field": "links", "stack": "zero", **ACCOUNTS, "title": "Links"},
                    "order": {"field": "order", "type": "quantitative"},
                    "color": {
                        "field": "Outcome",
                        "type": "nominal",
                        "scale": {"domain": words, "range": [HEX["orange"], HEX["red"]]},
                        "legend": LEGEND,
                    },
                    "tooltip": [{"field": "accounts", "title": "Accounts"}, *map(whole, words), whole("On time")],
                },
            },
            {
                "transform": [{"filter": "datum.bad > 0"}],
                "mark": {"type": "text", "dy": -8, "fontSize": 11},
                "encoding": {
                    "x": x,
                    "y": {"field": "bad", **ACCOUNTS},
                    "text": {"field": "bad", "format": ","},
                    "color": {"value": ink()},
                },
            },
            {
                "data": {"values": marks},
                "encoding": {"x": {"field": "at", "type": "quantitative"}},
                "layer": [
                    {"mark": {"type": "rule", "strokeDash": [4, 3], "color": HEX["gray"], "strokeWidth": 1.5}},
                    {
                        "mark": {
                            "type": "text",
                            "align": {"expr": "datum.align"},
                            "dx": {"expr": "datum.align == 'left' ? 6 : -6"},
                            "baseline": "top",
                            "fontWeight": "bold",
                        },
                        "encoding": {
                            "text": {"field": "word"},
                            "y": {"field": "row", "type": "quantitative", "scale": None},
                            "color": {"value": ink()},
                        },
                    },
                ],
            },
        ],
        "resolve": {"scale": {"y": "shared"}},
    }
    st.vega_lite_chart(points, spec, height=300, alt=_in_words(points, title))


def _in_words(points: pd.DataFrame, title: str) -> str:
    said = (
        f"with {row['accounts']} accounts {row['Late']} late and {row['Missed']} missed" for _, row in points.iterrows()
    )
    return f"{title}, links by number of accounts: {', '.join(said)}."
