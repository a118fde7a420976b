"""How the Pool page's charts are drawn. Only their data and their time axis are new at each refresh."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from console.local_axis import calendar_axis, scale
from console.look import ACCOUNT, HEX, IN_CHARTS, OUTCOME

INK = {"light": "#131a2a", "dark": "#e8ecf4"}
LEGEND = {
    "orient": "top",
    "title": None,
    "symbolType": "square",
    "columnPadding": 12,
    "columns": {"expr": "max(2, floor(width / 105))"},  # as many as there is room for, on a telephone too
}
ACCOUNTS = {"type": "quantitative", "title": None, "axis": {"tickMinStep": 1, "tickCount": 5, "grid": True}}
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
ABLE, PEAK = "Able to serve", "Peak in use"
SHARES = [0.2, 0.4, 0.6, 0.75, 0.9]
# Of one hue up to three quarters, so that it fits either background; from there on in the colours of trouble.
SHADES = [*(f"rgba(63, 120, 240, {strength})" for strength in (0.08, 0.22, 0.42, 0.7)), HEX["orange"], HEX["red"]]
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
CAUSES = {
    "capacity": "No account was free",
    "zoom": "Zoom was slow or refused",
    "mail": "The mail server was slow or refused",
    "us": "Our own delay",
}


def ink() -> str:
    """The colour of words and lines on the reader's background."""
    return INK.get(str(st.context.theme.type), INK["light"])


def states(buckets: pd.DataFrame, since: datetime, until: datetime, zone: str, *, alt: str) -> None:
    """Accounts by state, stacked, with the line of those able to serve and the peak of use."""
    shown = [name for name in STACK if (buckets[name] > 0.0005).any()]
    rows = _closed(buckets)[["at", "to", "When", "peak", "usable", *shown]].rename(
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
            _line(ABLE, x, stroke=[6, 3]),
            _line(PEAK, x, width=1.25),
            _hover(x, [{"field": "When", "title": "From"}, *numbers, _whole(PEAK), _tenths(ABLE)]),
        ],
    }
    st.vega_lite_chart(_timed(rows), spec, height=320, alt=alt)


def peaks(hours: pd.DataFrame, zone: str, *, alt: str) -> None:
    """The peak of use by weekday and hour, as a share of the accounts that were able to serve."""
    local = hours["at"].dt.tz_convert(zone)
    cells = (
        hours.assign(day=local.dt.day_of_week, hour=local.dt.hour, share=hours["peak"] / hours["usable"].clip(lower=1))
        .groupby(["day", "hour"], as_index=False)
        .agg(peak=("peak", "max"), share=("share", "max"))
    )
    cells["Day"] = cells["day"].map(dict(enumerate(DAYS)))
    cells["Hour"] = cells["hour"].map("{:02d}:00".format)
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
    st.vega_lite_chart(cells, spec, height=250, alt=alt)


def links(days: pd.DataFrame, *, alt: str) -> None:
    """Links that did not come on time, by day; above each the share that did."""
    outcomes = [name for name in OUTCOME if name != "on_time"]
    words = [OUTCOME[name].word for name in outcomes]
    x = {
        "field": "Day",
        "type": "ordinal",
        "sort": None,
        "title": None,
        "axis": {"labelAngle": 0, "labelOverlap": "greedy"},
    }
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
                "x": x,
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
                    "x": x,
                    "y": {"field": "bad", **ACCOUNTS},
                    "text": {"field": "share", "format": ".1%"},
                    "color": {"value": ink()},
                },
            }
        )
    st.vega_lite_chart(days, {"layer": layers}, height=250, alt=alt)


def bars(rows: pd.DataFrame, colors: Sequence[str], *, alt: str) -> None:
    """One bar per row: `What` it is, its `value`, and the words at its end, `Label`; in the order of the rows."""
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
    st.vega_lite_chart(rows, spec, height=max(26 * len(rows) + 20, 80), alt=alt)


