"""The list of appointments."""

from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from console.api.caller import Caller, Reads
from console.api.schemas.appointment import appointment_body
from console.api.schemas.listing import AppointmentList, AppointmentQuery
from console.database import sessions
from core.clock import utcnow
from core.db.models import Calendar, Location
from core.db.read.appointment_list import Filters, page
from core.db.read.appointment_view import view
from core.domain.cursor import decode, encode
from core.services.input import checked
from core.wiring import wiring

router = APIRouter(tags=["Appointments"])


@router.get("/appointments")
def list_appointments(query: Annotated[AppointmentQuery, Query()], caller: Reads) -> AppointmentList:
    """Appointments by their start, filtered, a page at a time; every page costs the same. There are no totals.

    Ask for the next page with `cursor` set to the `next` of this one and everything else as it was.
    """
    parts = wiring()
    asked = query.model_dump_json(exclude={"cursor", "limit"})
    with checked():
        after = None if query.cursor is None else decode(query.cursor, asked)
    with sessions()() as session:
        found = page(
            session,
            _filters(session, query, caller),
            limit=query.limit,
            after=after,
            newest_first=query.order == "newest_first",
        )
        views = view(session, found.ids, now=utcnow(), hours=parts.hours, cooldown=parts.settings.cooldown)
    return AppointmentList(
        items=[appointment_body(each) for each in views],
        next=None if found.next is None else encode(found.next, asked),
        incomplete=found.incomplete,
    )


def _filters(session: Session, query: AppointmentQuery, caller: Caller) -> Filters:
    """What is asked for, within what *caller* sees. Raises `NotFound` for a location or calendar it does not."""
    if query.location_id:
        known = set(session.scalars(sa.select(Location.id).where(Location.id.in_(query.location_id))))
        for each in query.location_id:
            caller.require(each if each in known else None, "location")
    if query.calendar_id is not None:
        home = session.scalar(sa.select(Calendar.location_id).where(Calendar.id == query.calendar_id))
        caller.require(home, "calendar")
    return Filters(
        locations=frozenset(query.location_id) or caller.locations,
        calendar=query.calendar_id,
        status=query.status,
        link=query.link,
        since=query.since,
        until=query.until,
        external_id=query.external_id,
        text=query.text,
    )
