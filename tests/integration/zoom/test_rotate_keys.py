"""Changing the key that tokens are encrypted with."""

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from core.clock import utcnow
from core.db.models import Grant
from core.errors import ConfigurationError
from core.services import rotate_keys as module
from core.services.rotate_keys import rotate_keys
from core.services.tokens import Tokens
from core.zoom.vault import TokenVault, keys_of
from tests.world import World


def test_after_rotating_the_old_key_can_be_taken_away(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens and passcodes, in more than one batch; nobody has to reconnect."""
    monkeypatch.setattr(module, "BATCH", 2)
    world.location(accounts=3)
    world.book()
    world.run()
    old, new = keys_of(world.parts.settings), Fernet.generate_key().decode()

    assert rotate_keys(world.parts.sessions, TokenVault(f"{new},{old}")) == 4

    alone = TokenVault(new)
    [meeting] = world.meetings()
    assert meeting.passcode is not None
    assert len(alone.decrypt(meeting.passcode)) == 10
    ids = [each.id for each in world.accounts()]
    tokens = Tokens(world.parts.sessions, alone, world.parts.oauth)
    assert set(tokens.fresh(ids, now=utcnow() + timedelta(hours=2)).ready) == set(ids)


def test_what_cannot_be_read_stays_as_it_is(world: World) -> None:
    """The key may turn up again."""
    world.location()
    [before] = world.all(Grant)

    with pytest.raises(ConfigurationError):
        rotate_keys(world.parts.sessions, TokenVault(Fernet.generate_key().decode()))

    assert world.all(Grant)[0].access_token == before.access_token
