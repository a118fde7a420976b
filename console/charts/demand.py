"""What is booked against the accounts there are."""

from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from console.charts.parts import ACCOUNTS, LEGEND, closed, hover, line, now_rule, timed, whole
from console.local_axis import calendar_axis, scale
from console.look import HEX


def demand_chart(
    used: pd.DataFrame, curve: pd.DataFrame, bands: pd.DataFrame, now: datetime, zone: str, *, alt: str
) -> None:
    """What was used so far, what is booked from now on, and where that is more than there are accounts.

    *bands* (`at`, `to`, `Short`, in words) are shaded: among several locations one may be short while others are not.
    """
    since, until = used["at"].min().to_pydatetime(), curve["to"].max().to_pydatetime()
    x = {"field": "at", "type": "temporal", "scale": scale(since, until), "title": None}
    x |= {"axis": calendar_axis(since, until, zone, most=12)}
    rows = pd.concat(
        [
            closed(used).assign(Used=lambda rows: rows["peak"], Accounts=lambda rows: rows["usable"])[
                ["at", "to", "When", "Used", "Accounts"]
            ],
            closed(curve).assign(
                Booked=lambda rows: rows["booked"],
                Accounts=lambda rows: rows["accounts"],
                Short=lambda rows: rows[["booked", "accounts"]].max(axis=1),
                Missing=lambda rows: (rows["booked"] - rows["accounts"]).clip(lower=0),
            )[["at", "to", "When", "Booked", "Accounts", "Short", "Missing"]],
        ]
    )
    area = {"type": "area", "interpolate": "step-after", "clip": True}
    # A legend needs a field: each layer names itself.
    names = {"Used so far": HEX["blue"], "Booked": "#9dbcf8", "More than there are accounts": HEX["red"]}
    colors = {"scale": {"domain": list(names), "range": list(names.values())}, "legend": LEGEND, "type": "nominal"}
    y = {"type": "quantitative", "title": None, "axis": ACCOUNTS["axis"], "stack": None}
    layers = [
        {
            "transform": [{"filter": f"isValid(datum.{field})"}, {"calculate": f"'{name}'", "as": "What"}],
            "mark": area | {"opacity": 0.85},
            "encoding": {
                "x": x,
                "y": {"field": field, **y},
                **({"y2": {"field": floor}} if floor else {}),
                "color": {"field": "What", **colors},
            },
        }
        for name, field, floor in (
            ("Used so far", "Used", ""),
            ("Booked", "Booked", ""),
            ("More than there are accounts", "Short", "Accounts"),
        )
    ]
    tooltip: list[dict[str, Any]] = [{"field": "When", "title": "From"}]
    tooltip += [whole(field) for field in ("Used", "Booked", "Missing")] + [whole("Accounts")]
    spec = {
        "layer": [
            *([_bands(bands, x)] if len(bands) else []),
            *layers,
            line("Accounts", x, stroke=[6, 3]),
            now_rule(now, scale(since, until)),
            hover(x, tooltip),
        ]
    }
    st.vega_lite_chart(timed(rows), spec, height=320, alt=alt)


def _bands(bands: pd.DataFrame, x: dict[str, Any]) -> dict[str, Any]:
    return {
        "data": {"values": timed(bands).to_dict("records")},
        "mark": {"type": "rect", "color": HEX["red"], "opacity": 0.16, "clip": True},
        "encoding": {"x": x, "x2": {"field": "to"}, "tooltip": [{"field": "Short"}]},
    }
