"""Appointments on the Pool page: those that wait for a link, with why and until when, and the next ones."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import streamlit as st

from console import words
from console.copying import copied
from console.look import LINK, plain
from console.moments import bare_clock, day, until, zone_name
from console.page import empty
from console.pool_card import count, headed, to_appointments
from console.widgets import copy_button
from core.db.read.pool import LocationItem
from core.db.read.upcoming import Upcoming
from core.domain.states import Link

Waits = Mapping[int, datetime | None]


def waiting_card(
    waiting: Sequence[Upcoming], all_of_them: int, waits: Waits, now: datetime, place: LocationItem | None
) -> None:
    """Who is due and has no link, why, and when an account should be free; nothing while nobody waits."""
    if not waiting:
        return
    with st.container(border=True, gap="xsmall", key="alarm_waiting"):
        verb = "waits" if all_of_them == 1 else "wait"
        title = f":orange[:material/hourglass_empty:] **{count(all_of_them, 'appointment')} {verb} for a link**"
        headed(title, partial(to_appointments, place, Link.WAITING, "All that wait"))
        with st.container(gap="xsmall", key="rows_waiting"):
            for each in waiting:
                appointment_row(each, waits.get(each.id), now, everywhere=place is None)
        if all_of_them > len(waiting):
            st.caption(f"The first {len(waiting)} by start.")


def appointment_list(coming: Sequence[Upcoming], waits: Waits, now: datetime, place: LocationItem | None) -> None:
    """The next appointments, one line each."""
    st.header("Next appointments", anchor=False)
    if not coming:
        empty("event_available", "No appointment in the next seven days.", "Press Book on the page Appointments.")
        return
    with st.container(border=True, gap="xsmall", key="rows_next"):
        for each in coming:
            appointment_row(each, waits.get(each.id), now, everywhere=place is None)
    to_appointments(place, None, "All that come")


def appointment_row(each: Upcoming, wait: datetime | None, now: datetime, *, everywhere: bool) -> None:
    """Start, what, where it stands, and its link to copy."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f"**{bare_clock(each.starts_at, each.zone)}** :small[:gray[{zone_name(each.starts_at, each.zone)}]]  \n"
            f":small[:gray[{_when(each, now)}]]",
            width=112,
        )
        # With its location, because the booking system's ids count within one.
        wanted = {"id": each.external_id, "location_id": str(each.location_id)}
        label = f":primary[**{plain(each.external_id)}**]"
        st.page_link("app_pages/appointment.py", label=label, icon="", help="", query_params=wanted, width=92)
        why = f"  \n:small[{plain(why_none(each, wait, now))}]" if each.link in (Link.WAITING, Link.FAILED) else ""
        where = f":small[:gray[{plain(_where(each, everywhere=everywhere))}]]"
        st.markdown(f"{LINK[Link(each.link)].pill}{where}{why}", width="stretch")
        if each.join_url:
            copy_button(
                each.join_url,
                key=f"copy_{each.id}",
                description=f"Copy the join link of {each.external_id}",
                on_copied=partial(copied, each.id, each.location_id, "link"),
            )


def why_none(each: Upcoming, wait: datetime | None, now: datetime) -> str:
    """Why this appointment has no link, and when it may get one."""
    return words.no_link(
        each.reason, waits=each.link == Link.WAITING, place=each.place, wait=wait, zone=each.zone, now=now
    )


def _when(each: Upcoming, now: datetime) -> str:
    if each.starts_at <= now - timedelta(minutes=1):
        return f"started {until(each.starts_at, now=now)}"
    near = each.starts_at - now < timedelta(hours=6)
    return until(each.starts_at, now=now) if near else day(each.starts_at, each.zone, now=now)


def _where(each: Upcoming, *, everywhere: bool) -> str:
    parts = [each.location] if everywhere else []
    parts.append(each.calendar)
    if each.account:
        parts.append(each.account.partition("@")[0])
    return " · ".join(parts)
