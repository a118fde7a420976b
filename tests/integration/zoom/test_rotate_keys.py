"""Changing the key that tokens are encrypted with."""

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from core.clock import utcnow
from core.db.models import Grant, IdempotencyKey, InboxEvent, Lease, Recording
from core.errors import ConfigurationError
from core.services import rotate_keys as module
from core.services.inbox.notice import read_notice
from core.services.inbox.receive import receive
from core.services.rotate_keys import rotate_keys
from core.services.tokens import Tokens
from core.zoom.vault import TokenVault, keys_of
from tests.world import World

BODY = b'{"event":"meeting.started","payload":{"account_id":"A","object":{"id":"1","uuid":"inst=="}}}'


def test_after_rotating_the_old_key_can_be_taken_away(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens, passcodes, received events and kept answers, in more than one batch; nobody has to reconnect."""
    monkeypatch.setattr(module, "BATCH", 2)
    world.location(accounts=3)
    world.book()
    world.run()
    _receive_event_and_recording(world)
    old, new = keys_of(world.parts.settings), Fernet.generate_key().decode()

    assert rotate_keys(world.parts.sessions, TokenVault(f"{new},{old}")) == 9

    alone = TokenVault(new)
    [meeting] = world.meetings()
    assert meeting.passcode is not None
    assert len(alone.decrypt(meeting.passcode)) == 10
    [event], [recording] = world.all(InboxEvent), world.all(Recording)
    assert event.body is not None and recording.passcode is not None
    assert (alone.decrypt_bytes(event.body), alone.decrypt(recording.passcode)) == (BODY, "play-me")
    assert {alone.decrypt_bytes(each.answer or b"") for each in world.all(IdempotencyKey)} == {b"{}"}
    ids = [each.id for each in world.accounts()]
    tokens = Tokens(world.parts.sessions, alone, world.parts.oauth)
    assert set(tokens.fresh(ids, now=utcnow() + timedelta(hours=2)).ready) == set(ids)


def _receive_event_and_recording(world: World) -> None:
    now, vault = utcnow(), world.parts.vault
    [meeting], [lease] = world.meetings(), world.all(Lease)
    with world.parts.sessions.begin() as session:
        receive(session, [read_notice(BODY, now=now)], vault=vault, now=now)
        session.add(
            Recording(
                location_id=meeting.location_id,
                meeting_id=meeting.id,
                appointment_id=lease.appointment_id,
                account_id=meeting.account_id,
                zoom_uuid="inst==",
                passcode=vault.encrypt("play-me"),
                sought_since=now,
            )
        )
        session.add_all(
            IdempotencyKey(
                caller=caller, key=key, request_hash=b"-", status=200, answer=vault.encrypt_bytes(b"{}"), created_at=now
            )
            for caller, key in (("key:1", "a"), ("key:1", "b"), ("key:2", "a"))
        )


def test_what_cannot_be_read_stays_as_it_is(world: World) -> None:
    """The key may turn up again."""
    world.location()
    [before] = world.all(Grant)

    with pytest.raises(ConfigurationError):
        rotate_keys(world.parts.sessions, TokenVault(Fernet.generate_key().decode()))

    assert world.all(Grant)[0].access_token == before.access_token