def waits(days: pd.DataFrame, *, alt: str) -> None:
    """How long recordings took, by day: the median, and what all but one in twenty kept to."""
    x = {
        "field": "Day",
        "type": "ordinal",
        "sort": None,
        "title": None,
        "axis": {"labelAngle": 0, "labelOverlap": "greedy"},
    }
    words = ["Half came within", "95 % came within"]
    spec = {
        "transform": [{"fold": words, "as": ["What", "minutes"]}],
        "mark": {"type": "line", "point": {"size": 36, "filled": True}, "strokeWidth": 2},
        "encoding": {
            "x": x,
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
    st.vega_lite_chart(days, spec, height=280, alt=alt)


def demand(used: pd.DataFrame, curve: pd.DataFrame, now: datetime, zone: str, *, alt: str) -> None:
    """What was used so far, what is booked from now on, and where that is more than there are accounts."""
    since, until = used["at"].min().to_pydatetime(), curve["to"].max().to_pydatetime()
    x = {"field": "at", "type": "temporal", "scale": scale(since, until), "title": None}
    x |= {"axis": calendar_axis(since, until, zone, most=12)}
    rows = pd.concat(
        [
            _closed(used).assign(Used=lambda rows: rows["peak"], Accounts=lambda rows: rows["usable"])[
                ["at", "to", "When", "Used", "Accounts"]
            ],
            _closed(curve).assign(
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
    tooltip += [_whole(field) for field in ("Used", "Booked", "Missing")] + [_whole("Accounts")]
    spec = {
        "layer": [
            *layers,
            _line("Accounts", x, stroke=[6, 3]),
            {
                "data": {"values": [{"at": now.isoformat(), "word": "now"}]},
                "layer": [
                    {"mark": {"type": "rule", "strokeDash": [3, 3], "color": HEX["gray"], "strokeWidth": 1.5}},
                    {
                        "mark": {
                            "type": "text",
                            "align": "left",
                            "dx": 5,
                            "dy": 4,
                            "baseline": "top",
                            "color": HEX["gray"],
                        },
                        "encoding": {"text": {"field": "word"}, "y": {"value": 0}},
                    },
                ],
                "encoding": {"x": {"field": "at", "type": "temporal", "scale": scale(since, until)}},
            },
            _hover(x, tooltip),
        ]
    }
    st.vega_lite_chart(_timed(rows), spec, height=320, alt=alt)


def enough(points: pd.DataFrame, accounts: int, fewest: int, *, alt: str) -> None:
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
                    "tooltip": [{"field": "accounts", "title": "Accounts"}, *map(_whole, words), _whole("On time")],
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
    st.vega_lite_chart(points, spec, height=300, alt=alt)


def _line(field: str, x: dict[str, Any], *, width: float = 1.75, stroke: Sequence[int] = (1, 0)) -> dict[str, Any]:
    """A line of steps through *field*."""
    mark = {"type": "line", "interpolate": "step-after", "strokeWidth": width, "strokeDash": list(stroke), "clip": True}
    return {"mark": mark | {"color": ink()}, "encoding": {"x": x, "y": {"field": field, **ACCOUNTS}}}


def _hover(x: dict[str, Any], tooltip: list[dict[str, Any]]) -> dict[str, Any]:
    """An invisible bar over each bucket that tells all its numbers."""
    return {
        "mark": {"type": "bar", "opacity": 0, "clip": True},
        "encoding": {"x": x, "x2": {"field": "to"}, "tooltip": tooltip},
    }


def _whole(field: str) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "format": ".0f"}


def _tenths(field: str) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "format": ".1f"}


def _closed(rows: pd.DataFrame) -> pd.DataFrame:
    """With the end of its last step, which would have no width otherwise."""
    return pd.concat([rows, rows.tail(1).assign(at=rows["to"].tail(1))])


def _timed(rows: pd.DataFrame) -> pd.DataFrame:
    """Instants as Vega gets them."""
    return rows.assign(**{name: rows[name].map(lambda at: at.isoformat()) for name in ("at", "to")})
