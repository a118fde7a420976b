"""Taking an appointment off its account, at once where nobody is or was inside: what cancelling and rescheduling share.

Three steps: ask Zoom who is inside, decide in the transaction that changes the appointment, and do on Zoom what was
decided right after its commit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Appointment, Lease, Meeting
from core.db.sql import statements
from core.domain import states
from core.errors import MeetingInProgress, ZoomNotFound, ZoomPoolError
from core.services.closing import finish, saw_inside, settle_owed
from core.services.end_meeting import end_meetings
from core.services.opening.attempt import Zoom
from core.services.tokens import AccountCredentials
from core.zoom.payloads import ZoomMeeting

# An intent that a run is at work on gets its result, or its time-out, within this time.
LOOK_AFTER = timedelta(seconds=30)


@dataclass(frozen=True)
class Inside:
    """What Zoom says of an appointment's meetings. Those in neither set do not run, or were not asked about."""

    started: Mapping[int, ZoomMeeting] = field(default_factory=dict)
    unanswered: Mapping[int, ZoomPoolError] = field(default_factory=dict)

    def is_live(self, meeting_id: int, *, entered: bool) -> bool:
        """Whether people are inside: as Zoom says, or, while it does not answer, as its events have told us."""
        return meeting_id in self.started or (entered and meeting_id in self.unanswered)


@dataclass
class Vacating:
    """What a transaction decided: leases that were open, meetings owed to Zoom now, meetings to be ended."""

    leases: list[int] = field(default_factory=list)
    owed: list[int] = field(default_factory=list)
    to_end: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Vacated:
    """How the account stands afterwards.

    It is not *free* while Zoom has not confirmed that the meeting is gone, nor, if people have been inside (*held*),
    until the recording is processed. *still_inside*: Zoom did not confirm that their meeting has ended.
    """

    free: bool = True
    held: bool = False
    still_inside: bool = False

    @property
    def why_not_free(self) -> str:
        """A sentence for people; empty when the account is free."""
        if self.free:
            return ""
        if self.still_inside:
            return "Zoom has not confirmed that its meeting has ended; ask to end it again."
        if self.held:
            return "People have been inside: the account stays taken until the recording is processed."
        return "Zoom has not confirmed yet that its meeting is gone; the account stays taken until then."


def look_inside(sessions: sessionmaker[Session], zoom: Zoom, appointment_id: int, *, now: datetime) -> Inside:
    """Ask Zoom who is in the meetings of the appointment's open leases; before the link was made there is no call."""
    with sessions() as session:
        opened = session.scalars(
            sa.select(Lease.id).where(Lease.appointment_id == appointment_id, Lease.state.in_(("ready", "live")))
        ).all()
    return ask_about(sessions, zoom, opened, now=now)


def ask_about(sessions: sessionmaker[Session], zoom: Zoom, leases: Sequence[int], *, now: datetime) -> Inside:
    """Ask Zoom who is in the meetings of these leases."""
    with sessions() as session:
        made = session.execute(
            sa.select(Meeting.id, Meeting.zoom_meeting_id, Meeting.account_id)
            .where(Meeting.lease_id.in_(leases), Meeting.state == states.Meeting.CREATED)
            .order_by(Meeting.id)
        ).all()
    if not made:
        return Inside()
    started: dict[int, ZoomMeeting] = {}
    unanswered: dict[int, ZoomPoolError] = {}
    fresh = zoom.tokens.fresh({row.account_id for row in made}, now=now)
    for row in made:
        try:
            if row.account_id in fresh.failed:
                raise fresh.failed[row.account_id]
            meeting = _ask(zoom, fresh.ready[row.account_id], str(row.zoom_meeting_id), now)
        except ZoomNotFound:
            continue
        except ZoomPoolError as error:
            unanswered[row.id] = error
        else:
            if meeting.started:
                started[row.id] = meeting
    return Inside(started, unanswered)


def _ask(zoom: Zoom, credentials: AccountCredentials, meeting_id: str, now: datetime) -> ZoomMeeting:
    return zoom.tokens.using(credentials, lambda c: zoom.client.get_meeting(c, meeting_id), now=now)


def vacate(
    session: Session,
    appointment: Appointment,
    inside: Inside,
    *,
    reason: states.Release,
    end_meeting: bool,
    actor: str,
    now: datetime,
) -> Vacating:
    """Take the locked *appointment* off its account; its row still has the revision that is given up.

    Raises:
        MeetingInProgress: people are inside and nobody has said *end_meeting*.
    """
    sql = statements("closing")
    of_it = {"appointment_id": appointment.id, "revision": appointment.revision}
    session.execute(sql["lock_open_leases"], of_it)
    leases = session.execute(sql["open_leases"], of_it).all()
    live = {m for lease in leases for m in lease.meetings if inside.is_live(m, entered=m in lease.entered)}
    if live and not end_meeting:
        raise MeetingInProgress(f"People are in the meeting of appointment {appointment.external_id}.")
    for meeting_id in live & inside.started.keys():
        saw_inside(session, appointment.location_id, meeting_id, inside.started[meeting_id].uuid, now=now)
    to_keep = [lease.id for lease in leases if lease.held or live.intersection(lease.meetings)]
    to_close = [lease.id for lease in leases if lease.id not in to_keep]
    session.execute(sql["go_on"], {"leases": to_keep, "now": now})
    owed = close(session, to_close, reason=reason, actor=actor, now=now)
    return Vacating([lease.id for lease in leases], owed, sorted(live))


def still_leased(session: Session, appointment_id: int) -> list[int]:
    """The open leases of the appointment, of whichever revision."""
    return list(
        session.scalars(sa.select(Lease.id).where(Lease.appointment_id == appointment_id, Lease.released_at.is_(None)))
    )


def close(session: Session, leases: list[int], *, reason: states.Release, actor: str, now: datetime) -> list[int]:
    """Put *leases*, in whose meetings nobody ever was, into closing; the meetings that are owed to Zoom by that.

    One under which nothing was made is released at once.
    """
    sql = statements("closing")
    session.execute(sql["close_leases"], {"leases": leases, "reason": reason, "now": now})
    given = {"leases": leases, "now": now, "look_at": now + LOOK_AFTER}
    owed = list(session.scalars(sql["want_deletion"], given))
    finish(session, leases, run_id=None, actor=actor, now=now)
    return owed


def follow_up(
    sessions: sessionmaker[Session],
    zoom: Zoom,
    vacating: Vacating,
    *,
    actor: str,
    clock: Callable[[], datetime],
) -> Vacated:
    """Do on Zoom what was decided: delete what nobody was in, end what people are in. What fails is not forgotten."""
    if vacating.owed:
        settle_owed(sessions, zoom, clock=clock, run_id=None, actor=actor, only=vacating.owed)
    still_inside = not end_meetings(sessions, zoom, vacating.to_end, actor=actor, clock=clock)
    with sessions() as session:
        left = session.scalars(
            sa.select(Lease.state).where(Lease.id.in_(vacating.leases), Lease.released_at.is_(None))
        ).all()
    held = any(state != states.Lease.CLOSING for state in left)
    return Vacated(free=not left, held=held, still_inside=still_inside)
