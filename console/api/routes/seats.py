"""Seats: the licensed Zoom users issued to a location, one by one or by the list."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from console.api.caller import Administers, Caller, Reads
from console.api.idempotency import Answer, Once
from console.api.problems import Problem
from console.api.routes.locations import Cursor, Limit, seen_location
from console.api.schemas.base import PathId
from console.api.schemas.seat import (
    ImportedSeats,
    NewSeat,
    SeatBody,
    SeatEnd,
    SeatMove,
    Seats,
    seat_body,
)
from console.database import sessions
from core.clock import utcnow
from core.db.read.issued_seats import IssuedSeat, issued_seat, issued_seats
from core.domain.seat_list import MOST_BYTES
from core.services.locations import issue_seat, location_by_id
from core.services.seat_import import ImportPlan, import_seats, plan_import
from core.services.seats import move_seat, take_back
from core.wiring import wiring

router = APIRouter(tags=["Seats"])
LINES_SHOWN = 1000
List = Annotated[
    bytes,
    Body(
        media_type="text/csv",
        max_length=MOST_BYTES,
        description="A column email, and perhaps one location that names this location.",
        examples=["email\nroom1@harbour-clinic.example\nroom2@harbour-clinic.example\n"],
    ),
]
DryRun = Annotated[bool, Query(description="Only say what would be done.")]


@router.get("/locations/{location_id}/seats")
def list_seats(location_id: PathId, caller: Reads, limit: Limit = 50, cursor: Cursor = "0") -> Seats:
    """The seats that are issued to a location, oldest first."""
    with sessions()() as session:
        seen_location(session, location_id, caller)
        found = issued_seats(session, location_id, after=int(cursor), limit=limit + 1)
    more = str(found[limit - 1].id) if len(found) > limit else None
    return Seats(items=[seat_body(each) for each in found[:limit]], next=more)


@router.post("/locations/{location_id}/seats", status_code=201, response_model=SeatBody)
def create_seat(location_id: PathId, body: NewSeat, caller: Administers, once: Once) -> Response:
    """Issue a seat to a location. Issuing it again changes nothing. It is connected in the console."""

    def work(session: Session) -> Answer:
        location = seen_location(session, location_id, caller)
        seat = issue_seat(session, location=location, address=body.email, actor=caller.actor, now=utcnow())
        return Answer(201, seat_body(_found(session, seat.id)))

    return once.in_one_transaction(work)


@router.post("/locations/{location_id}/seats/import", response_model=ImportedSeats)
def import_seat_list(
    location_id: PathId, body: List, caller: Administers, once: Once, dry_run: DryRun = False
) -> Response:
    """Issue every seat of a CSV list, or none: bad lines come back as a 422 `bad_lines`, each with its number."""

    def work(session: Session) -> Answer:
        location = seen_location(session, location_id, caller)
        plan = plan_import(session, body, location=location)
        if plan.bad:
            raise _bad_lines(plan)
        if not dry_run:
            import_seats(session, plan, actor=caller.actor, now=utcnow())
        return Answer(200, ImportedSeats(issued=len(plan.to_issue), already=plan.already, dry_run=dry_run))

    return once.in_one_transaction(work)


@router.post("/seats/{seat_id}/move", response_model=SeatBody)
def move_one_seat(seat_id: PathId, body: SeatMove, caller: Administers, once: Once) -> Response:
    """Move a seat to another location, where it is connected anew. The key has to see both; where it is, it stays.

    Its account is disconnected first. While that has something to do it is refused with 409, and drains from then on.
    """

    def work(seat: IssuedSeat, origin: str) -> int:
        with sessions()() as session:
            target = seen_location(session, body.location_id, caller).name
        if body.location_id == seat.location_id and seat.taken_back_at is None:
            return seat.id  # it is there already
        return move_seat(origin=origin, target=target, **_about(seat, caller, body.reason)).id

    return _change(seat_id, caller, once, work)


@router.post("/seats/{seat_id}/take-back", response_model=SeatBody)
def take_back_seat(seat_id: PathId, body: SeatEnd, caller: Administers, once: Once) -> Response:
    """Take a seat back from its location; taking it back twice is fine.

    Its account is disconnected first. While that has something to do it is refused with 409, and drains from then on.
    """

    def work(seat: IssuedSeat, origin: str) -> int:
        if seat.taken_back_at is None:
            take_back(location=origin, **_about(seat, caller, body.reason))
        return seat.id

    return _change(seat_id, caller, once, work)


def _change(seat_id: int, caller: Caller, once: Once, work: Callable[[IssuedSeat, str], int]) -> Response:
    """Do *work*, given the seat and the name of its location; the answer is the seat that it gives the id of."""
    with sessions()() as session:
        seat = issued_seat(session, seat_id)
        caller.require(seat.location_id if seat else None, "seat")
        origin = location_by_id(session, seat.location_id).name

    def answer() -> Answer:
        now = work(seat, origin)
        with sessions()() as session:
            return Answer(200, seat_body(_found(session, now)))

    return once.around(answer)


def _about(seat: IssuedSeat, caller: Caller, reason: str | None) -> dict[str, Any]:
    parts = wiring()
    who = {"actor": caller.actor, "role": str(caller.access), "reason": reason}
    return {"sessions": parts.sessions, "ending": parts.ending, "email": seat.email, "clock": utcnow, **who}


def _found(session: Session, seat_id: int) -> IssuedSeat:
    seat = issued_seat(session, seat_id)
    assert seat is not None, "seats are taken back, never deleted"
    return seat


def _bad_lines(plan: ImportPlan) -> Problem:
    return Problem(
        422,
        "bad_lines",
        f"Nothing is imported: {len(plan.bad)} lines are bad.",
        next_step="Mend the lines named in errors and send the whole list again.",
        errors=[{"field": f"line {each.number}", "message": each.message} for each in plan.bad[:LINES_SHOWN]],
    )
