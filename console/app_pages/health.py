"""Health: how each part is, which links and messages failed, what is paused, and what is or was wrong."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from console import words
from console.database import sessions
from console.health_actions import resend_button, retry_button, show_said
from console.health_parts import Part, dagster_part, own_parts
from console.look import HEALTH, pale_address, plain
from console.moments import length, named_clock, until
from console.page import empty, freshness, live, location_choice
from console.pausing import pause_control, resume_control, said
from core.clock import utcnow
from core.db.read import pool
from core.db.read.alerts import AlertLine, alerts
from core.db.read.dead_messages import DeadMessage, dead_messages
from core.db.read.failed_links import FailedLink, failed_links
from core.db.read.pauses import Paused, pauses
from core.domain.alerts import CALM
from core.domain.states import Channel
from core.settings import get_settings
from core.wiring import wiring

SHOWN = 50
DEAD = 25
PAUSED = 20
OVER = 20
LATELY = timedelta(days=1)


def show() -> None:
    """The whole page: a heading with its choices, and the panel that refreshes itself."""
    with sessions()() as session:
        places = pool.locations(session)
    place = location_choice("Health", places, key="location", beside=pause_control)
    show_said()
    live(lambda: panel(place))


def panel(place: pool.LocationItem | None) -> None:
    """The parts, then what a person has to see to: of one location only where one is chosen."""
    now, location = utcnow(), place.id if place else None
    with sessions()() as session:
        failed = failed_links(session, location, now=now, horizon=wiring().hours.horizon(now), limit=SHOWN)
        dead = dead_messages(session, location, now=now, limit=DEAD)
        paused = pauses(session, only=[location] if location else None)
        open_alerts = alerts(session, location=location, limit=SHOWN)
        over = alerts(session, location=location, cleared_since=now - LATELY, limit=OVER)
    freshness(place.zone if place else "UTC")
    with st.container(border=True, gap="small", key="rows_parts"):
        database, *others = own_parts(wiring())
        part_row(database)
        slow = st.container()  # drawn last: Dagster's database may take its time, and nothing else waits for it
        for part in others:
            part_row(part)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        failed_card(failed, now)
        dead_card(dead, now)
    with right:
        pause_card(paused, place)
        alert_card(open_alerts, over, now)
    with slow:
        part_row(dagster_part(wiring()))


def part_row(part: Part) -> None:
    """How a part is, and what to do next."""
    step = f"  \n:small[:material/arrow_forward: {plain(part.next_step)}]" if part.next_step else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width=270, wrap=False):
            st.markdown(f"**{part.title}**", width=150)
            st.markdown(HEALTH[part.level].pill, width="content")
        st.markdown(f":small[{plain(part.says)}]{step}", width="stretch")


def failed_card(found: Sequence[FailedLink], now: datetime) -> None:
    """The links that will not come by themselves."""
    st.header("Failed links", anchor=False)
    if not found:
        empty("link", "No link failed.", "What waits for an account is on the page Pool.")
        return
    with st.container(border=True, gap="small", key="rows_failed"):
        for line in found:
            failed_row(line, now)
    if len(found) == SHOWN:
        st.caption(f"The first {SHOWN} by start. All of them: `zoompool appointments list --link failed`.")


def failed_row(line: FailedLink, now: datetime) -> None:
    """When it starts, why it failed, and the two ways on: its run, and another try."""
    why = words.reason(line.reason)
    starts = (
        f"starts {until(line.starts_at, now=now)}"
        if line.starts_at > now
        else f"began {until(line.starts_at, now=now)}"
    )
    about = f"{line.location} · {named_clock(line.starts_at, line.zone)}, {starts}"
    answer = f" :gray[{plain(line.detail)}]" if line.detail else ""
    with row(f"failed_{line.id}"):
        with st.container(width="stretch", gap=None):
            appointment_link(line.external_id, line.location_id)
            st.markdown(
                f":small[:gray[{plain(about)}]]  \n:small[{plain(f'{why.what} {why.next_step}'.strip())}{answer}]"
            )
        if line.run_id:
            st.markdown(f":small[[Dagster run]({get_settings().dagster_url}/runs/{line.run_id})]", width="content")
        retry_button(line)


def row(name: str) -> DeltaGenerator:
    """One line of what a person has to see to: what it is to the left, what to do about it to the right of it, or below
    where there is no room."""
    return st.container(horizontal=True, vertical_alignment="center", gap="small", key=name)


def appointment_link(external_id: str, location_id: int) -> None:
    """The way to an appointment."""
    wanted = {"id": external_id, "location_id": str(location_id)}
    label = f":primary[**{plain(external_id)}**]"
    st.page_link("app_pages/appointment.py", label=label, icon="", help="", query_params=wanted)


def dead_card(found: Sequence[DeadMessage], now: datetime) -> None:
    """The mails and webhooks that were given up, and that nobody has sent again."""
    st.header("Messages that did not arrive", anchor=False)
    if not found:
        empty("mark_email_read", "Every message arrived, or is still being tried.", "This looks back seven days.")
        return
    with st.container(border=True, gap="small", key="rows_dead"):
        for line in found:
            dead_row(line, now)
    if len(found) == DEAD:
        st.caption(f"{DEAD} are shown. All of them: `zoompool messages list` and `zoompool hooks deliveries`.")


def dead_row(line: DeadMessage, now: datetime) -> None:
    """What it was, to whom, and why it did not arrive."""
    is_hook = line.channel == Channel.HOOK
    icon, name = ("webhook", line.kind) if is_hook else ("mail", words.message(line.kind))
    about = [each for each in (line.location, until(line.created_at, now=now)) if each]
    why = words.reason(line.reason).what if is_hook else words.MAIL_REASONS.get(line.reason or "", "not delivered")
    answer = f" The answer: “{line.reply}”." if line.reply else ""
    to = f":gray[{plain(line.to)}]" if is_hook else pale_address(line.to)
    said_so = f"{why.rstrip('.').capitalize()}.{answer}"
    with row(f"dead_{line.id}"):
        with st.container(width="stretch", gap=None):
            if line.external_id and line.location_id:
                appointment_link(line.external_id, line.location_id)
            st.markdown(
                f":small[:material/{icon}: {plain(name)} :gray[to] {to}]  \n"
                f":small[:gray[{plain(' · '.join(about))}]]  \n:small[{plain(said_so)}]"
            )
        if line.useful:
            resend_button(line)
        else:
            st.markdown(":small[:gray[The appointment is over]]", width="content")


def pause_card(found: Sequence[Paused], place: pool.LocationItem | None) -> None:
    """What is paused, by whom and why, and the way to resume it."""
    st.header("Paused", anchor=False)
    if not found:
        where = "here" if place else "everywhere"
        empty("play_circle", f"Links are opened {where}.", "Pause links stops the chosen location, or all.")
        return
    with st.container(border=True, gap="small", key="rows_paused"):
        for pause in found[:PAUSED]:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                where = plain(pause.location or "Every location")
                st.markdown(f":orange[:material/pause_circle:] **{where}**  \n:small[{said(pause)}]", width="stretch")
                resume_control(pause)
    if len(found) > PAUSED:
        st.caption(f"{len(found) - PAUSED} more. Choose a location to see its own.")


def alert_card(found: Sequence[AlertLine], over: Sequence[AlertLine], now: datetime) -> None:
    """What operations were told and is still true, the newest first; and what has been over for less than a day."""
    st.header("Alerts", anchor=False)
    if found:
        with st.container(border=True, gap="small", key="rows_alerts"):
            for line in found:
                alert_row(line, now)
    else:
        empty(
            "verified",
            "Nothing is wrong that a person would have to know.",
            "Whatever goes wrong is told at once, and listed here.",
        )
    if over:
        with st.expander("Over since yesterday", icon=":material/history:"):
            for line in over:
                over_row(line, now)
            if len(over) == OVER:
                st.caption(f"The last {OVER}. All of them: `zoompool alerts list --all`.")


def over_row(line: AlertLine, now: datetime) -> None:
    """What it was, how long it lasted, and when it ended."""
    ended = line.cleared_at or now
    lasted = f"lasted {length(ended - line.raised_at)}, over {until(ended, now=now)}"
    st.markdown(
        f":gray[:material/check:] {plain(line.title)} :small[:gray[· {lasted}]]  \n:small[:gray[{plain(line.text)}]]"
    )


def alert_row(line: AlertLine, now: datetime) -> None:
    """What happened, what to do next, and since when."""
    color, icon = ("orange", "warning") if line.kind in CALM else ("red", "error")
    since = f"{named_clock(line.raised_at, line.zone)}, {until(line.raised_at, now=now)}"
    st.markdown(
        f":{color}[:material/{icon}: **{plain(line.title)}**] :small[:gray[since {since}]]  \n"
        f"{plain(line.text)}  \n:small[{plain(line.next_step)}]"
    )


show()
