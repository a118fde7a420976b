"""How much of a day's meetings is made, as a bar with its number: long lists are read by the bar, single lines by the
number. It is one element of HTML: a list has many of them."""

from typing import Literal

import streamlit as st

from console.connection_words import NEARLY_SPENT
from core.zoom.budget import DAILY_CREATES


def budget_bar(creates: int, *, worded: bool = False, width: int | Literal["stretch"] = "stretch") -> None:
    """The bar of *creates* meetings of those that Zoom allows a day; *worded*: it says itself that few are left."""
    st.html(bar(creates, worded=worded), width=width)


def bar(creates: int, *, worded: bool) -> str:
    """Its HTML; the colours are console.css's."""
    share = min(100, round(100 * creates / DAILY_CREATES))
    how, said = ("spent", "used up") if creates >= DAILY_CREATES else ("scarce", "nearly used up")
    if creates < NEARLY_SPENT:
        how, said = "", ""
    word = f"<b>, {said}</b>" if said and worded else ""
    return (
        f'<div class="budget {how}"><span class="bar" aria-hidden="true"><i style="width:{share}%"></i></span>'
        f'<span class="said">{creates} of {DAILY_CREATES}{word}</span></div>'
    )
