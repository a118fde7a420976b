"""What is lost with an account, in sentences, for those who are about to take it out of the pool or disconnect it."""

from datetime import datetime, timedelta

import streamlit as st

from console.connection_words import WORKING, waits_for
from console.database import sessions
from console.look import plain
from console.moments import named_clock
from core.clock import utcnow
from core.db.read import connections
from core.db.read.at_risk import MOST, appointments_at_risk
from core.db.read.breaks import Breaks, what_disconnecting_breaks
from core.db.read.connections import SeatLine
from core.db.read.draining import left_to_do
from core.db.read.places import without_link_if_suspended
from core.settings import get_settings

AHEAD = timedelta(hours=24)
NAMED = 5


def breaks_of(line: SeatLine) -> Breaks:
    """What disconnecting the account at once would break."""
    assert line.account_id is not None
    with sessions()() as session:
        return what_disconnecting_breaks(session, line.account_id, utcnow())


def warn_of_loss(line: SeatLine) -> None:
    """Say in a dialog what its location is left with; nothing where the account takes no appointments as it is."""
    if line.state not in WORKING:
        return
    others, short = without(line)
    if short:
        st.warning(plain(short), icon=":material/groups:")
    else:
        st.caption(plain(f"{line.location} has {others} other working account{'' if others == 1 else 's'}."))


def without(line: SeatLine) -> tuple[int, str]:
    """How many working accounts its location has besides this one, and who suffers where they are too few."""
    assert line.account_id is not None
    now = utcnow()
    with sessions()() as session:
        states = connections.by_state(session, line.location_id, now=now)
        others = sum(states.get(state, 0) for state in WORKING) - 1
        if others < 1:
            waiting = without_link_if_suspended(session, line.location_id, now=now, until=now + AHEAD)
            return 0, _none_left(line, waiting)
        found = appointments_at_risk(
            session, [line.account_id], now=now, until=now + AHEAD, cooldown=get_settings().cooldown
        )
    short = [(each.external_id, each.starts_at) for each in found if not each.leased]
    return others, _too_few(line, others, short) if short else ""


def _none_left(line: SeatLine, waiting: int) -> str:
    said = f"It is the only account of {line.location} that works: no appointment there gets a link until one does."
    if not waiting:
        return said
    return f"{said} {waiting} of the next 24 hours still need{'s' if waiting == 1 else ''} one."


def _too_few(line: SeatLine, others: int, short: list[tuple[str, datetime]]) -> str:
    number = f"{MOST} or more" if len(short) >= MOST else str(len(short))
    named = ", ".join(f"{external_id} ({named_clock(at, line.zone)})" for external_id, at in short[:NAMED])
    more = f" and {len(short) - NAMED} more" if len(short) > NAMED else ""
    left = f"{line.location} is left with {others} working account{'' if others == 1 else 's'}"
    plural = "" if len(short) == 1 else "s"
    return f"{left}, too few for {number} appointment{plural} of the next 24 hours: {named}{more}."


def finishes_first(line: SeatLine) -> list[str]:
    """What an account that drains still does before it is disconnected; nothing: it is at rest."""
    assert line.account_id is not None
    with sessions()() as session:
        left = left_to_do(session, line.account_id, deletes_finished=get_settings().delete_finished_meetings)
    return waits_for(left, line.zone, utcnow())


def as_list(waits: list[str]) -> str:
    """In Markdown, one below the other."""
    return "\n".join(f"- {plain(each)}" for each in waits)
