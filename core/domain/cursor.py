"""Where a list goes on: an opaque word that a caller hands back unread."""

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.domain.checks import FieldError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAYOUT = struct.Struct(">8sqq")  # of which list, microseconds since the epoch, id
REFUSAL = "does not belong to this list. Take `next` of an answer as it is, with the same filters and order."


@dataclass(frozen=True)
class Position:
    """The last appointment that was shown."""

    starts_at: datetime
    id: int


def encode(position: Position, asked: str) -> str:
    """The cursor behind *position* in the list that *asked* describes."""
    microseconds = (position.starts_at - EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(LAYOUT.pack(_mark(asked), microseconds, position.id)).decode()


def decode(cursor: str, asked: str) -> Position:
    """The position that `encode` was given. Raises `FieldError` for anything else, the cursors of other lists
    included."""
    try:
        mark, microseconds, number = LAYOUT.unpack(base64.b64decode(cursor, altchars="-_", validate=True))
        position = Position(EPOCH + timedelta(microseconds=microseconds), number)
    except (ValueError, OverflowError, binascii.Error, struct.error):
        raise FieldError("cursor", REFUSAL) from None
    if mark != _mark(asked) or number < 1:
        raise FieldError("cursor", REFUSAL)
    return position


def _mark(asked: str) -> bytes:
    return hashlib.sha256(asked.encode()).digest()[:8]
