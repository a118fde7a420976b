"""What a person can do with seats: issue one or a whole list, move one, take one back."""

from typing import Any

import streamlit as st
from sqlalchemy.orm import Session

from console.connection_loss import warn_of_loss
from console.database import sessions
from console.dialogs import Dialogs, why
from console.look import address, plain
from console.page import explained
from console.who import offered, require
from core.clock import utcnow
from core.db.models import Location
from core.db.read.connections import SeatLine
from core.db.read.pool import LocationItem, locations
from core.domain.roles import Permission
from core.domain.seat_list import MOST_BYTES
from core.services.locations import find_location, issue_seat
from core.services.seat_import import ImportPlan, import_seats, plan_import
from core.services.seats import move_seat, take_back
from core.wiring import wiring

NAMED_IN_FILE = "As the list says"
LINES_SHOWN = 200
ONE, LIST = "One seat", "A list"


def issue_button(place: LocationItem | None, *, key: str = "issue_seats") -> None:
    """Opens the dialog that issues seats, to the location that is chosen."""
    if offered(Permission.ISSUE_SEATS) and st.button("Issue seats", icon=":material/add:", key=key):
        SEATS.choose("issue", place)


def _actor() -> str:
    """Who does it, and may."""
    return require(Permission.ISSUE_SEATS).actor


def _issue(place: LocationItem | None) -> None:
    with sessions()() as session:
        names = [each.name for each in locations(session)]
    how = st.segmented_control("How", [ONE, LIST], default=ONE, key="issue_how", label_visibility="collapsed")
    if how == LIST:
        _issue_list(place, names)
        return
    of = st.selectbox("Location", names, names.index(place.name) if place else 0, key="issue_to")
    email = st.text_input("Zoom e-mail address", key="issue_email", max_chars=320, placeholder="room1@example.com")
    if st.button("Issue seat", type="primary", key="do_it", disabled=not email.strip()):
        with explained():
            with sessions().begin() as session:
                location = find_location(session, of)
                seat = issue_seat(session, location=location, address=email, actor=_actor(), now=utcnow())
            SEATS.done(f"{seat.email} is issued to {of}. Press Connect beside it.")


def _issue_list(place: LocationItem | None, names: list[str]) -> None:
    """Upload a list, see what it means, and issue all of it or nothing."""
    choices = [NAMED_IN_FILE, *names]
    to = st.selectbox("Location", choices, choices.index(place.name) if place else 0, key="import_to")
    st.caption(
        "A CSV file with a column **email**" + (" and a column **location**." if to == NAMED_IN_FILE else ".")
        + " Excel saves one as “CSV UTF-8”."
    )  # fmt: skip
    file = st.file_uploader(
        "List of seats", type=["csv", "txt"], key="import_file", label_visibility="collapsed", max_upload_size=1
    )
    if file is None:
        return
    with explained():
        # No more than the service takes, and one byte more to be told so.
        data = file.getvalue()[: MOST_BYTES + 1]
        with sessions()() as session:
            plan = plan_import(session, data, location=_only(session, to))
        _preview(plan)
        if st.button(f"Issue {_seats(len(plan.to_issue))}", type="primary", key="do_it", disabled=_idle(plan)):
            with sessions().begin() as session:  # read again: somebody may have issued some meanwhile
                done = import_seats(
                    session,
                    plan_import(session, data, location=_only(session, to)),
                    actor=_actor(),
                    now=utcnow(),
                )
            SEATS.done(f"{_seats(done)} {'is' if done == 1 else 'are'} issued. Press Connect beside each.")


def _preview(plan: ImportPlan) -> None:
    if plan.bad:
        lines = [{"Line": each.number, "What is wrong": each.message} for each in plan.bad[:LINES_SHOWN]]
        title = f"{len(plan.bad)} line{' is' if len(plan.bad) == 1 else 's are'} bad, so nothing can be issued."
        st.error("Mend them in the file and upload it again.", title=title)
        st.dataframe(lines, hide_index=True, key="bad_lines", column_config={"Line": st.column_config.Column(width=60)})
    elif plan.to_issue:
        before = f" {_seats(plan.already)} of the list stay as they are." if plan.already else ""
        st.info(f"{_seats(len(plan.to_issue))} will be issued.{before}", title="Every line is good.")
    else:
        st.info("Every seat of the list is issued already.", title="There is nothing to do.")


def _move(line: SeatLine) -> None:
    """The dialog that moves a seat to another location."""
    with sessions()() as session:
        others = [each.name for each in locations(session) if each.id != line.location_id]
    if not others:
        st.markdown("There is no other location. Add one on the page Locations.")
        return
    st.markdown(address(line.email))
    st.markdown(f"It leaves {plain(line.location)}. {_of_account(line)} The other location connects it anew.")
    warn_of_loss(line)
    target = st.selectbox("To", others, key="move_to")
    reason = why()
    if st.button(f"Move to {plain(target)}", type="primary", key="do_it"):
        with explained():
            move_seat(origin=line.location, target=target, **_about(line, reason))
            SEATS.done(f"{line.email} is issued to {target}. Its people connect it on their page Connections.")


def _take_back(line: SeatLine) -> None:
    """The dialog that takes a seat back."""
    st.markdown(address(line.email))
    st.markdown(f"{plain(line.location)} cannot connect it any more. {_of_account(line)}")
    warn_of_loss(line)
    reason = why()
    if st.button("Take back seat", type="primary", key="do_it"):
        with explained():
            take_back(location=line.location, **_about(line, reason))
            SEATS.done(f"{line.email} is taken back from {line.location}.")


def _of_account(line: SeatLine) -> str:
    if line.account_id is None or line.state == "disconnected":
        return "It is not connected, so no appointment is concerned."
    if line.lease_state:
        return "Its account is in use: it finishes that first, takes nothing new, and the seat has to wait until then."
    return "Its account is disconnected by that; if anything is left to do, it finishes that first."


def _about(line: SeatLine, reason: str) -> dict[str, Any]:
    parts = wiring()
    by = require(Permission.ISSUE_SEATS)
    who = {"actor": by.actor, "role": by.role, "reason": reason or None}
    return {"sessions": parts.sessions, "ending": parts.ending, "email": line.email, "clock": utcnow, **who}


def _only(session: Session, to: str) -> Location | None:
    return None if to == NAMED_IN_FILE else find_location(session, to)


def _idle(plan: ImportPlan) -> bool:
    return bool(plan.bad) or not plan.to_issue


def _seats(number: int) -> str:
    return f"{number} seat{'' if number == 1 else 's'}"


SEATS = Dialogs(
    "seats",
    {
        "issue": ("Issue seats", _issue),
        "Move seat": ("Move seat", _move),
        "Take back seat": ("Take back seat", _take_back),
    },
)
