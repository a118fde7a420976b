"""What a person can do with outgoing webhooks: register an endpoint, change it, try it out, remove it; send again."""

import streamlit as st

from console.database import sessions
from console.dialogs import Dialogs
from console.look import plain
from console.page import explained
from console.who import offered, require
from console.widgets import copy_button
from core.clock import utcnow
from core.db.read.hooks import Delivery, Endpoint, delivery
from core.domain.hook_events import HookEvent
from core.domain.roles import Permission
from core.domain.states import Message
from core.services.hooks.again import ping, resend
from core.services.hooks.deliver import deliver_hooks
from core.services.hooks.endpoints import (
    add_endpoint,
    change_endpoint,
    endpoint_by_id,
    remove,
    rotate_secret,
)
from core.services.locations import find_location, list_locations
from core.wiring import wiring

MADE, TO_SEND, SENT = "hook_secret", "hook_to_send", "hook_sent"


def add_button(location: str | None) -> None:
    """Opens the dialog that registers an endpoint."""
    if offered(Permission.MANAGE_HOOKS) and st.button(
        "Add endpoint", icon=":material/add:", type="primary", key="add_hook"
    ):
        DIALOGS.choose("add", location)


def buttons(endpoint: Endpoint) -> None:
    """What can be done with *endpoint*."""
    if not offered(Permission.MANAGE_HOOKS):
        return
    if endpoint.disabled_at is None:
        if st.button("Ping", key=f"ping_{endpoint.id}", help="Send a test event now"):
            _send_later("ping", endpoint.id)
    elif st.button("Enable", key=f"enable_{endpoint.id}", help="Tell it again from now on"):
        DIALOGS.choose("enable", endpoint)
    with st.popover("More", key=f"more_{endpoint.id}"):
        if st.button("Change events", key=f"events_{endpoint.id}", width="stretch"):
            DIALOGS.choose("events", endpoint)
        if st.button("New secret", key=f"rotate_{endpoint.id}", width="stretch"):
            DIALOGS.choose("rotate", endpoint)
        if endpoint.disabled_at is None and st.button("Disable", key=f"disable_{endpoint.id}", width="stretch"):
            DIALOGS.choose("disable", endpoint)
        if st.button("Remove", key=f"remove_{endpoint.id}", width="stretch"):
            DIALOGS.choose("remove", endpoint)


def resend_button(line: Delivery) -> None:
    """Sends *line* once more."""
    if offered(Permission.MANAGE_HOOKS) and st.button(
        "Re-send", key=f"resend_{line.id}", help="Send it once more, under the same id"
    ):
        _send_later("resend", line.id)


def send_what_was_asked() -> None:
    """Do what a button in the panel asked for, and say what the receiver answered.

    Not in the panel itself: it draws itself anew every few seconds, and would break off what it waits for.
    """
    what, about = st.session_state.pop(TO_SEND, (None, None))
    if what is not None:
        st.session_state.pop(SENT, None)
        with explained(), st.spinner("Waiting for the receiver's answer"):
            st.session_state[SENT] = _sent(what, about)
    if (found := st.session_state.get(SENT)) is None:
        return
    if found.status == Message.SENT:
        st.success(plain(found.reply or ""), title="The receiver has it.", icon=":material/check_circle:")
    else:
        st.warning(plain(found.reply or ""), title="The receiver did not take it.", icon=":material/warning:")


def new_secret() -> None:
    """The secret that was just made. It is stored encrypted, so this is the only time that anybody sees it."""
    made = st.session_state.get(MADE)
    if made is None:
        return
    with st.container(border=True, key="new_hook_secret"):
        st.markdown(
            f":material/key: **{plain(made.endpoint.url)}** is signed for with this secret. "
            ":orange[Keep it now:] it is not shown again."
        )
        st.code(made.secret, language=None)
        with st.container(horizontal=True, gap="small"):
            copy_button(made.secret, key="copy_secret", label="Copy secret", description="Copy the endpoint's secret")
            if st.button("I have kept it", key="kept"):
                del st.session_state[MADE]
                st.rerun()


def _actor() -> str:
    """Who does it, and may."""
    return require(Permission.MANAGE_HOOKS).actor


def _send_later(what: str, about: int) -> None:
    st.session_state[TO_SEND] = (what, about)
    st.rerun()


