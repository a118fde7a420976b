"""Whether an account is left at the time that somebody is choosing, said while it can still be another."""

from collections.abc import Collection
from datetime import datetime

import streamlit as st

from console.database import sessions
from core.clock import utcnow
from core.db.read.capacity import Capacity, capacity_for, usual_of
from core.domain.capacity import Verdict
from core.wiring import wiring


def room_words(location_id: int, starts_at: datetime, ends_at: datetime, *, leaving_out: Collection[int] = ()) -> None:
    """Say what is left for an appointment at that time; *leaving_out* are ids that do not count, such as its own."""
    parts = wiring()
    with sessions()() as session:
        usual = usual_of(session, location_id, lead=parts.hours.lead_time, cooldown=parts.settings.cooldown)
        [room] = capacity_for(
            session, location_id, [(starts_at, ends_at)], now=utcnow(), usual=usual, leaving_out=leaving_out
        )
    if room.state is Verdict.SHORT:
        st.warning(_short(room), icon=":material/group_off:")
    elif room.state is Verdict.TIGHT:
        st.caption(":orange[:material/group:] It takes the last account that is left at that time.")
    else:
        left = room.accounts - room.booked
        st.caption(f":green[:material/group:] {left} more of {room.accounts} accounts {_is(left)} left at that time.")


def _short(room: Capacity) -> str:
    if not room.accounts:
        return "No account is connected that could serve it: this appointment will wait until there is one."
    taken = room.booked - 1
    if taken > room.accounts:
        return (
            f"At that time {taken} appointments are booked already, for {room.accounts} accounts: "
            "this appointment will probably wait."
        )
    return (
        f"At that time {taken} of {room.accounts} accounts {_is(taken)} booked already: "
        "this appointment will probably wait."
    )


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
