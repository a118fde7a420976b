"""Locations: the tenants that own calendars and a pool."""

from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from console.api.caller import Administers, Caller, Reads
from console.api.idempotency import Answer, Once
from console.api.problems import Problem
from console.api.schemas.base import PathId
from console.api.schemas.location import LocationBody, LocationChanges, Locations, NewLocation, location_body
from console.database import sessions
from core.clock import utcnow
from core.db.models import Location
from core.services.location_edit import LocationEdit, edit_location
from core.services.locations import add_location, location_by_id

router = APIRouter(tags=["Locations"])
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str, Query(pattern="^[0-9]{1,18}$", description="*next* of the answer before.")]


@router.get("/locations")
def list_locations(caller: Reads, limit: Limit = 50, cursor: Cursor = "0") -> Locations:
    """The locations that the key sees, oldest first."""
    page = sa.select(Location).where(Location.id > int(cursor)).order_by(Location.id).limit(limit + 1)
    if caller.locations is not None:
        page = page.where(Location.id.in_(caller.locations))
    with sessions()() as session:
        found = session.scalars(page).all()
    more = str(found[limit - 1].id) if len(found) > limit else None
    return Locations(items=[location_body(each) for each in found[:limit]], next=more)


@router.post("/locations", status_code=201, response_model=LocationBody)
def create_location(body: NewLocation, caller: Administers, once: Once) -> Response:
    """Add a location, active at once. Only a key for all locations may."""
    _only_for_all(caller, "This key is for certain locations; a new one is none of them.")

    def work(session: Session) -> Answer:
        location = add_location(session, **body.model_dump(), actor=caller.actor, now=utcnow())
        session.refresh(location)
        return Answer(201, location_body(location))

    return once.in_one_transaction(work)


@router.get("/locations/{location_id}")
def get_location(location_id: PathId, caller: Reads) -> LocationBody:
    """A location as it stands."""
    with sessions()() as session:
        return location_body(seen_location(session, location_id, caller))


@router.patch("/locations/{location_id}", response_model=LocationBody)
def update_location(location_id: PathId, body: LocationChanges, caller: Administers, once: Once) -> Response:
    """Change a location; what is left out stays as it is. Suspending and activating needs a key for all locations."""

    def work(session: Session) -> Answer:
        location = seen_location(session, location_id, caller)
        if "status" in body.model_fields_set:  # who is suspended must not be able to end that himself
            _only_for_all(caller, "This key is for certain locations, which cannot suspend or activate themselves.")
        edit = LocationEdit(**body.edit())  # type: ignore[typeddict-item]
        edit_location(session, location, edit, expected_version=body.expected_version, actor=caller.actor, now=utcnow())
        return Answer(200, location_body(location))

    return once.in_one_transaction(work)


def seen_location(session: Session, location_id: int, caller: Caller) -> Location:
    """The location. Raises `NotFound` unless it exists and *caller* sees it."""
    caller.require(location_id, "location")
    return location_by_id(session, location_id)


def _only_for_all(caller: Caller, why: str) -> None:
    if caller.locations is not None:
        raise Problem(403, "access", why, next_step="Ask for a key for all locations.")
