"""The inbox keeps every event once, readable by nobody without the key."""

import json
import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.clock import utcnow
from core.db.models import InboxEvent
from core.services.inbox.notice import Notice, read_notice
from core.services.inbox.receive import receive
from core.settings import Settings
from core.zoom.vault import TokenVault, keys_of
from tests import zoom_events as zoom

NOW = utcnow()


@pytest.fixture
def vault(settings: Settings) -> TokenVault:
    """The installation's own."""
    return TokenVault(keys_of(settings))


def notice(content: dict[str, Any], tracking_id: str | None = None) -> Notice:
    """*content* as it comes from the wire."""
    return read_notice(json.dumps(content).encode(), tracking_id=tracking_id, now=NOW)


def kept(sessions: sessionmaker[Session]) -> Sequence[InboxEvent]:
    """The inbox, oldest first."""
    with sessions() as session:
        return session.scalars(sa.select(InboxEvent).order_by(InboxEvent.id)).all()


def test_an_event_is_kept_with_its_ids_and_its_body_sealed(sessions: sessionmaker[Session], vault: TokenVault) -> None:
    """Whoever applies it finds what it is about; a dump of the database shows no passcode and no token."""
    came = notice(zoom.recording(), tracking_id="rid=1")

    with sessions.begin() as session:
        assert receive(session, [came], vault=vault, now=NOW) == 1

    [row] = kept(sessions)
    assert (row.key, row.event, row.zoom_meeting_id, row.zoom_uuid) == (came.key, came.event, zoom.MEETING, "inst==")
    assert (row.zoom_account_id, row.zoom_user_id, row.tracking_id) == ("A", "U1", "rid=1")
    assert (row.event_at, row.received_at, row.applied_at) == (came.event_at, NOW, None)
    assert row.body is not None and b"hidden" not in row.body
    assert vault.decrypt_bytes(row.body) == came.body


def test_an_event_that_came_before_is_not_kept_again(sessions: sessionmaker[Session], vault: TokenVault) -> None:
    """Not within one transaction, not in a later one, and not with other download addresses; the first stays."""
    first, twin = notice(zoom.recording(named="one")), notice(zoom.recording(named="two"))

    with sessions.begin() as session:
        assert receive(session, [first, twin], vault=vault, now=NOW) == 1
    with sessions.begin() as session:
        assert receive(session, [twin], vault=vault, now=NOW + timedelta(minutes=5)) == 0

    [row] = kept(sessions)
    assert row.received_at == NOW


def test_two_processes_with_the_same_events_do_not_block_each_other(
    sessions: sessionmaker[Session], vault: TokenVault
) -> None:
    """Zoom sends twins at the same moment, and each process has them in an order of its own."""
    notices = [notice(zoom.event("meeting.started", uuid=f"{number}==")) for number in range(200)]
    together, failures = threading.Barrier(2), []

    def write(mine: list[Notice]) -> None:
        try:
            for _ in range(10):
                with sessions.begin() as session:
                    session.connection()
                    together.wait(10)
                    receive(session, mine, vault=vault, now=NOW)
                with sessions.begin() as session:
                    together.wait(10)
                    session.execute(sa.delete(InboxEvent))
        except Exception as error:  # noqa: BLE001 - the test says which
            failures.append(error)
            together.abort()

    threads = [threading.Thread(target=write, args=(mine,)) for mine in (notices, notices[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert not failures
