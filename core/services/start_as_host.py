"""Starting a meeting as its host: the start URL is fetched when somebody asks, handed to that person, and kept nowhere.

Whoever has it is the host, as if signed in to the account. So the timeline names who got one, before it is given.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Account, Appointment, Lease, Meeting
from core.domain import states
from core.errors import Conflict, StaleState, ZoomNotFound
from core.services.opening.attempt import Zoom
from core.services.timeline import note


@dataclass(frozen=True)
class HostLink:
    """Zoom's own link for the host, and the account whose host one becomes. It is not shown when printed."""

    account: str
    url: str = field(repr=False)


def start_as_host(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    appointment_id: int,
    *,
    actor: str,
    role: str,
    clock: Callable[[], datetime],
) -> HostLink:
    """The link with which *actor* starts the appointment's meeting.

    Raises:
        Conflict: there is no meeting that can be started.
        StaleState: the appointment was taken off this meeting while Zoom was asked; nobody gets the link.
        ZoomError: any of its subclasses.
    """
    with sessions() as session:
        seen = session.execute(_meeting(appointment_id)).one_or_none()
    if seen is None:
        raise Conflict(
            "This appointment has no meeting that could be started.",
            next_step="A link can be started from when it is made until its meeting is over.",
        )
    fresh = zoom.tokens.fresh({seen.account_id}, now=clock())
    if seen.account_id in fresh.failed:
        raise fresh.failed[seen.account_id]
    try:
        url = zoom.tokens.using(
            fresh.ready[seen.account_id],
            lambda credentials: zoom.client.start_url(credentials, seen.zoom_meeting_id),
            now=clock(),
        )
    except ZoomNotFound as error:
        raise Conflict(
            "Zoom does not know this meeting any more.", next_step="Another one is made by itself; look again soon."
        ) from error
    with sessions.begin() as session:
        _write_down(session, appointment_id, seen, actor=actor, role=role, now=clock())
    return HostLink(seen.email, url)


def _write_down(
    session: Session, appointment_id: int, seen: sa.Row[Any], *, actor: str, role: str, now: datetime
) -> None:
    """Who is given the link, unless the appointment has left the meeting meanwhile."""
    # Whoever cancels or moves it takes the same lock: the link is given before, and dies with the meeting, or not.
    session.execute(sa.select(Appointment.id).where(Appointment.id == appointment_id).with_for_update(key_share=True))
    if session.execute(_meeting(appointment_id)).one_or_none() != seen:
        raise StaleState("The appointment was changed while Zoom was asked for its start link.")
    note(
        session,
        "host_link_given",
        at=now,
        actor=actor,
        location_id=seen.location_id,
        appointment_id=appointment_id,
        account_id=seen.account_id,
        lease_id=seen.lease_id,
        meeting_id=seen.id,
        role=role,
    )


def _meeting(appointment_id: int) -> sa.Select[*tuple[Any, ...]]:
    """The meeting that stands behind the appointment's link now."""
    return (
        sa.select(
            Meeting.id,
            Meeting.zoom_meeting_id,
            Meeting.location_id,
            Meeting.lease_id,
            Meeting.account_id,
            Account.email,
        )
        .join(Lease, Lease.id == Meeting.lease_id)
        .join(Appointment, sa.and_(Appointment.id == Lease.appointment_id, Appointment.revision == Lease.revision))
        .join(Account, Account.id == Meeting.account_id)
        .where(
            Appointment.id == appointment_id,
            Appointment.status == states.Appointment.BOOKED,
            Lease.state.in_((states.Lease.READY, states.Lease.LIVE)),
            Meeting.state == states.Meeting.CREATED,
        )
        .order_by(Meeting.id.desc())
        .limit(1)
    )
