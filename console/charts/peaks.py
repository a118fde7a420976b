"""The peak of use by weekday and hour, as a heatmap."""

import pandas as pd
import streamlit as st

from console.charts.parts import PEAK, ink
from console.look import HEX

SHARES = [0.2, 0.4, 0.6, 0.75, 0.9]
# Of one hue up to three quarters, so that it fits either background; from there on in the colours of trouble.
SHADES = [*(f"rgba(63, 120, 240, {strength})" for strength in (0.08, 0.22, 0.42, 0.7)), HEX["orange"], HEX["red"]]
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def peak_cells(hours: pd.DataFrame, zone: str) -> pd.DataFrame:
    """The peak of use by weekday and hour of *zone*, and its share of the accounts that were able to serve."""
    local = hours["at"].dt.tz_convert(zone)
    cells = (
        hours.assign(day=local.dt.day_of_week, hour=local.dt.hour, share=hours["peak"] / hours["usable"].clip(lower=1))
        .groupby(["day", "hour"], as_index=False)
        .agg(peak=("peak", "max"), share=("share", "max"))
    )
    cells["Day"] = cells["day"].map(dict(enumerate(DAYS)))
    cells["Hour"] = cells["hour"].map("{:02d}:00".format)
    return cells


def peak_chart(cells: pd.DataFrame) -> None:
    """`peak_cells` as a heatmap, coloured by their share."""
    place = {
        "x": {
            "field": "hour",
            "type": "ordinal",
            "title": None,
            "axis": {
                "labelAngle": 0,
                "labelExpr": "datum.value % 3 == 0 ? format(datum.value, '02') : ''",
                "ticks": False,
            },
        },
        "y": {
            "field": "Day",
            "type": "ordinal",
            "sort": DAYS,
            "title": None,
            "axis": {"ticks": False, "labelOverlap": False},
        },
    }
    tooltip = [{"field": "Day"}, {"field": "Hour"}, {"field": "peak", "title": PEAK}]
    tooltip += [{"field": "share", "title": "Of those able to serve", "format": ".0%"}]
    spec = {
        "layer": [
            {
                "mark": {"type": "rect", "cornerRadius": 3, "stroke": None},
                "encoding": {
                    **place,
                    "color": {
                        "field": "share",
                        "type": "quantitative",
                        "scale": {"type": "threshold", "domain": SHARES, "range": SHADES},
                        "legend": {
                            "orient": "top",
                            "title": None,
                            "format": ".0%",
                            "gradientLength": 220,
                            "gradientThickness": 10,
                        },
                    },
                    "tooltip": tooltip,
                },
            },
            {
                "transform": [{"filter": "datum.peak > 0"}],
                "mark": {"type": "text", "fontSize": 10},
                "encoding": {
                    **place,
                    "text": {"field": "peak"},
                    "color": {"condition": {"test": "datum.share >= 0.6", "value": "#ffffff"}, "value": ink()},
                },
            },
        ],
        "config": {"scale": {"bandPaddingInner": 0.08}},
    }
    st.vega_lite_chart(cells, spec, height=250, alt=_in_words(cells))


def _in_words(cells: pd.DataFrame) -> str:
    top = cells.loc[cells["share"].idxmax()]
    return (
        f"The most accounts in use by weekday and hour. Fullest on {top['Day']} at {top['Hour']}: {top['peak']} in "
        f"use, {top['share']:.0%} of those able to serve."
    )
