"""Outgoing webhooks: which booking systems are told, how well that goes, and what each was told."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

import streamlit as st
from sqlalchemy.orm import Session

from console import hook_actions, words
from console.database import sessions
from console.look import HOOK, MESSAGE, plain
from console.moments import clock, day, until
from console.page import empty, freshness, live, location_choice, no_location
from core.clock import utcnow
from core.db.read import hooks as reading
from core.db.read import pool
from core.db.read.appointment import is_id
from core.domain import states
from core.domain.states import Message

SHOWN = 60
DELIVERIES = 25
ANSWER_SHOWN = 40  # beside its buttons
SETTLED = (Message.SENT, Message.FAILED, Message.DROPPED)
NO_DELIVERY = "Nothing yet. Press Ping to send a test event, or book an appointment at its location."
ONLY = {"All": None, "Failed": Message.FAILED, "Trying again": Message.RETRYING, "Dropped": Message.DROPPED}


def show() -> None:
    """The whole page: what was just done, the endpoints, and what the chosen one was told."""
    with sessions()() as session:
        places = pool.locations(session)
    place = location_choice(
        "Outgoing webhooks",
        places,
        key="hooks_of",
        beside=lambda chosen: hook_actions.add_button(chosen.name if chosen else None) if places else None,
    )
    hook_actions.DIALOGS.show()
    hook_actions.send_what_was_asked()
    hook_actions.new_secret()
    if not places:
        no_location()
        return
    live(lambda: panel(place))


def panel(place: pool.LocationItem | None) -> None:
    """The endpoints by location, and the deliveries of the one that is looked at."""
    now = utcnow()
    with sessions()() as session:
        found = reading.endpoints(session, location_id=place.id if place else None, limit=SHOWN + 1, now=now)
        looked_at = endpoint_of(session, st.query_params.get("hook"), now)
    freshness(place.zone if place else "UTC")
    if not found:
        empty("webhook", "No booking system is told.", "Press Add endpoint, or run `zoompool hooks add`.")
        return
    for _, group in groupby(found[:SHOWN], key=lambda each: each.location_id):
        location_card(list(group), now)
    if len(found) > SHOWN:
        st.caption(f"The first {SHOWN}. Choose a location to see its own.")
    if looked_at is not None:
        deliveries_card(looked_at, now)
    elif "hook" in st.query_params:
        st.warning(
            "It may have been removed. Choose another one from the list.",
            title="There is no such endpoint.",
            icon=":material/search_off:",
        )


def endpoint_of(session: Session, given: str | None, now: datetime) -> reading.Endpoint | None:
    """The endpoint that the address names: `/hooks?hook=4` shows what it was told."""
    if given is None or not is_id(given):
        return None
    return next(iter(reading.endpoints(session, endpoint_id=int(given), limit=1, now=now)), None)


def location_card(found: Sequence[reading.Endpoint], now: datetime) -> None:
    """One location with its endpoints."""
    with st.container(border=True, gap="xsmall", key=f"rows_hooks_{found[0].location_id}"):
        st.markdown(f"**{plain(found[0].location)}**")
        for endpoint in found:
            endpoint_row(endpoint, now)


def endpoint_row(endpoint: reading.Endpoint, now: datetime) -> None:
    """An endpoint, how it is, and what a person can do about it."""
    told = plain("all events" if endpoint.events is None else ", ".join(endpoint.events))
    how = plain(health(endpoint, now))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{plain(endpoint.url)}**  \n:small[:gray[{how}]]  \n:small[:gray[{told}]]", width="stretch")
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content", wrap=False):
            st.markdown(HOOK[endpoint.health].pill, width="content")
            deliveries_button(endpoint)
            hook_actions.buttons(endpoint)


def deliveries_button(endpoint: reading.Endpoint) -> None:
    """Opens and closes the list of what the endpoint was told; the page's address keeps which is open."""
    is_open = st.query_params.get("hook") == str(endpoint.id)
    label = "Close" if is_open else "Deliveries"
    if st.button(label, key=f"deliveries_{endpoint.id}", help=f"{label}: {plain(endpoint.url)}"):
        if is_open:
            del st.query_params["hook"]
        else:
            st.query_params["hook"] = str(endpoint.id)
        st.rerun()


