"""Dialogs that stay open until what they are for is done.

A button only notes what was chosen; the page opens the dialog on every run, outside any panel that draws itself anew.
Each page has one place for that in the session, named after it.
"""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from console.look import plain


class Dialogs:
    """The dialogs of one page: *titles and bodies* by the word that a button chooses."""

    def __init__(self, page: str, dialogs: Mapping[str, tuple[str, Callable[[Any], None]]]) -> None:
        self._chosen, self._said, self._dialogs = f"{page}_chosen", f"{page}_said", dialogs

    def choose(self, word: str, about: Any = None) -> None:
        """Open a dialog about something from the next run on."""
        st.session_state[self._chosen] = (word, about)
        st.rerun()

    def show(self) -> bool:
        """The dialog that was chosen, or how the last one ended; whether one is open."""
        if said := st.session_state.pop(self._said, None):
            st.toast(plain(said), icon=":material/check_circle:", duration="long")
        word, about = st.session_state.get(self._chosen, (None, None))
        if word is None:
            return False
        title, body = self._dialogs[word]
        st.dialog(title, width="medium", on_dismiss=self._forget)(lambda: body(about))()
        return True

    def done(self, said: str) -> None:
        """Close it, and say how it ended."""
        st.session_state[self._said] = said
        self._forget()
        st.rerun()

    def _forget(self) -> None:
        st.session_state.pop(self._chosen, None)


def why(*, required: bool = False) -> str:
    """A person's reason for what a dialog does; *required*: the dialog cannot do without."""
    label = "Why" if required else "Why (may stay empty)"
    return st.text_input(label, key="why", max_chars=200, help="Stands on the timeline, with your name").strip()
