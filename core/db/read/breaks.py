"""What would be lost if an account were disconnected at this moment, so that a person decides with open eyes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.domain import states
from core.domain.local_time import abbreviation, on_the_wall

BEFORE_ITS_MEETING = (states.Lease.RESERVED, states.Lease.READY)


@dataclass(frozen=True)
class Breaks:
    """What disconnecting an account at once breaks; all empty: nothing.

    *external_id* is the appointment that has the account, *link_dies* whether its link has been made and ends;
    *in_progress* whether people are in its meeting as far as we know. It *moves* if another account can still take it.
    *recordings* are appointments whose recordings would not be found, *deletions* counts meetings that stay on Zoom.
    *zone* is the location's.
    """

    email: str
    zone: str
    external_id: str | None
    starts_at: datetime | None
    link_dies: bool
    in_progress: bool
    moves: bool
    recordings: Sequence[str]
    deletions: int

    @property
    def confirmation(self) -> str:
        """What a person has to write to show that he has seen this: the appointment's id, else the e-mail address."""
        return self.external_id or self.email

    @property
    def sentences(self) -> list[str]:
        """One sentence for each thing that breaks."""
        said = []
        if self.external_id is not None and self.starts_at is not None:
            what = "is in its meeting" if self.in_progress else "has this account"
            at = f"{on_the_wall(self.starts_at, self.zone):%d %b %H:%M} {abbreviation(self.starts_at, self.zone)}"
            said.append(f"Appointment {self.external_id}, {at}, {what}.")
        if self.link_dies:
            said.append("Its join link stops working.")
        if self.moves:
            said.append("It gets another account, with a new link in a new mail, as soon as one is free.")
        if self.recordings:
            said.append(f"The recording of {', '.join(self.recordings)} is not found.")
        if self.deletions:
            plural = "s stay" if self.deletions > 1 else " stays"
            said.append(f"{self.deletions} old meeting{plural} on Zoom until the account is reconnected.")
        return said


BREAKS = sa.text("""
SELECT c.email, o.zone, a.external_id, a.starts_at, l.state AS lease_state, a.status, a.ends_at,
       EXISTS (SELECT FROM meetings AS m WHERE m.lease_id = l.id AND m.state = 'created') AS has_link,
       ARRAY(SELECT DISTINCT p.external_id
             FROM recordings AS r JOIN appointments AS p ON p.id = r.appointment_id
             WHERE r.account_id = c.id AND r.outcome = 'sought' ORDER BY 1 LIMIT 20) AS recordings,
       (SELECT count(*) FROM meetings AS m
        WHERE m.account_id = c.id AND m.state IN ('deleting', 'unknown')) AS deletions
FROM accounts AS c
JOIN locations AS o ON o.id = c.location_id
LEFT JOIN leases AS l ON l.account_id = c.id AND l.released_at IS NULL
    AND NOT (l.state = 'cooldown' AND l.cooldown_until <= :now AND l.ask_at IS NULL)
LEFT JOIN appointments AS a ON a.id = l.appointment_id
WHERE c.id = :account_id
""")


def what_disconnecting_breaks(session: Session, account_id: int, now: datetime) -> Breaks:
    """What disconnecting the account at once would break."""
    row = session.execute(BREAKS, {"account_id": account_id, "now": now}).one()
    before = row.lease_state in BEFORE_ITS_MEETING and row.status == states.Appointment.BOOKED and row.ends_at > now
    live = row.lease_state == states.Lease.LIVE
    unseen = live or (row.lease_state == states.Lease.PROCESSING and row.external_id not in row.recordings)
    return Breaks(
        email=row.email,
        zone=row.zone,
        external_id=row.external_id,
        starts_at=row.starts_at,
        link_dies=before and row.has_link,
        in_progress=live,
        moves=before,
        recordings=[*row.recordings, row.external_id] if unseen else row.recordings,
        deletions=row.deletions,
    )
