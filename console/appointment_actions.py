"""What a person can do with an appointment: start its meeting, cancel it, reschedule it, move it to another account.

A button only notes what was chosen; the page opens the dialog, outside the panel that draws itself anew all the time.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from console.database import sessions
from console.host_link import start
from console.look import plain
from console.moments import span
from console.page import explained
from console.room_words import room_words
from console.start_input import start_input
from console.who import offered, person, require
from core.clock import utcnow
from core.db.read.appointment import AppointmentFacts
from core.db.read.appointment import facts as read_facts
from core.domain import states
from core.domain.roles import Permission
from core.errors import Conflict, InvalidInput
from core.services.accounts import list_accounts
from core.services.cancel import cancel
from core.services.move import move
from core.services.reschedule import Rescheduled, reschedule
from core.services.retry import retry_link
from core.wiring import wiring

CHOSEN = "appointment_action"
SAID = "appointment_said"
NEEDS = {
    "Start as host": Permission.START_AS_HOST,
    "Retry": Permission.RETRY,
    "Reschedule": Permission.BOOK,
    "Move": Permission.MOVE,
    "Cancel": Permission.BOOK,
}
FIRST = ("Start as host", "Retry")
LONGEST = "The one that has been idle the longest"
LONGEST_MINUTES = 24 * 60
WARNED_EVERY = 5  # seconds


def buttons(facts: AppointmentFacts) -> None:
    """The actions that make sense for the appointment as it is."""
    for action in _possible(facts, utcnow()):
        kind = "primary" if action in FIRST else "secondary"
        if offered(NEEDS[action], facts.location_id) and st.button(action, key=f"{action}_{facts.id}", type=kind):
            if action == "Retry":
                _retry(facts)
                return
            st.session_state[CHOSEN] = (action, facts)
            st.session_state.pop(SAID, None)
            st.rerun()


def show_chosen() -> None:
    """The dialog of the action that was chosen, or how the last one ended."""
    if said := st.session_state.pop(SAID, None):
        st.success(plain(said))
    if chosen := st.session_state.get(CHOSEN):
        action, facts = chosen
        title = f"{action}: {plain(facts.external_id)}"
        st.dialog(title, width="medium", on_dismiss=_forget)(_dialog)(action, facts)


def _dialog(action: str, facts: AppointmentFacts) -> None:
    st.fragment(_warn, run_every=WARNED_EVERY)(facts)
    DIALOGS[action](facts)


def _warn(facts: AppointmentFacts) -> None:
    """What has become of it since the dialog was opened: people may come in while somebody is still reading."""
    with explained():
        with sessions()() as session:
            now = read_facts(session, facts.id, now=utcnow())
        if now.lease_state == states.Lease.LIVE:
            st.warning("People are in the meeting now.", icon=":material/groups:")
        if (now.revision, now.status, now.account) != (facts.revision, facts.status, facts.account):
            st.warning("It was changed meanwhile. Close this and look at it again.", icon=":material/sync_problem:")


def _possible(facts: AppointmentFacts, now: datetime) -> list[str]:
    ahead = facts.status == states.Appointment.BOOKED and facts.ends_at > now
    startable = ahead and facts.link == states.Link.READY
    movable = ahead and facts.lease_state in (states.Lease.RESERVED, states.Lease.READY)
    missed = facts.status == states.Appointment.MISSED
    return [
        *(["Start as host"] if startable else []),
        *(["Retry"] if ahead and facts.link == states.Link.FAILED else []),
        *(["Reschedule"] if ahead or missed else []),
        *(["Move"] if movable else []),
        *(["Cancel"] if ahead else []),
    ]


def _forget() -> None:
    st.session_state.pop(CHOSEN, None)


def _done(said: str) -> None:
    st.session_state[SAID] = said.strip()
    _forget()
    st.rerun()


def _retry(facts: AppointmentFacts) -> None:
    """No dialog: it breaks nothing, and whoever presses twice, or beside somebody else, asks for one run."""
    with explained():
        who = require(NEEDS["Retry"], facts.location_id)
        with sessions().begin() as session:
            done = retry_link(session, facts.id, actor=who.actor, role=who.role, now=utcnow())
        _done(done.sentence)


def _which(facts: AppointmentFacts) -> str:
    """What an action hits, in one line."""
    when = span(facts.starts_at, facts.ends_at, facts.zone, now=utcnow())
    return f"**{plain(facts.client_name)}**, {plain(when)}, {plain(facts.calendar)} of {plain(facts.location)}."


def _cancel(facts: AppointmentFacts) -> None:
    st.markdown(_which(facts))
    st.markdown(_what_dies(facts, "It does not take place. The client is told if we have written before."))
    end_meeting = _ends_meeting(facts)
    if st.button("Cancel appointment", type="primary", key="do_it"):
        parts = wiring()
        with explained():
            done = cancel(parts.sessions, parts.zoom, **_of(facts, "Cancel"), clock=utcnow, end_meeting=end_meeting)
            _done(f"{done.external_id} is cancelled. {done.account.why_not_free}")


def _reschedule(facts: AppointmentFacts) -> None:
    st.markdown(_which(facts))
    on, at, lasting = st.columns(3)
    minutes = lasting.number_input(
        "Minutes",
        min_value=1,
        max_value=LONGEST_MINUTES,
        value=round((facts.ends_at - facts.starts_at).total_seconds() / 60),
        key="new_minutes",
    )
    starts_at = start_input(facts.zone, facts.starts_at, key="new", on=on, at=at)
    ends_at = starts_at + timedelta(minutes=minutes) if starts_at else None
    if starts_at and ends_at:
        st.caption(plain(span(starts_at, ends_at, facts.zone, now=utcnow())))
        if facts.link != states.Link.NOT_NEEDED:
            room_words(facts.location_id, starts_at, ends_at, leaving_out=[facts.id])
    st.markdown(
        _what_dies(
            facts,
            "With another start it gets a new link ten minutes before. The client is told if we have written before.",
        )
    )
    end_meeting = _ends_meeting(facts)
    if st.button("Reschedule appointment", type="primary", disabled=starts_at is None, key="do_it"):
        assert starts_at and ends_at
        parts = wiring()
        with explained(), _in_words():
            done = reschedule(
                parts.sessions,
                parts.zoom,
                **_of(facts, "Reschedule"),
                starts_at=starts_at,
                ends_at=ends_at,
                hours=parts.hours,
                clock=utcnow,
                expected_revision=facts.revision,
                end_meeting=end_meeting,
            )
            _done(f"{_rescheduled(done, facts.zone)} {done.account.why_not_free}")


def _rescheduled(done: Rescheduled, zone: str) -> str:
    """What came of it, in the location's time."""
    if done.changed == "nothing":
        return done.sentence
    when = span(done.starts_at, done.ends_at, zone, now=utcnow())
    if done.changed == "end":
        return f"Appointment {done.external_id} now lasts from {when}; its link stays."
    return f"Appointment {done.external_id} is moved to {when}."


