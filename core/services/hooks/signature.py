"""How a receiver knows that a webhook is ours: HMAC-SHA256 over time and raw body, with a secret that both have."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

TIMESTAMP, SIGNATURE = "ZoomPool-Timestamp", "ZoomPool-Signature"
PREFIX = "whsec_"


def new_secret() -> str:
    """A secret to sign with: 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def signed(body: bytes, *, with_secrets: Sequence[str], timestamp: int) -> dict[str, str]:
    """The headers that prove *body*: one signature for each secret, so that a receiver may still know the old one."""
    proofs = [f"v1={signature(body, secret=secret, timestamp=timestamp)}" for secret in with_secrets]
    return {TIMESTAMP: str(timestamp), SIGNATURE: ",".join(proofs)}


def signature(body: bytes, *, secret: str, timestamp: int) -> str:
    """The proof in hexadecimal digits."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
