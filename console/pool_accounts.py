"""Accounts on the Pool page: their timeline, which are free next, and what each is doing."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from console import words
from console.account_chart import account_chart
from console.look import ACCOUNT, address, plain
from console.moments import clock, length, until, zone_name
from console.page import empty
from console.pool_card import to_connections
from console.who import offered
from core.db.read.pool import LocationItem, PoolAccount
from core.domain.roles import Permission

SOONEST, LISTED = 6, 12


def timeline(
    accounts: Sequence[PoolAccount],
    connected: int,
    bars: Sequence[dict[str, Any]],
    zone: str,
    *,
    now: datetime,
    since: datetime,
    until: datetime,
    everywhere: bool,
) -> None:
    """One row per account with bars by state; a click opens the appointment of a bar, or the account."""
    cut = connected > len(accounts)
    which = f"; {len(accounts)} of {connected:,}, those free next on top" if cut else ""
    with st.container(border=True):
        st.markdown(
            f"**Accounts over time** :gray[· the last hour and what is planned (paler), in {zone_name(now, zone)}; "
            f"free where empty; click a bar to open it{which}]"
        )
        rows = [each.email for each in accounts]
        # All of them stay where they are; of many, those in use come first, and change with the hour.
        ordered = rows if cut else sorted(rows, key=by_number)
        account_chart(
            bars, ordered, zone, now=now, since=since, until=until, everywhere=everywhere, on_click=open_clicked
        )


def by_number(email: str) -> tuple[str, list[tuple[str, int]]]:
    """`room2` before `room10`, each place's together."""
    name, _, domain = email.partition("@")
    return domain, [(letters, int(digits or 0)) for letters, digits in re.findall(r"(\D*)(\d*)", name)]


def open_clicked(bar: Mapping[str, Any]) -> None:
    """The appointment that the bar is of; of one that is of none, the account."""
    if bar.get("external_id"):
        wanted = {"id": str(bar["external_id"]), "location_id": str(bar["location_id"])}
        st.switch_page("app_pages/appointment.py", query_params=wanted)
    if offered(Permission.SEE_CONNECTIONS):
        st.switch_page("app_pages/connections.py", query_params={"account": str(bar["account_id"])})


def free_next(accounts: Sequence[PoolAccount], free_at: Mapping[int, datetime], now: datetime) -> None:
    """The accounts in use in the order in which they should be free again."""
    coming = sorted((each for each in accounts if each.id in free_at), key=lambda each: free_at[each.id])
    with st.container(border=True, height="stretch", gap="xsmall", key="rows_free_next"):
        st.markdown("**Free next** :gray[· by planned ends, usual recordings and rest]")
        if not coming:
            st.markdown(":gray[None is in use that will be free by itself.]")
        rows = (
            f"{ACCOUNT[each.lease_state or each.state].pill}{address(each.email)} "
            f"**{until(free_at[each.id], now=now)}** :small[:gray[about {clock(free_at[each.id], each.zone)}]]"
            for each in coming[:SOONEST]
        )
        st.markdown("\n\n".join(rows))


def account_list(
    accounts: Sequence[PoolAccount],
    connected: int,
    free_at: Mapping[int, datetime],
    now: datetime,
    place: LocationItem | None,
) -> None:
    """The accounts, those in use first."""
    st.header("Accounts", anchor=False)
    if not accounts:
        empty("link", "No account is connected.", "Open Connections and connect a seat.")
        return
    with st.container(border=True, gap="xsmall", key="rows_accounts"):
        # One piece of text: rows of their own would take a browser longer than all charts together.
        st.markdown(
            "\n\n".join(
                account_row(each, free_at.get(each.id), now, everywhere=place is None) for each in accounts[:LISTED]
            )
        )
    if connected > LISTED:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"{LISTED} of {connected:,}, those in use first.", width="stretch")
            to_connections(place, "Connected", "All in Connections")


def account_row(each: PoolAccount, free_at: datetime | None, now: datetime, *, everywhere: bool) -> str:
    """An account, its state and what it is doing."""
    pills = [ACCOUNT[each.state].pill]
    if each.lease_state and each.lease_state != each.state:
        pills.append(ACCOUNT[each.lease_state].pill)
    where = f"{each.location} · " if everywhere else ""
    said = plain(where + doing(each, free_at, now))
    return f"{' '.join(pills)}{address(each.email)}  \n:small[:gray[{said}]]"


def doing(each: PoolAccount, free_at: datetime | None, now: datetime) -> str:
    """What an account is used for and when it should be free again."""
    if each.state == "quarantined":
        end = f"until {clock(each.benched_until, each.zone)}" if each.benched_until else "until somebody releases it"
        return f"{words.reason(each.bench_reason).what} Out of the pool {end}."
    if each.state == "needs_reauth":
        return "Zoom no longer accepts our access: reconnect it."
    if each.state == "busy_elsewhere" and each.busy_elsewhere_since:
        return f"In a meeting of its own since {clock(each.busy_elsewhere_since, each.zone)}."
    if each.lease_state == "cooldown" and each.cooldown_until:
        return f"{each.external_id} · free {until(each.cooldown_until, now=now)}"
    if each.lease_state == "processing":
        usual = f", usually {until(free_at, now=now)}" if free_at else ""
        return f"{each.external_id} · free when Zoom has the recording{usual}"
    if each.lease_state == "closing" or each.state == "closing":
        return f"{each.external_id or 'An old meeting'} · free when Zoom confirms that it is gone"
    if each.ends_at:
        over = (
            f"over its end by {length(now - each.ends_at)}"
            if each.ends_at < now
            else f"until {clock(each.ends_at, each.zone)}"
        )
        return f"{each.external_id} · {over}{f', free about {clock(free_at, each.zone)}' if free_at else ''}"
    return f"Idle for {length(now - each.idle_since)}"
