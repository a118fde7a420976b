"""Fills an installation: locations with connected accounts, and appointments that become due at one moment."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from rich.progress import track

from core.clock import utcnow
from tests.bench.installation import Installation
from tests.world import World

ACCOUNTS_EACH = 5
LEAD = timedelta(minutes=10)
HALF_AN_HOUR = timedelta(minutes=30)

# Everything that booking writes and opening reads, dealt out to the locations in turn.
BOOK = sa.text("""
    WITH calendar AS (
        SELECT id, location_id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS among
        FROM calendars WHERE meeting_location = 'zoom'
    ), booked AS (
        INSERT INTO appointments (location_id, calendar_id, external_id, client_name, client_email, client_zone,
                                  starts_at, ends_at, link, booked_at)
        SELECT k.location_id, k.id, 'B-' || n, 'Client ' || n, 'client' || n || '@clients.test', 'America/New_York',
               :starts_at, :starts_at + CAST(:lasts AS interval), 'not_due', now()
        FROM generate_series(1, :count) AS n JOIN calendar AS k ON k.place = n % k.among
        RETURNING id, location_id, starts_at, ends_at
    )
    INSERT INTO appointment_revisions (appointment_id, revision, location_id, starts_at, ends_at, due_at)
    SELECT id, 1, location_id, starts_at, ends_at, starts_at - CAST(:lead AS interval) FROM booked
""")


def fill(world: World, *, accounts: int, one_zoom_account: bool = False) -> None:
    """Locations with five connected accounts each. A Zoom account is a location's own, or one is everybody's."""
    for number in track(range(1, accounts // ACCOUNTS_EACH + 1), description="Locations and accounts"):
        zoom_account = "practice-account" if one_zoom_account else None
        world.location(f"Location {number}", accounts=ACCOUNTS_EACH, zoom_account=zoom_account)


def book(place: Installation, count: int, *, due_in: timedelta, lasts: timedelta = HALF_AN_HOUR) -> datetime:
    """Book *count* appointments, as many at each location; returns the moment at which they all become due."""
    due = (utcnow() + due_in).replace(microsecond=0)
    with place.world.parts.sessions.begin() as session:
        session.execute(BOOK, {"count": count, "starts_at": due + LEAD, "lead": LEAD, "lasts": lasts})
    with place.world.parts.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))
    return due


def seconds(moment: datetime) -> float:
    """*moment* as Unix seconds."""
    return moment.astimezone(UTC).timestamp()
