"""A backup as docs/production.md takes it, and a restore of it, tried with PostgreSQL's own tools."""

import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.embedded import url
from core.db.embedded_home import Version, find_binaries
from core.db.engine import engine_for
from core.db.migrate import is_current
from core.db.types import Base
from core.services.doctor.restore import after_restore
from tests.integration.reconcile.given import meeting_on_zoom, on_zoom, reconciled
from tests.world import World


@pytest.fixture
def empty_database(server: Path) -> Iterator[str]:
    """The name of a database to restore into."""
    name = f"restored_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(host=str(server), user="postgres", dbname="postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        yield name
        engine_for(url(server, name, "psycopg")).dispose()
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def tool(version: Version, name: str, *options: str) -> None:
    """Run one of PostgreSQL's tools of the server's own *version*: a newer pg_restore sets what an older one lacks."""
    command = [str(find_binaries(version, {}) / name), *options]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=60, env={**os.environ, "PGUSER": "postgres"}
    )
    assert done.returncode == 0, done.stderr


def counts(world: World) -> dict[str, int]:
    """How many rows each table has."""
    with world.parts.sessions() as session:
        return {
            table.name: session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


def test_a_backup_is_restored_and_put_to_work(
    world: World, server: Path, pg_version: Version, empty_database: str, tmp_path: Path
) -> None:
    """Everything is there again; what happened after the backup is reported, and nothing of it deleted.

    After the backup one account's token was exchanged and one link opened: the token is dead in the restored database,
    and the meeting behind the link is one that it has never heard of.
    """
    world.location(accounts=2)
    world.book("A-1")
    world.run()
    world.book("A-2")
    backup = tmp_path / "zoompool.dump"
    name = str(sa.make_url(str(world.parts.settings.database_url)).database)

    tool(pg_version, "pg_dump", "--format=custom", f"--file={backup}", f"--host={server}", name)
    was = counts(world)
    world.run()  # the world goes on: A-2 gets its link
    later = meeting_on_zoom(world, "zp:unheard-of:99")
    stale = world.accounts()[0]
    world.sandbox.grant(stale.email)
    into = (f"--host={server}", f"--dbname={empty_database}")
    tool(pg_version, "pg_restore", "--exit-on-error", "--no-owner", *into, str(backup))
    address = url(server, empty_database, "psycopg")
    restored = World(world.parts.settings.model_copy(update={"database_url": address}), world.sandbox)

    with restored.parts.sessions() as session:
        assert is_current(session.connection())
    assert counts(restored) == was
    assert restored.appointment("A-2").link == "not_due"

    done = after_restore(
        restored.parts.sessions, restored.parts.zoom.tokens, drop_messages=False, actor="test", clock=utcnow
    )

    assert (done.leases, done.refreshed, done.reconnect) == (1, 1, (stale.email,))
    there = on_zoom(world)
    found = reconciled(restored)
    assert {line.done for line in found.lines} <= {"reported", "asked about"}
    assert [each.account for each in found.not_listed] == [stale.email]
    assert on_zoom(world) == there
    assert later in there
    assert restored.allocate().granted == []
