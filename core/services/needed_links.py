"""Which appointments need a link when their calendar comes to Zoom or leaves it (docs/adr/0003)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.db.models import Calendar
from core.db.sql import statements
from core.domain import states
from core.domain.due import OpeningHours
from core.domain.states import MeetingLocation
from core.services.vacate import close


@dataclass(frozen=True)
class CalendarChange:
    """What a calendar that meets elsewhere changes for its appointments, in numbers of them.

    *due_now*: of those that begin to need a link, the ones that start within the lead time and are opened at once.
    """

    begin_to_need: int = 0
    cease_to_need: int = 0
    keep_their_link: int = 0
    due_now: int = 0


def preview_change(
    session: Session, calendar: Calendar, meeting_location: str, *, hours: OpeningHours, now: datetime
) -> CalendarChange:
    """What it would change if *calendar* met on *meeting_location*; nothing is locked or changed."""
    if not leaves_or_reaches_zoom(calendar, meeting_location):
        return CalendarChange()
    about = _about(calendar, meeting_location, hours, now)
    return CalendarChange(**session.execute(statements("calendars")["count_change"], about).mappings().one())


def change_needed_links(
    session: Session, calendar: Calendar, meeting_location: str, *, hours: OpeningHours, actor: str, now: datetime
) -> CalendarChange:
    """Let the appointments of *calendar*, which the caller has locked, need a link or none.

    Booking and rescheduling read the calendar FOR SHARE, so no appointment slips in between with the old answer. An
    account that was leased for a link which nobody needs any more goes back to the pool; where its meeting may have
    been made already, once Zoom has said that it is gone.
    """
    sql = statements("calendars")
    about = {**_about(calendar, meeting_location, hours, now), "actor": actor}
    about["appointments"] = list(session.scalars(sql["lock_concerned"], about))
    changed = session.execute(sql["begin_to_need" if about["to_zoom"] else "cease_to_need"], about).mappings().one()
    if not about["to_zoom"]:
        leases = list(session.scalars(sql["lock_reserved"], about))
        # What is owed to Zoom by that may be in the making: it is looked for a little later, by the settling run.
        close(session, leases, reason=states.Release.NOT_NEEDED, actor=actor, now=now)
    keep: int = session.execute(sql["count_change"], about).one().keep_their_link
    return CalendarChange(**changed, keep_their_link=keep)


def leaves_or_reaches_zoom(calendar: Calendar, meeting_location: str) -> bool:
    """Whether Zoom is where *calendar* meets, or *meeting_location* is, but not both."""
    return (calendar.meeting_location == MeetingLocation.ZOOM) != (meeting_location == MeetingLocation.ZOOM)


def _about(calendar: Calendar, meeting_location: str, hours: OpeningHours, now: datetime) -> dict[str, Any]:
    return {
        "calendar_id": calendar.id,
        "to_zoom": meeting_location == MeetingLocation.ZOOM,
        "earliest": hours.earliest(now),
        "horizon": hours.horizon(now),
        "now": now,
    }
