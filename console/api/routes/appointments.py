"""Booking, one by one or by the hundred."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.responses import Response

from console.api.caller import Books, Caller
from console.api.idempotency import Answer, Once
from console.api.problems import problem_of
from console.api.schemas.appointment import (
    BookedAppointment,
    BulkResult,
    BulkResults,
    NewAppointment,
    NewAppointments,
    booked_appointment,
)
from console.api.schemas.problem import ProblemBody
from console.api.together import Together
from core.clock import utcnow
from core.db.read.appointment_view import view
from core.errors import ZoomPoolError
from core.services.book import Booked, book_many
from core.services.booking import Booking, Wanted
from core.services.room import room_for
from core.wiring import wiring

router = APIRouter(tags=["Appointments"])
AGAIN: dict[int | str, dict[str, Any]] = {
    200: {"model": BookedAppointment, "description": "It was booked before: the same external id and content."}
}


@router.post("/appointments", status_code=201, response_model=BookedAppointment, responses=AGAIN)
async def create_appointment(body: NewAppointment, caller: Books, once: Once) -> Response:
    """Book an appointment. Its link is made ten minutes before it starts, and mailed.

    It is never refused for want of accounts, unless the location is set to refuse it; *capacity* says what is left.
    """
    caller.require(body.location_id, "location")
    return await _bookings.answer(_wanted(body, caller.actor), once)


@router.post("/appointments/bulk", response_model=BulkResults)
def create_appointments(body: NewAppointments, caller: Books, once: Once) -> Response:
    """Book up to 500, at one location or several. Each has its own result: one that is refused keeps none of the others
    from being booked.
    """
    read = [_read(each, caller) for each in body.appointments]
    wanted = [_wanted(each, caller.actor) for each in read if isinstance(each, NewAppointment)]

    def work(session: Session) -> Answer:
        booked = iter(_book(session, wanted))
        return Answer(200, _results([next(booked) if isinstance(each, NewAppointment) else each for each in read]))

    return once.in_one_transaction(work)


def _read(given: object, caller: Caller) -> NewAppointment | Exception:
    try:
        new = NewAppointment.model_validate(given)
        caller.require(new.location_id, "location")
    except ValidationError as error:
        return RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors()])
    except ZoomPoolError as error:
        return error
    return new


def _wanted(new: NewAppointment, actor: str) -> Wanted:
    booking = Booking(new.external_id, new.client_name, new.client_email, new.client_zone, new.starts_at, new.ends_at)
    return Wanted(new.location_id, new.calendar_id, booking, actor)


def _book(session: Session, wanted: Sequence[Wanted]) -> list[Answer | ZoomPoolError]:
    """What became of each: 201 or 200 with the appointment, or why it is not booked."""
    parts = wiring()
    given: dict[str, Any] = {"hours": parts.hours, "cooldown": parts.settings.cooldown, "now": utcnow()}
    results = book_many(session, wanted, **given)
    new = {each.id: each.view for each in results if isinstance(each, Booked) and each.view is not None}
    before = dict.fromkeys(each.id for each in results if isinstance(each, Booked) and each.id not in new)
    # What was there before counts before the new ones.
    views = [*(view(session, list(before), **given) if before else ()), *new.values()]
    room = room_for(session, views, **given)
    bodies = {each.id: booked_appointment(each, room.get(each.id)) for each in views}
    return [Answer(201 if each.new else 200, bodies[each.id]) if isinstance(each, Booked) else each for each in results]


_bookings = Together(_book)


def _results(outcomes: Sequence[Answer | Exception]) -> BulkResults:
    results = [_result(each) for each in outcomes]
    statuses = [each.status for each in results]
    created, existing = statuses.count(201), statuses.count(200)
    return BulkResults(created=created, existing=existing, refused=len(results) - created - existing, results=results)


def _result(outcome: Answer | Exception) -> BulkResult:
    if isinstance(outcome, Answer):
        assert isinstance(outcome.body, BookedAppointment)
        return BulkResult(status=outcome.status, appointment=outcome.body, problem=None)
    problem = problem_of(outcome)
    return BulkResult(status=problem.status, appointment=None, problem=ProblemBody(**problem.members))
