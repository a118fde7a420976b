"""The accounts of a location: how they are, and what they have before them."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from console.api.caller import Caller, Reads
from console.api.schemas.base import PathId
from console.api.schemas.capacity import (
    AccountBody,
    CapacityQuery,
    CapacityWindow,
    PointBody,
    PoolBody,
    SeatCount,
    ShortageBody,
    UsualBody,
)
from console.database import sessions
from core.clock import utcnow
from core.db.models import Location
from core.db.read.capacity import outlook, usual_of
from core.db.read.pool_accounts import pool_of
from core.wiring import wiring

router = APIRouter(tags=["Pool"])
MOST_ACCOUNTS = 2000


@router.get("/locations/{location_id}/capacity")
def get_capacity(location_id: PathId, query: Annotated[CapacityQuery, Query()], caller: Reads) -> CapacityWindow:
    """Accounts that are booked against those that serve, over a window of 31 days at most, and when some are missing.

    An appointment takes an account from its lease until the cooldown after its recording has passed, as long as that
    usually takes here.
    """
    settings = wiring().settings
    with sessions()() as session:
        _require(session, location_id, caller)
        usual = usual_of(session, location_id, lead=settings.lead_time, cooldown=settings.cooldown)
        found = outlook(session, location_id, (query.begins_at, query.ends_at), now=utcnow(), usual=usual)
    return CapacityWindow(
        accounts=found.points[0].accounts,
        peak=found.peak,
        points=[PointBody(at=each.at, booked=each.booked, accounts=each.accounts) for each in found.points],
        shortages=[
            ShortageBody(begins_at=each.begins_at, ends_at=each.ends_at, short_by=each.short_by)
            for each in found.shortages
        ],
        usual=UsualBody(
            lead=usual.lead.total_seconds(),
            overrun=usual.overrun.total_seconds(),
            hold=usual.hold.total_seconds(),
            cooldown=usual.cooldown.total_seconds(),
        ),
    )


@router.get("/locations/{location_id}/pool")
def get_pool(location_id: PathId, caller: Reads) -> PoolBody:
    """The accounts of a location that are not disconnected, why some take no more, and its seats."""
    with sessions()() as session:
        _require(session, location_id, caller)
        cooldown = wiring().settings.cooldown
        found = pool_of(session, location_id, now=utcnow(), cooldown=cooldown, limit=MOST_ACCOUNTS)
    accounts = [
        AccountBody(**{name: getattr(each, name) for name in AccountBody.model_fields}) for each in found.accounts
    ]
    seats = SeatCount(issued=found.issued_seats, free=found.free_seats)
    return PoolBody(by_state=dict(Counter(each.state for each in accounts)), accounts=accounts, seats=seats)


def _require(session: Session, location_id: int, caller: Caller) -> None:
    known = session.get(Location, location_id)
    caller.require(None if known is None else known.id, "location")