def _move(facts: AppointmentFacts) -> None:
    st.markdown(_which(facts))
    st.markdown(
        f"It is on {plain(facts.account or '')}. It gets a new link under another account at once, and one mail that "
        "replaces the old link, which dies."
    )
    to = st.selectbox("To which account", [LONGEST, *_free_accounts(facts)], key="to_account")
    reason = st.text_input("Why", key="why", max_chars=200)
    if st.button("Move appointment", type="primary", disabled=not reason.strip(), key="do_it"):
        parts = wiring()
        with explained():
            done = move(
                parts.sessions,
                parts.zoom,
                parts.vault,
                **_of(facts, "Move"),
                to_email=None if to == LONGEST else to,
                role=person().role,
                reason=reason,
                hours=parts.hours,
                clock=utcnow,
            )
            _done(done.sentence)


DIALOGS: dict[str, Callable[[AppointmentFacts], None]] = {
    "Start as host": start,
    "Cancel": _cancel,
    "Reschedule": _reschedule,
    "Move": _move,
}


def _what_dies(facts: AppointmentFacts, otherwise: str) -> str:
    if facts.link != states.Link.READY:
        return otherwise
    return f"{otherwise} The link that is open on {plain(facts.account or 'its account')} dies at once."


def _ends_meeting(facts: AppointmentFacts) -> bool:
    """Only where there may be one; it has to be said, never assumed."""
    if facts.link != states.Link.READY:
        return False
    return st.checkbox("If people are in the meeting, end it for everybody", key="end_meeting")


def _free_accounts(facts: AppointmentFacts) -> list[str]:
    parts = wiring()
    with sessions()() as session:
        lines = list_accounts(session, now=utcnow(), cooldown=parts.settings.cooldown, location_id=facts.location_id)
    return [line.email for line in lines if line.state == states.Connection.CONNECTED and line.lease_state == "idle"]


@contextmanager
def _in_words() -> Iterator[None]:
    """A refused time as a whole sentence: the form has words where programs have fields."""
    try:
        yield
    except InvalidInput as error:
        field = {"starts_at": "start", "ends_at": "end"}.get(error.field, error.field)
        raise Conflict(f"The new {field} {error.message}", next_step="Choose another time.") from error


def _of(facts: AppointmentFacts, action: str) -> dict[str, Any]:
    """Which appointment, and by whom, who may do that."""
    who = require(NEEDS[action], facts.location_id)
    return {"location": facts.location, "external_id": facts.external_id, "actor": who.actor}
