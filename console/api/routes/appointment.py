"""One appointment: how it stands, its way into the meeting, and what can be done with it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from console.api.caller import Books, Caller, Reads
from console.api.idempotency import Answer, Once
from console.api.problems import Problem
from console.api.schemas.appointment import (
    AccountAfter,
    AppointmentBody,
    Cancellation,
    Cancelled,
    ClientChange,
    ClientChanged,
    LinkBody,
    NewTime,
    Rescheduled,
    Resendable,
    appointment_body,
)
from console.api.schemas.base import PathId
from console.database import sessions
from core.clock import utcnow
from core.db.read.appointment_view import AppointmentView, view
from core.domain.states import Link
from core.services.cancel import cancel_by_id
from core.services.change_client import change_client
from core.services.reschedule import reschedule_by_id
from core.services.vacate import Vacated
from core.wiring import wiring

router = APIRouter(tags=["Appointments"])

WHY_NO_LINK = {
    Link.NOT_NEEDED: "The appointment does not take place on Zoom.",
    Link.NOT_DUE: "The link is made shortly before the start.",
    Link.WAITING: "No account is free; the appointment is in line for the next one.",
    Link.OPENING: "The link is being made.",
    Link.FAILED: "The link could not be made; a person looks at it.",
    Link.MISSED: "The appointment never got a link.",
    Link.ENDED: "The link is no longer valid.",
}


@router.get("/appointments/{appointment_id}")
def get_appointment(appointment_id: PathId, caller: Reads) -> AppointmentBody:
    """An appointment as it stands."""
    with sessions()() as session:
        return appointment_body(seen(session, appointment_id, caller))


@router.get("/appointments/{appointment_id}/link")
def get_link(appointment_id: PathId, caller: Reads) -> LinkBody:
    """The way into the meeting, while there is one. Before and after, a 404 `no_link` says in *reason* why not, and in
    *expected_at* when it should come.
    """
    with sessions()() as session:
        appointment = seen(session, appointment_id, caller)
    if appointment.join_url is None:
        raise _no_link(appointment)
    vault, passcode = wiring().vault, appointment.passcode
    return LinkBody(
        join_url=appointment.join_url,
        passcode=None if passcode is None else vault.decrypt(passcode),
        revision=appointment.revision,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
    )


@router.patch("/appointments/{appointment_id}", response_model=ClientChanged)
def change_client_of_appointment(appointment_id: PathId, body: ClientChange, caller: Books, once: Once) -> Response:
    """Correct the client's name, address or zone. Unsent mail follows; what was sent already can be sent again."""

    def work(session: Session) -> Answer:
        seen(session, appointment_id, caller)
        done = change_client(session, appointment_id, **body.model_dump(), actor=caller.actor, now=utcnow())
        offer = [Resendable(message_id=each.message_id, kind=each.kind, sent_at=each.sent_at) for each in done.offer]
        now = appointment_body(seen(session, appointment_id, caller))
        changed = list(done.fields)
        return Answer(
            200, ClientChanged(changed=changed, following=done.following, can_be_sent_again=offer, appointment=now)
        )

    return once.in_one_transaction(work)


@router.post("/appointments/{appointment_id}/reschedule", response_model=Rescheduled)
def reschedule_appointment(appointment_id: PathId, body: NewTime, caller: Books, once: Once) -> Response:
    """Move an appointment. An opened link dies, its account is freed at once, and a new one comes before the new start.

    While people are inside it is refused with 409 `meeting_in_progress`, unless *end_meeting* says to end it.
    """

    def work() -> Answer:
        parts = wiring()
        done = reschedule_by_id(
            parts.sessions,
            parts.zoom,
            appointment_id,
            **body.model_dump(),
            actor=caller.actor,
            hours=parts.hours,
            clock=utcnow,
        )
        now = _as_it_stands(appointment_id, caller)
        return Answer(200, Rescheduled(changed=done.changed, account=_account(done.account), appointment=now))

    return _change(appointment_id, caller, once, work)


@router.post("/appointments/{appointment_id}/cancel", response_model=Cancelled)
def cancel_appointment(appointment_id: PathId, body: Cancellation, caller: Books, once: Once) -> Response:
    """Cancel an appointment, delete its meeting on Zoom and free its account. Cancelling twice is fine.

    While people are inside it is refused with 409 `meeting_in_progress`, unless *end_meeting* says to end it.
    """

    def work() -> Answer:
        parts = wiring()
        done = cancel_by_id(
            parts.sessions, parts.zoom, appointment_id, **body.model_dump(), actor=caller.actor, clock=utcnow
        )
        was, now = done.was_cancelled_before, _as_it_stands(appointment_id, caller)
        return Answer(200, Cancelled(was_cancelled_before=was, account=_account(done.account), appointment=now))

    return _change(appointment_id, caller, once, work)


def seen(session: Session, id_: int, caller: Caller) -> AppointmentView:
    """The appointment as it stands. Raises `NotFound` unless it exists at a location that *caller* sees."""
    parts = wiring()
    found = view(session, [id_], now=utcnow(), hours=parts.hours, cooldown=parts.settings.cooldown)
    caller.require(found[0].location_id if found else None, "appointment")
    return found[0]


def _as_it_stands(id_: int, caller: Caller) -> AppointmentBody:
    with sessions()() as session:
        return appointment_body(seen(session, id_, caller))


def _change(id_: int, caller: Caller, once: Once, work: Callable[[], Answer]) -> Response:
    with sessions()() as session:
        seen(session, id_, caller)
    return once.around(work)


def _account(after: Vacated) -> AccountAfter:
    return AccountAfter(free=after.free, why_not=after.why_not_free or None)


def _no_link(appointment: AppointmentView) -> Problem:
    more: dict[str, Any] = {
        "reason": appointment.reason or "ended",
        "link_state": appointment.link,
        "expected_at": _written(appointment.expected_at),
    }
    # A link that is ready and yet not valid is on its way out.
    detail = WHY_NO_LINK.get(Link(appointment.link), WHY_NO_LINK[Link.ENDED])
    step = "Ask again at expected_at." if appointment.expected_at else ""
    return Problem(404, "no_link", detail, next_step=step, **more)


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
