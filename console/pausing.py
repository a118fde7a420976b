"""Pausing and resuming the opening of links, of one location or of all, and saying on every page that it is paused."""

from contextlib import suppress

import streamlit as st

from console.database import sessions
from console.look import plain
from console.moments import clock, day, named_clock
from console.page import explained
from console.trouble import GONE
from console.who import offered, person, require
from console.words import actor
from core.clock import utcnow
from core.db.read.pauses import Paused, pauses
from core.db.read.pool import LocationItem, Pause, pause_of
from core.domain.roles import Permission
from core.services.locations import find_location
from core.services.pause import pause_allocation, resume_allocation

BANNER_EVERY = 30  # seconds
NAMED = 3


def pause_control(place: LocationItem | None) -> None:
    """One button that says what it would do, and asks why before it does so."""
    if not offered(Permission.PAUSE, place.id if place else None):
        return
    with sessions()() as session:
        pause = pause_of(session, place.id if place else None)
    where = (place.name, place.id) if place else (None, None)
    _switch(*where, _told(pause, place) if pause else None)


def resume_control(pause: Paused) -> None:
    """The button that ends *pause*, for those who may."""
    if offered(Permission.PAUSE, pause.location_id):
        why, prefix = f"“{plain(pause.reason)}”", f"{pause.location_id or 'all'}_"
        _switch(pause.location, pause.location_id, why, prefix=prefix)


def _switch(location: str | None, location_id: int | None, paused: str | None, *, prefix: str = "") -> None:
    """Pause the links of a location, or of all, or resume them where *paused* says why they are."""
    where = location or "every location"
    label, icon = ("Resume", ":material/play_circle:") if paused else ("Pause", ":material/pause_circle:")
    with st.popover(f"{label} links", icon=icon, key=f"{prefix}pause"):
        st.markdown(
            paused or f"No link is opened at {plain(where)} until somebody resumes it. Links that were sent stay."
        )
        reason = st.text_input("Why", key=f"{prefix}{label}_why", max_chars=200)
        pressed = st.button(
            f"{label} links of {plain(where)}", type="primary", disabled=not reason.strip(), key=f"{prefix}{label}_do"
        )
        if pressed:
            with explained():
                _do(location, location_id, reason, resume=paused is not None)
                st.rerun()


def _do(name: str | None, location_id: int | None, reason: str, *, resume: bool) -> None:
    who = require(Permission.PAUSE, location_id)
    change = resume_allocation if resume else pause_allocation
    with sessions().begin() as session:
        location = find_location(session, name) if name else None
        change(session, location=location, reason=reason, now=utcnow(), actor=who.actor, role=who.role)


def _told(pause: Pause, place: LocationItem | None) -> str:
    zone = place.zone if place else "UTC"
    since = f"{day(pause.since, zone, now=utcnow())}, {clock(pause.since, zone)}"
    return f"Paused since {plain(since)}: “{plain(pause.reason)}”"


def banner() -> None:
    """On every page: who paused what, since when and why; nothing while nothing is paused."""

    def refreshed() -> None:
        with suppress(*GONE):  # the page itself says that the database is gone
            _banner()

    st.fragment(refreshed, run_every=BANNER_EVERY)()


def _banner() -> None:
    with sessions()() as session:
        found = pauses(session, only=person().locations)
    for pause in found[:NAMED]:
        where = f"at {plain(pause.location)}" if pause.location else "at every location"
        st.warning(
            f"{said(pause)} Links that were sent stay; new ones wait until somebody resumes it, on the page Health.",
            title=f"The opening of links is paused {where}.",
            icon=":material/pause_circle:",
        )
    if len(found) > NAMED:
        st.warning(f"{len(found) - NAMED} more locations are paused. The page Health lists them.")


def said(pause: Paused) -> str:
    """Who paused it, since when and why."""
    now = utcnow()
    since = f"{day(pause.since, pause.zone, now=now)}, {named_clock(pause.since, pause.zone)}"
    who = actor(pause.by) if pause.by else "by somebody"
    return f"Paused {plain(who)} since {plain(since)}: “{plain(pause.reason)}”."
