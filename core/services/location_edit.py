"""Editing a location: its name and zone, how its mails are signed, how long its accounts wait for recordings."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypedDict

from sqlalchemy.orm import Session

from core.db.models import Location, LocationStatus
from core.domain import checks
from core.errors import InvalidInput, StaleState
from core.services.input import checked, unique
from core.services.locations import name_taken, refuse_taken_name
from core.services.pause import look_again
from core.services.timeline import note

LONGEST_HOLD = timedelta(hours=72)  # after that a recording is given up anyway


class LocationEdit(TypedDict, total=False):
    """What is to be changed; what is left out stays as it is. A hold limit of None is the installation's."""

    name: str
    zone: str
    sender_name: str
    status: str
    recording_hold_limit: timedelta | None
    confirm_bookings: bool
    refuse_when_short: bool


def edit_location(
    session: Session,
    location: Location,
    edit: LocationEdit,
    *,
    expected_version: int | None = None,
    actor: str,
    now: datetime,
) -> list[str]:
    """Change *location*; the names of the fields that changed. The same values again change nothing.

    Suspended, it gets no new connections and no new leases from the commit on: who allocates has locked it and is
    waited for. Links that were opened stay.

    Args:
        expected_version: the row version that the caller has seen; None: whichever it is.

    Raises:
        InvalidInput: a value cannot be used; names the field.
        Conflict: the name is taken.
        StaleState: somebody else changed the location first.
    """
    session.refresh(location, with_for_update={"key_share": True})
    if expected_version is not None and expected_version != location.row_version:
        raise StaleState(f"The location {location.name} has been changed by somebody else.")
    wanted = _wanted(edit)
    changed = [field for field, value in wanted.items() if getattr(location, field) != value]
    if "name" in changed:
        refuse_taken_name(session, wanted["name"], other_than=location.id)
    if not changed:
        return []
    for field in changed:
        setattr(location, field, wanted[field])
    location.row_version += 1
    with unique(name_taken(location.name)):
        session.flush()
    about = {"status": wanted["status"]} if "status" in changed else {}
    note(session, "location_edited", at=now, actor=actor, location_id=location.id, fields=changed, **about)
    if about:
        look_again(session, location)
    return changed


def _wanted(edit: LocationEdit) -> Mapping[str, Any]:
    wanted: dict[str, Any] = dict(edit)
    with checked():
        for field in ("name", "sender_name"):
            if field in wanted:
                wanted[field] = checks.text(field, wanted[field])
        if "zone" in wanted:
            checks.zone("zone", wanted["zone"])
    if "status" in wanted and wanted["status"] not in list(LocationStatus):
        raise InvalidInput("status", f"{wanted['status']!r} is none of {', '.join(LocationStatus)}.")
    hold = wanted.get("recording_hold_limit")
    if hold is not None and not timedelta(0) <= hold <= LONGEST_HOLD:
        raise InvalidInput("recording_hold_limit", "is not between none and 72 hours.")
    return wanted