def health(endpoint: reading.Endpoint, now: datetime) -> str:
    """How an endpoint is, in words."""
    said = [
        f"last accepted {until(endpoint.last_sent_at, now=now)}" if endpoint.last_sent_at else "nothing accepted yet"
    ]
    if endpoint.disabled_at is not None:
        why = words.reason(endpoint.disabled_reason).what.rstrip(".").lower() if endpoint.disabled_reason else ""
        said.insert(0, f"disabled {until(endpoint.disabled_at, now=now)}" + (f": {why}" if why else ""))
    if endpoint.failures and endpoint.paused_until is not None:
        again = until(max(endpoint.paused_until, now), now=now)
        times = "once" if endpoint.failures == 1 else f"{endpoint.failures} times in a row"
        said.append(f"refused {times}, tried again {again}: “{shortened(endpoint.last_reply or '')}”")
    if endpoint.waiting:
        said.append(f"{endpoint.waiting} waiting")
    if endpoint.dead:
        said.append(f"{endpoint.dead} given up within a week")
    if endpoint.rotating_until is not None:
        said.append(f"the old secret signs as well for {until(endpoint.rotating_until, now=now).removeprefix('in ')}")
    return " · ".join(said)


def shortened(answer: str) -> str:
    """The beginning of a receiver's answer; the whole stands with its delivery."""
    return answer if len(answer) <= ANSWER_SHOWN else answer[:ANSWER_SHOWN].rstrip() + "…"


def deliveries_card(endpoint: reading.Endpoint, now: datetime) -> None:
    """What the endpoint was told, newest first."""
    with st.container(border=True, gap="xsmall", key="rows_deliveries"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**Deliveries** :gray[to {plain(endpoint.url)}]", width="stretch")
            only = st.segmented_control(
                "Only",
                list(ONLY),
                default="All",
                key="deliveries_shown",
                bind="query-params",
                required=True,
                label_visibility="collapsed",
                width="content",
            )
        with sessions()() as session:
            found = reading.deliveries(session, endpoint.id, status=ONLY[only or "All"], limit=DELIVERIES + 1)
        if not found:
            st.caption(NO_DELIVERY if (only or "All") == "All" else "None of these. Choose All to see every one.")
        for line in found[:DELIVERIES]:
            delivery_row(line, endpoint, now)
        if len(found) > DELIVERIES:
            st.caption(f"The newest {DELIVERIES}. All of them: `zoompool hooks deliveries {endpoint.id}`.")


def delivery_row(line: reading.Delivery, endpoint: reading.Endpoint, now: datetime) -> None:
    """One webhook: what it told of, what became of it, and the receiver's answer."""
    about = f" :gray[·] {plain(line.appointment)}" if line.appointment else ""
    again = " :gray[· sent again]" if line.resend_of else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f"`{line.event}`{about}{again}  \n:small[:gray[{plain(sending(line, endpoint.zone, now))}]]",
            width="stretch",
        )
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content", wrap=False):
            st.markdown(MESSAGE[states.Message(line.status)].pill, width="content")
            if line.status in SETTLED and endpoint.disabled_at is None:
                hook_actions.resend_button(line)


def sending(line: reading.Delivery, zone: str, now: datetime) -> str:
    """When it happened, how often it was tried, and what was answered."""
    said = [f"{day(line.created_at, zone, now=now)}, {clock(line.created_at, zone, seconds=True)}"]
    if line.attempts > 1:
        said.append(f"tried {line.attempts} times")
    if line.reason:
        said.append(words.reason(line.reason).what.rstrip(".").lower())
    if line.reply:
        said.append(f"answer: “{line.reply}”")
    if line.status == Message.RETRYING:
        said.append(f"again {until(max(line.next_attempt_at, now), now=now)}")
    if line.resent:
        said.append(f"sent again {line.resent} times" if line.resent > 1 else "sent again once")
    return " · ".join(said)


show()
