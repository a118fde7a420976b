"""The mails about an appointment: how they stand, what they say, sent again, and another address for them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

import streamlit as st

from console import words
from console.appointment_actions import CHOSEN, SAID
from console.booking_form import OPEN
from console.database import sessions
from console.look import MESSAGE, plain
from console.moments import clock, day, until
from console.page import explained
from console.who import offered, require
from console.widgets import mail_frame
from core.clock import utcnow
from core.db.read import appointment as reading
from core.db.read.appointment import AppointmentFacts
from core.domain import states
from core.domain.roles import Permission
from core.errors import Conflict, InvalidInput
from core.services.change_client import Resendable, change_client
from core.services.messages import MessageLine
from core.services.preview import preview
from core.services.resend import resend
from core.wiring import wiring

OPENED = "mail_action"
LONGEST_TEXT = 200
DONE = (states.Message.SENT, states.Message.FAILED, states.Message.DROPPED)


def mails_card(messages: Sequence[MessageLine], facts: AppointmentFacts, now: datetime) -> None:
    """What was sent to whom, and what the mail server said."""
    with st.container(border=True, gap="small"):
        st.markdown("**Mails**")
        if not messages:
            st.caption("None yet. The link is mailed as soon as it exists.")
        for each in messages:
            with st.container(gap=None):
                with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
                    st.markdown(f"{title(each)} :gray[to] {plain(each.to)}", width="stretch")
                    st.markdown(MESSAGE[states.Message(each.status)].pill, width="content")
                with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
                    st.markdown(f":small[:gray[{plain(sending(each, facts.zone, now))}]]", width="stretch")
                    _button("Preview", each, facts)
                    if offered(Permission.BOOK, facts.location_id) and each.status in DONE and facts.ends_at > now:
                        _button("Send again", each, facts)


def change_client_button(facts: AppointmentFacts) -> None:
    """Opens the dialog that corrects who the client is."""
    if offered(Permission.BOOK, facts.location_id) and st.button("Change client", key=f"Change client_{facts.id}"):
        _open("Change client", facts, None)


def show_opened() -> None:
    """The dialog that was opened, if any."""
    opened = st.session_state.get(OPENED)
    if not opened or CHOSEN in st.session_state or OPEN in st.session_state:  # a page has one dialog
        return
    action, facts, about = opened
    width = "large" if action == "Preview" else "medium"
    shown = f"{action}: {plain(facts.external_id)}" if action == "Change client" else action
    st.dialog(shown, width=width, on_dismiss=_forget)(DIALOGS[action])(facts, about)


def title(message: MessageLine) -> str:
    """What kind of mail it is: `Copy of the confirmation, again`."""
    name = words.message(message.kind)
    named = f"Copy of the {name[0].lower()}{name[1:]}" if message.to_host else name
    return f"{named}, again" if message.resend_of else named


def sending(message: MessageLine, zone: str, now: datetime) -> str:
    """How the sending of one mail stands, with the mail server's own words."""
    said = f"the server said “{message.reply}”" if message.reply else ""
    if message.sent_at:
        when = f"{day(message.sent_at, zone, now=now)} at {clock(message.sent_at, zone, seconds=True)}"
    elif message.status == states.Message.RETRYING:
        when = f"tried {message.attempts} times, again {until(message.next_attempt_at, now=now)}"
    elif message.reason:
        when = words.MAIL_REASONS.get(message.reason, message.reason.replace("_", " "))
    elif message.next_attempt_at > now:
        when = f"leaves {until(message.next_attempt_at, now=now)}"
    else:
        when = f"written {until(message.created_at, now=now)}"
    return "; ".join(filter(None, [when, said]))


def _button(action: str, message: MessageLine, facts: AppointmentFacts) -> None:
    if st.button(f":small[{action}]", key=f"{action}_{message.id}", type="tertiary"):
        _open(action, facts, message)


def _open(action: str, facts: AppointmentFacts, about: MessageLine | Resendable | None) -> None:
    for other in (CHOSEN, OPEN, SAID):
        st.session_state.pop(other, None)
    st.session_state[OPENED] = (action, facts, about)
    st.rerun()


