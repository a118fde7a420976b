"""A chart of the Pool page in its frame: what it is, what its numbers mean, and the same as a file."""

from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
import streamlit as st

SLOW = 60  # seconds between refreshes: hours and days do not change in ten


@contextmanager
def card(title: str, about: str, *, csv: str, rows: pd.DataFrame) -> Iterator[None]:
    """A frame for one chart, with *rows* to take away as the file *csv*."""
    with st.container(border=True, height="stretch"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            st.markdown(f"**{title}** :gray[· {about}]", width="stretch")
            st.download_button(
                "CSV",
                rows.to_csv(index=False),
                file_name=csv,
                mime="text/csv",
                icon=":material/download:",
                type="tertiary",
                key=f"csv_{csv}",
                on_click="ignore",
                help=f"{title} as a table",
            )
        yield


def number(value: float) -> str:
    """`1,234`, or `12.3` where that is what tells."""
    return f"{value:,.1f}" if 0 < value < 10 and value % 1 else f"{value:,.0f}"


def count(number_of: int, one: str, several: str | None = None) -> str:
    """`1 account`, `1,204 accounts`."""
    return f"{number_of:,} {one if number_of == 1 else several or one + 's'}"
