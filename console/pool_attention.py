"""What a person has to see to: links that failed, and accounts that serve nobody, each with what to do next."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import streamlit as st

from console import words
from console.look import ACCOUNT, plain
from console.moments import clock, day, length
from console.pool_card import count, headed, to_account, to_connections, to_health
from core.db.read.attention import Troubled
from core.db.read.pool import LocationItem


def failures(failed: int, place: LocationItem | None) -> None:
    """Say that links failed and will not come by themselves, and where they are listed."""
    if not failed:
        return
    title, none = (
        ("One link failed.", "It does not come") if failed == 1 else (f"{failed:,} links failed.", "None comes")
    )
    with st.container(border=True, gap=None, key="alarm_failed"):
        headed(f":red[:material/error:] **{title}**", partial(to_health, place, "Failed links on Health"))
        st.markdown(f":small[{none} by itself. Health says why, and tries again when told to.]")


def attention_card(found: Sequence[Troubled], all_of_them: int, now: datetime, place: LocationItem | None) -> None:
    """The accounts that serve nobody: which, why, for how long, and what to do; nothing while all are well."""
    if not found:
        return
    with st.container(border=True, gap="small", key="attention"):
        about = f"**Needs attention** :gray[· {count(all_of_them, 'account')}]"
        headed(about, partial(to_connections, place, "Needs a person", "In Connections"))
        with st.container(gap="xsmall", key="rows_attention"):
            for each in found:
                _row(each, now, everywhere=place is None)
        if all_of_them > len(found):
            st.caption(f"The first {len(found)} of {all_of_them:,}, those that only a person can mend first.")


def _row(each: Troubled, now: datetime, *, everywhere: bool) -> None:
    with st.container(gap=None):
        to_account(each.id, each.email)
        lasts = f"for {length(now - each.since)}" if each.since else ""
        about = " · ".join(filter(None, [plain(each.location) if everywhere else "", lasts]))
        st.markdown(f"{ACCOUNT[each.state].pill}:small[:gray[{about}]]  \n:small[{plain(trouble(each, now))}]")


def trouble(each: Troubled, now: datetime) -> str:
    """Why an account serves nobody, and what ends that."""
    if each.state == "busy_elsewhere":
        return "Somebody is in a meeting of his own on it. It serves again once that is over."
    why = words.reason(each.reason or ("dead_grant" if each.state == "needs_reauth" else None))
    if each.state == "needs_reauth":
        return f"{why.what} {why.next_step or 'Press Reconnect.'}"
    if each.benched_until is None:
        return f"{why.what} {why.next_step or 'Press Release when it may serve again.'}"
    end = f"{day(each.benched_until, each.zone, now=now)}, {clock(each.benched_until, each.zone)}"
    return f"{why.what} {why.next_step or ''} Out of the pool until {end}.".replace("  ", " ")
