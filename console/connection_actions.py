"""What a person can do with a seat and its account: what makes sense as they are, and what the person may.

A button only notes what was chosen; the page opens the dialog, outside the panel that draws itself anew all the time.
"""

import streamlit as st

from console.connection_dialogs import DIALOGS, NEEDS
from console.connection_words import WORKING
from console.seat_actions import SEATS
from console.who import offered
from core.db.read.connections import SeatLine
from core.domain.roles import Permission
from core.domain.states import Connection, Lease

ACCOUNT = "account"  # in the address
OF_SEAT = ("Move seat", "Take back seat")
FREEABLE = (Lease.PROCESSING, Lease.COOLDOWN, Lease.CLOSING)


def menu(line: SeatLine) -> None:
    """The actions that make sense for a seat and its account as they are, behind one button."""
    actions = ["Details"] if line.account_id is not None else []
    if actions := actions + possible(line):
        chosen = st.menu_button(
            "Actions", actions, type="tertiary", key=f"actions_{line.seat_id}", help=f"Actions: {line.email}"
        )
        if chosen == "Details" and line.account_id is not None:
            open_account(line.account_id)
        elif chosen:
            _choose(chosen, line)


def buttons(line: SeatLine) -> None:
    """The same actions side by side."""
    for action in possible(line):
        if st.button(action, key=f"{action}_{line.account_id}"):
            _choose(action, line)


def show_chosen() -> bool:
    """The dialog of what was chosen, or how the last one ended; whether one is open."""
    of_account, of_seat = DIALOGS.show(), SEATS.show()  # each may have something to say
    return of_account or of_seat


def open_account(account_id: int) -> None:
    """Show all about an account; its address does the same."""
    st.query_params[ACCOUNT] = str(account_id)
    st.rerun()


def close_account() -> None:
    """Back to the list, which stayed where it was."""
    st.query_params.pop(ACCOUNT, None)


def possible(line: SeatLine) -> list[str]:
    """What this person can do with it."""
    of_account = [each for each in _with_account(line) if offered(NEEDS[each], line.location_id)]
    return [*of_account, *OF_SEAT] if offered(Permission.ISSUE_SEATS, line.location_id) else of_account


def _with_account(line: SeatLine) -> list[str]:
    if line.account_id is None or line.state == Connection.DISCONNECTED:
        return []
    free = ["Free now"] if line.lease_state in FREEABLE else []
    pool = ["Release"] if line.state == "quarantined" else ["Quarantine"] if line.state in WORKING else []
    gently = [] if line.state == Connection.DRAINING else ["Disconnect"]
    return [*free, *pool, *gently, "Disconnect now"]


def _choose(action: str, line: SeatLine) -> None:
    (SEATS if action in OF_SEAT else DIALOGS).choose(action, line)
