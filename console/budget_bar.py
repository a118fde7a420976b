"""How much of a day's meetings is made, as a bar with its number: long lists are read by the bar, single lines by the
number. It is one element of HTML: a list has many of them."""

import streamlit as st

from console.connection_words import NEARLY_SPENT
from core.zoom.budget import DAILY_CREATES


def budget_bar(creates: int) -> None:
    """The bar of *creates* meetings of those that Zoom allows a day; a word says it where few are left."""
    st.html(bar(creates))


def bar(creates: int) -> str:
    """Its HTML; the colours are console.css's."""
    share = min(100, round(100 * creates / DAILY_CREATES))
    how, said = ("spent", "used up") if creates >= DAILY_CREATES else ("scarce", "nearly used up")
    if creates < NEARLY_SPENT:
        how, said = "", ""
    label = f"{creates} of {DAILY_CREATES}"
    return (
        f'<div class="budget {how}"><span class="bar" aria-hidden="true"><i style="width:{share}%"></i></span>'
        f'<span class="said">{label}{f"<b>, {said}</b>" if said else ""}</span></div>'
    )
