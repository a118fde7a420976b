"""How Zoom proves that an event is its own, and how we prove to Zoom that the endpoint is ours."""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

# Zoom tries again after 5, 20 and 60 more minutes and does not say whether it signs anew; five minutes, as is common
# elsewhere, could refuse every retry. What is sent twice within the window is stored once all the same.
REPLAY_WINDOW = timedelta(minutes=90)


def signature_of(secret: str, timestamp: str, body: bytes) -> str:
    """What Zoom sends as `x-zm-signature` beside *timestamp* (`x-zm-request-timestamp`)."""
    return "v0=" + _digest(secret, b"v0:" + timestamp.encode() + b":" + body)


def signed_by(
    secrets: Iterable[str], *, timestamp: str | None, signature: str | None, body: bytes, now: datetime
) -> str | None:
    """Which of *secrets* signed the raw *body* within the replay window; None: nobody did, and nothing says why."""
    if signature is None or timestamp is None or not _is_near(timestamp, now):
        return None
    given = signature.encode(errors="replace")  # bytes: text that is not ASCII cannot be compared in constant time
    fitting = [each for each in secrets if hmac.compare_digest(signature_of(each, timestamp, body).encode(), given)]
    return fitting[0] if fitting else None


def validation_answer(secret: str, plain_token: str) -> dict[str, str]:
    """What Zoom wants to read from the endpoint, at first and then every 72 hours, to go on sending events."""
    return {"plainToken": plain_token, "encryptedToken": _digest(secret, plain_token.encode())}


def _digest(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def _is_near(timestamp: str, now: datetime) -> bool:
    """Whether *timestamp*, in Unix seconds, is at most a replay window away from *now*, on either side."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(int(timestamp) - now.timestamp()) <= REPLAY_WINDOW.total_seconds()
