"""Dialogs that stay open until what they are for is done.

A button only notes what was chosen; the page opens the dialog on every run, outside any panel that draws itself anew.
Each page has one place for that in the session, named after it. What a dialog is about may also stand in the page's
address, so that a link opens it and the browser's Back closes it.
"""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from console.look import plain


class Dialogs:
    """The dialogs of one page: *titles and bodies* by the word that a button chooses.

    *address*: the parameter of the page's address that names what the dialog of the word *named* is about.
    """

    def __init__(
        self,
        page: str,
        dialogs: Mapping[str, tuple[str, Callable[[Any], None]]],
        *,
        address: str = "",
        named: str = "",
    ) -> None:
        self._chosen, self._said, self._dialogs = f"{page}_chosen", f"{page}_said", dialogs
        self._address, self._named = address, named

    def choose(self, word: str, about: Any = None) -> None:
        """Open a dialog about something from the next run on."""
        st.session_state[self._chosen] = (word, about)
        if word == self._named:
            st.query_params[self._address] = str(about.id)
        st.rerun()

    def open_named(self, find: Callable[[str], Any], nothing: str) -> None:
        """Open what the address names, as *find* finds it; *nothing* is said where it finds None.

        It stays what was found first: who saves it is told of what others have changed meanwhile.
        """
        given = st.query_params.get(self._address)
        word, about = st.session_state.get(self._chosen, (None, None))
        if word == self._named and str(about.id) != given:  # gone by the browser's Back
            st.session_state.pop(self._chosen)
        if given is None or self._chosen in st.session_state:
            return
        if (found := find(given)) is None:
            st.warning("Choose it from the list.", title=nothing, icon=":material/search_off:")
        else:
            st.session_state[self._chosen] = (self._named, found)

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
        st.query_params.pop(self._address, None)


def why(*, required: bool = False) -> str:
    """A person's reason, for the timeline; *required*: the dialog cannot do without."""
    label = "Why" if required else "Why (may stay empty)"
    return st.text_input(label, key="why", max_chars=200).strip()
