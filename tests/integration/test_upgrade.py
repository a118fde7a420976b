"""A database that has been in use is brought to the newest schema with everything that is in it."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command

from core.db.embedded import url
from core.db.migrate import alembic_config, upgrade

IN_USE = """
    INSERT INTO locations (name, zone, sender_name) VALUES ('Harbour Clinic', 'Europe/Berlin', 'Harbour Clinic');
    INSERT INTO calendars (location_id, name, meeting_location) SELECT id, 'Phone', 'phone' FROM locations;
    INSERT INTO appointments (location_id, calendar_id, external_id, client_name, client_email, client_zone, starts_at,
                              ends_at, link)
    SELECT location_id, id, 'A-1', 'Client', 'client@clients.test', 'UTC', now() + INTERVAL '1 day',
           now() + INTERVAL '25 hours', 'not_needed'
    FROM calendars;
    INSERT INTO appointment_revisions (appointment_id, revision, location_id, starts_at, ends_at, due_at)
    SELECT id, revision, location_id, starts_at, ends_at, starts_at FROM appointments;
    INSERT INTO messages (location_id, appointment_id, revision, dedupe_key, channel, kind, priority, recipient,
                          payload, next_attempt_at, message_id)
    SELECT location_id, id, 1, k.kind || id, k.channel, k.kind, 1, 'somebody@example.test', '{}', now(), k.kind
    FROM appointments CROSS JOIN (VALUES ('mail', 'moved'), ('alert', 'raised')) AS k (channel, kind);
    INSERT INTO events (at, kind, actor, location_id) SELECT now(), 'location_added', 'test', id FROM locations
"""


@pytest.fixture
def released(server: Path) -> Iterator[str]:
    """The address of a database as the version before left it, in use."""
    with psycopg.connect(host=str(server), user="postgres", dbname="postgres", autocommit=True) as admin:
        admin.execute("CREATE DATABASE released")
        address = url(server, "released", "psycopg")
        engine = sa.create_engine(address, poolclass=sa.NullPool)
        with engine.begin() as connection:
            command.upgrade(alembic_config(connection), "0002")
            for statement in IN_USE.split(";"):
                connection.execute(sa.text(statement))
        yield address
        admin.execute("DROP DATABASE released WITH (FORCE)")


def test_an_upgrade_keeps_what_is_there(released: str) -> None:
    """Messages that wait go on waiting, and what is new has the values that change nothing."""
    upgrade(released)

    with sa.create_engine(released, poolclass=sa.NullPool).connect() as connection:
        waiting = connection.execute(sa.text("SELECT kind, status, to_host FROM messages ORDER BY id")).all()
        place = connection.execute(sa.text("SELECT confirm_bookings, refuse_when_short FROM locations")).one()
        booked = connection.execute(sa.text("SELECT external_id, ical_sequence FROM appointments")).all()
    assert [tuple(each) for each in waiting] == [("moved", "queued", False), ("raised", "queued", False)]
    assert tuple(place) == (True, False)
    assert [tuple(each) for each in booked] == [("A-1", 0)]
