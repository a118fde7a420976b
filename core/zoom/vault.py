"""Encryption of what must not be readable in a database dump: tokens, passcodes, code verifiers."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from core.errors import ConfigurationError
from core.settings import Settings

KEY_FILE = Path("secrets") / "token.key"


class TokenVault:
    """Encrypts with the first of its keys and reads with any of them, so that keys can be changed without a pause."""

    def __init__(self, keys: str) -> None:
        """*keys*: Fernet keys separated by commas, the newest first.

        Raises:
            ConfigurationError: one of them is no Fernet key.
        """
        try:
            self._fernet = MultiFernet([Fernet(key.strip()) for key in keys.split(",") if key.strip()])
        except ValueError:
            raise ConfigurationError(
                "TOKEN_ENCRYPTION_KEYS holds something that is no Fernet key (32 bytes, URL-safe base64).",
                next_step="Make one with: python -c "
                "'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'",
            ) from None

    def encrypt(self, text: str) -> bytes:
        """*text*, encrypted with the newest key."""
        return self.encrypt_bytes(text.encode())

    def encrypt_bytes(self, plain: bytes) -> bytes:
        """*plain*, encrypted with the newest key."""
        return self._fernet.encrypt(plain)

    def decrypt(self, sealed: bytes) -> str:
        """The text in *sealed*. Raises like `decrypt_bytes`."""
        return self.decrypt_bytes(sealed).decode()

    def decrypt_bytes(self, sealed: bytes) -> bytes:
        """What is in *sealed*.

        Raises:
            ConfigurationError: none of the keys fits.
        """
        with _fitting_key():
            return self._fernet.decrypt(sealed)

    def rotate(self, sealed: bytes) -> bytes:
        """*sealed* anew, with the newest key. Raises like `decrypt`."""
        with _fitting_key():
            return self._fernet.rotate(sealed)


@contextmanager
def _fitting_key() -> Iterator[None]:
    try:
        yield
    except InvalidToken:
        raise ConfigurationError(
            "A stored secret cannot be read with any of the TOKEN_ENCRYPTION_KEYS.",
            next_step="Add the key it was written with at the end of the list.",
        ) from None


def keys_of(settings: Settings) -> str:
    """The keys that are set; in the sandbox, when none are, one that is made once and kept in the state folder."""
    if settings.token_encryption_keys is not None:
        return settings.token_encryption_keys.get_secret_value()
    return _kept_key(settings.state_dir / KEY_FILE)


def _kept_key(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=path.parent)  # readable by its owner only
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key())
        try:
            # A link fails where the file exists: processes that start at once all use the key of the first, and none
            # reads a half-written file.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            Path(draft).unlink()
    return path.read_text()
