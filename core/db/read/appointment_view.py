"""One appointment as programs see it: the API's answers and the outgoing webhooks say the same of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.db.read.upcoming import estimates
from core.db.sql import statements
from core.domain.due import OpeningHours
from core.domain.states import Link

# Why nobody can say when the link will come, although the appointment as such is well.
NOT_ALLOCATING = ("location_suspended", "allocation_paused")


@dataclass(frozen=True)
class AppointmentView:
    """An appointment as it stands.

    *reason* says why there is no link (yet), at least the link's own state; None where there is one. *expected_at* is
    when the link should come, None where nobody knows or none will. *join_url* and *passcode* (encrypted) are there
    while the link is valid. *place* is its place in the line of its location, if it waits.
    """

    id: int
    external_id: str
    location_id: int
    calendar_id: int
    calendar: str
    meeting_location: str
    client_name: str
    client_email: str
    client_zone: str
    starts_at: datetime
    ends_at: datetime
    revision: int
    status: str
    link: str
    reason: str | None
    not_recorded: bool
    booked_at: datetime
    cancelled_at: datetime | None
    place: int | None
    join_url: str | None = field(repr=False)
    passcode: bytes | None = field(repr=False)
    expected_at: datetime | None = None


def view(
    session: Session, ids: Sequence[int], *, now: datetime, hours: OpeningHours, cooldown: timedelta
) -> list[AppointmentView]:
    """The appointments with *ids*, in that order; those that do not exist are left out.

    One statement, and another one for the estimates if some of them wait.
    """
    rows = session.execute(statements("appointment_view")["view"], {"ids": list(ids), "now": now}).mappings()
    found = [AppointmentView(**row) for row in rows]
    waiting = estimates(session, found, now=now, cooldown=cooldown)
    return [replace(each, expected_at=expected_at(each, waiting, hours, now)) for each in found]


def expected_at(
    appointment: AppointmentView, waiting: Mapping[int, datetime | None], hours: OpeningHours, now: datetime
) -> datetime | None:
    """When its link should come; *waiting* has the estimates for those that wait."""
    if appointment.reason in NOT_ALLOCATING:
        return None
    if appointment.link == Link.NOT_DUE:
        return max(hours.due_from(appointment.starts_at), now)
    if appointment.link == Link.OPENING:
        return now
    return waiting.get(appointment.id)
