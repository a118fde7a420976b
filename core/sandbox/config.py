"""What a sandbox is started with, and what can be changed while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from core.sandbox.tokens import APP_SCOPES

# Calls per second of one Zoom account, by label and plan (Zoom API reference, Rate limits).
RATE_LIMITS: dict[str, dict[str, int]] = {
    "free": {"Light": 4, "Medium": 2, "Heavy": 1},
    "pro": {"Light": 30, "Medium": 20, "Heavy": 10},
    "business": {"Light": 80, "Medium": 60, "Heavy": 40},
}


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_NOT_NEGATIVE = (lambda v: _number(v) and v >= 0, "a number from 0")
_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "latency_ms": _NOT_NEGATIVE,
    "rate_limits": (
        lambda v: v is None or (isinstance(v, dict) and all(map(_number, v.values()))),
        'null or calls per second by label, like {"Light": 80}',
    ),
    "daily_create_limit": (lambda v: v is None or _number(v), "null or a number"),
    "clock_offset_seconds": (_number, "a number"),
    "access_token_seconds": _NOT_NEGATIVE,
    "app_scopes": (lambda v: isinstance(v, list) and all(isinstance(s, str) for s in v), "a list of scopes"),
}


@dataclass(frozen=True)
class Options:
    """Fixed for the life of the process.

    With no *redirect_uris*, any address on this machine is accepted as the place to send a code to.
    """

    client_id: str
    client_secret: str
    public_url: str
    redirect_uris: tuple[str, ...] = ()


@dataclass(frozen=True)
class Config:
    """Changed by `PATCH /sandbox/config`. *rate_limits* is None when limits are off."""

    latency_ms: float = 0
    rate_limits: dict[str, int] | None = field(default_factory=lambda: RATE_LIMITS["business"])
    daily_create_limit: int | None = 100
    clock_offset_seconds: float = 0
    access_token_seconds: float = 3600
    app_scopes: list[str] = field(default_factory=lambda: list(APP_SCOPES))

    def patched(self, values: dict[str, Any]) -> Config:
        """A copy with *values*. Raises ValueError for an unknown name or a value that makes no sense."""
        for name, value in values.items():
            if name not in _CHECKS:
                raise ValueError(f"unknown setting {name}; known: {', '.join(sorted(_CHECKS))}")
            fits, kind = _CHECKS[name]
            if not fits(value):
                raise ValueError(f"{name} must be {kind}")
        return replace(self, **values)