def _sent(what: str, about: int) -> Delivery | None:
    parts = wiring()
    with sessions().begin() as session:
        if what == "ping":
            message = ping(session, endpoint_by_id(session, about), actor=_actor(), now=utcnow())
        else:
            message = resend(session, about, actor=_actor(), now=utcnow())
    deliver_hooks(sessions(), parts.hook_sender, clock=utcnow, only=message)
    with sessions()() as session:
        return delivery(session, message)


def _add(location: str | None) -> None:
    with sessions()() as session:
        names = [place.name for place in list_locations(session)]
    place = st.selectbox("Location", names, index=names.index(location) if location in names else 0, key="hook_place")
    url = st.text_input("Address", key="hook_url", max_chars=2000, placeholder="https://booking.example.com/hooks")
    events = _events(None, key="hook_events")
    if st.button("Add endpoint", type="primary", key="do_it", disabled=not url.strip()):
        parts = wiring()
        with explained():
            with sessions().begin() as session:
                st.session_state[MADE] = add_endpoint(
                    session,
                    location=find_location(session, place),
                    url=url,
                    events=events,
                    vault=parts.vault,
                    practice=parts.practice,
                    actor=_actor(),
                    now=utcnow(),
                )
            DIALOGS.done("The endpoint is told from now on. Press Ping to try it out.")


def _change_events(endpoint: Endpoint) -> None:
    events = _events(endpoint.events, key=f"events_of_{endpoint.id}_{endpoint.row_version}")
    if st.button("Save", type="primary", key="do_it"):
        with explained():
            _change(endpoint, {"events": events})
            DIALOGS.done("The events are changed.")


def _events(now: list[str] | None, *, key: str) -> list[str] | None:
    everything = st.toggle("All events, those to come as well", value=now is None, key=f"{key}_all")
    chosen = st.multiselect("Events", [str(event) for event in HookEvent], now, key=key, disabled=everything)
    return None if everything else chosen


def _disable(endpoint: Endpoint) -> None:
    waits = f"The {endpoint.waiting} that wait are dropped; they can be sent again." if endpoint.waiting else ""
    st.markdown(f"**{plain(endpoint.url)}** is told nothing more. {waits}")
    if st.button("Disable it", type="primary", key="do_it"):
        with explained():
            _change(endpoint, {"disabled": True})
            DIALOGS.done("The endpoint is disabled.")


def _enable(endpoint: Endpoint) -> None:
    st.markdown(
        f"**{plain(endpoint.url)}** is told again what happens from now on. What it missed can be sent again below."
    )
    if st.button("Enable it", type="primary", key="do_it"):
        with explained():
            _change(endpoint, {"disabled": False})
            DIALOGS.done("The endpoint is enabled.")


def _rotate(endpoint: Endpoint) -> None:
    st.markdown("For a day both secrets sign, so that the receiver can change over without missing anything.")
    if st.button("Make a new secret", type="primary", key="do_it"):
        with explained():
            with sessions().begin() as session:
                found = endpoint_by_id(session, endpoint.id)
                made = rotate_secret(session, found, vault=wiring().vault, actor=_actor(), now=utcnow())
            st.session_state[MADE] = made
            DIALOGS.done("There is a new secret.")


def _remove(endpoint: Endpoint) -> None:
    st.markdown(
        f"**{plain(endpoint.url)}** is told nothing more, and this cannot be taken back. Register it anew then."
    )
    if st.button("Remove it", type="primary", key="do_it"):
        with explained():
            with sessions().begin() as session:
                remove(
                    session,
                    endpoint_by_id(session, endpoint.id),
                    actor=_actor(),
                    now=utcnow(),
                )
            DIALOGS.done("The endpoint is removed.")


def _change(endpoint: Endpoint, edit: dict[str, object]) -> None:
    with sessions().begin() as session:
        change_endpoint(
            session,
            endpoint_by_id(session, endpoint.id),
            edit,
            practice=wiring().practice,
            actor=_actor(),
            now=utcnow(),
            expected_version=endpoint.row_version,
        )


DIALOGS = Dialogs(
    "hooks",
    {
        "add": ("Add an endpoint", _add),
        "events": ("Change what it is told", _change_events),
        "disable": ("Disable an endpoint", _disable),
        "enable": ("Enable an endpoint", _enable),
        "rotate": ("Make a new secret", _rotate),
        "remove": ("Remove an endpoint", _remove),
    },
)
