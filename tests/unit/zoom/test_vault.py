"""Encryption of tokens, and where its keys come from."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from core.errors import ConfigurationError
from core.settings import Settings
from core.zoom.vault import KEY_FILE, TokenVault, keys_of

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_a_token_is_unreadable_without_its_key() -> None:
    """Neither in the clear nor with another key."""
    sealed = TokenVault(OLD).encrypt("a token")

    assert b"a token" not in sealed
    with pytest.raises(ConfigurationError, match="TOKEN_ENCRYPTION_KEYS"):
        TokenVault(NEW).decrypt(sealed)


def test_a_new_key_is_put_first_and_the_old_one_still_reads() -> None:
    """So keys change without a pause; after rotating, the old one can go."""
    sealed = TokenVault(OLD).encrypt("a token")
    both = TokenVault(f"{NEW}, {OLD}")

    assert both.decrypt(sealed) == "a token"
    assert TokenVault(NEW).decrypt(both.rotate(sealed)) == "a token"


@pytest.mark.parametrize("keys", ["", "not a key", f"{OLD},short"], ids=["empty", "no key", "one is short"])
def test_a_broken_key_is_one_sentence_that_shows_no_key(keys: str) -> None:
    """The setting is named, its value is not."""
    with pytest.raises(ConfigurationError) as refused:
        TokenVault(keys)

    assert "TOKEN_ENCRYPTION_KEYS" in str(refused.value)
    assert OLD not in str(refused.value)


def test_the_sandbox_makes_its_own_key_once(tmp_path: Path) -> None:
    """Processes that start together use the same one, and only its owner may read it."""
    settings = Settings(_env_file=None, state_dir=tmp_path)

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: keys_of(settings), range(16)))

    assert len(keys) == 1
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [each.name for each in (tmp_path / KEY_FILE).parent.iterdir()] == [KEY_FILE.name]


def test_a_key_that_is_set_wins_over_the_file(tmp_path: Path) -> None:
    """And no file is made."""
    settings = Settings(_env_file=None, state_dir=tmp_path, token_encryption_keys=SecretStr(NEW))

    assert keys_of(settings) == NEW
    assert not (tmp_path / KEY_FILE).exists()
