"""Signs of life: what one event or answer says about one instance of a meeting, added up in the database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.db.sql import statements

ENDS = ("event", "asked", "recorded")  # the surest first


@dataclass(frozen=True)
class Sign:
    """The meeting was held under *zoom_uuid*: since *started_at* at the latest, and until *seen_at* at least.

    *ended_at* where the sign is of its end, and *by* what: Zoom's `event`, Zoom's answer when `asked`, or a recording
    that is there (`recorded`), which ends an instance that nobody knew of. *events* counts those behind it.
    """

    location_id: int
    meeting_id: int
    zoom_uuid: str
    started_at: datetime
    seen_at: datetime
    ended_at: datetime | None = None
    by: str | None = None
    recording_at: datetime | None = None
    events: int = 0

    def with_(self, other: "Sign") -> "Sign":
        """Both signs of one instance as one: evidence adds up, in whatever order."""
        ends = [(each.ended_at, each.by) for each in (self, other) if each.ended_at is not None]
        ended_at, by = min(ends, key=lambda end: (ENDS.index(str(end[1])), end[0]), default=(None, None))
        recorded = [each for each in (self.recording_at, other.recording_at) if each is not None]
        return Sign(
            self.location_id,
            self.meeting_id,
            self.zoom_uuid,
            min(self.started_at, other.started_at),
            max(self.seen_at, other.seen_at),
            ended_at,
            by,
            min(recorded, default=None),
            self.events + other.events,
        )


def record_signs(session: Session, signs: Iterable[Sign]) -> None:
    """Add *signs* to what is known of their instances, in one statement."""
    by_instance: dict[tuple[int, str], Sign] = {}
    for sign in signs:
        key = (sign.meeting_id, sign.zoom_uuid)
        by_instance[key] = by_instance[key].with_(sign) if key in by_instance else sign
    # In one order, so that two batches that meet wait for each other instead of locking each other out.
    rows = [by_instance[key] for key in sorted(by_instance)]
    if not rows:
        return
    session.execute(
        statements("lifecycle")["sign_instances"],
        {
            "locations": [row.location_id for row in rows],
            "meetings": [row.meeting_id for row in rows],
            "uuids": [row.zoom_uuid for row in rows],
            "starts": [row.started_at for row in rows],
            "signs": [row.seen_at for row in rows],
            "ends": [row.ended_at for row in rows],
            "ended_bys": [row.by for row in rows],
            "recording_starts": [row.recording_at for row in rows],
            "events": [row.events for row in rows],
        },
    )