def _forget() -> None:
    st.session_state.pop(OPENED, None)


def _done(said: str) -> None:
    st.session_state[SAID] = said
    _forget()
    st.rerun()


def _preview(facts: AppointmentFacts, message: MessageLine) -> None:
    parts = wiring()
    with explained():
        require(Permission.SEE_APPOINTMENTS, facts.location_id)
        with sessions()() as session:
            seen = preview(
                session,
                parts.vault,
                message.id,
                sender_address=parts.mail_server.sender_address,
                with_link=True,
                now=utcnow(),
            )
        st.markdown(f"**{plain(seen.subject)}**  \n:small[:gray[to {plain(seen.to)}]]")
        if seen.untrue:
            st.info(f"It would not leave any more. {seen.untrue}", icon=":material/info:")
        elif seen.status == states.Message.SENT:
            st.caption("As it reads by now. What has changed since it left is shown as it is.")
        page, text, calendar = st.tabs(["As a page", "As text", "In the calendar"])
        with page:
            mail_frame(seen.html, key=f"mail_{message.id}", description="The mail as a page")
        text.code(seen.text, language=None, wrap_lines=True)
        calendar.code(seen.calendar.replace("\r\n", "\n"), language=None, wrap_lines=True)


def _send_again(facts: AppointmentFacts, message: MessageLine | Resendable) -> None:
    to_host = isinstance(message, MessageLine) and message.to_host
    number = message.id if isinstance(message, MessageLine) else message.message_id
    whom = "the calendar's host" if to_host else f"**{plain(facts.client_name)}**, {plain(facts.client_email)}"
    if isinstance(message, Resendable):
        st.markdown("The client is changed. This mail was sent before; it can be sent again, to the client of now.")
    st.markdown(f"{words.message(message.kind)} to {whom}.")
    st.markdown("It leaves at once, as it reads now. Who has it already gets it twice.")
    if st.button("Send it again", type="primary", key="do_it"):
        with explained():
            with sessions().begin() as session:
                done = resend(session, number, actor=require(Permission.BOOK, facts.location_id).actor, now=utcnow())
            _done(f"The mail is sent again to {done.to}.")


def _change_client(facts: AppointmentFacts, _: None) -> None:
    name = st.text_input("Name", value=facts.client_name, key="client_name", max_chars=LONGEST_TEXT)
    address = st.text_input("E-mail", value=facts.client_email, key="client_email", max_chars=LONGEST_TEXT)
    zones = sorted({*available_timezones(), facts.client_zone})
    zone = st.selectbox("Time zone", zones, index=zones.index(facts.client_zone), key="client_zone")
    st.caption("Mail that has not left follows. What was sent can be sent again afterwards.")
    if st.button("Change the client", type="primary", key="do_it"):
        with explained(), _said_plainly():
            with sessions().begin() as session:
                done = change_client(
                    session,
                    facts.id,
                    client_name=name,
                    client_email=address,
                    client_zone=zone,
                    expected_version=facts.row_version,
                    actor=require(Permission.BOOK, facts.location_id).actor,
                    now=utcnow(),
                )
            if not done.offer:
                _done(done.sentence)
            with sessions()() as session:
                fresh = reading.facts(session, facts.id, now=utcnow())
            _open("Send again", fresh, done.offer[0])


DIALOGS: dict[str, Callable[[AppointmentFacts, Any], None]] = {
    "Preview": _preview,
    "Send again": _send_again,
    "Change client": _change_client,
}


@contextmanager
def _said_plainly() -> Iterator[None]:
    """A refused value as a whole sentence: the form has words where programs have fields."""
    try:
        yield
    except InvalidInput as error:
        field = {"client_name": "name", "client_email": "e-mail", "client_zone": "time zone"}.get(error.field, "value")
        raise Conflict(f"The {field} cannot be used: {error.message}", next_step="Correct it and try again.") from error
