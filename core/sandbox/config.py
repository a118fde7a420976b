"""What a sandbox is started with, and what can be changed while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from core.sandbox.tokens import APP_SCOPES

# Calls per second of one Zoom account, by label and plan (Zoom API reference, Rate limits).
RATE_LIMITS: dict[str, dict[str, int]] = {
    "free": {"Light": 4, "Medium": 2, "Heavy": 1},
    "pro": {"Light": 30, "Medium": 20, "Heavy": 10},
    "business": {"Light": 80, "Medium": 60, "Heavy": 40},
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
        known = {f.name for f in fields(self)}
        if unknown := values.keys() - known:
            raise ValueError(f"unknown setting {min(unknown)}; known: {', '.join(sorted(known))}")
        limits = values.get("rate_limits")
        if limits is not None and not (isinstance(limits, dict) and all(isinstance(v, int) for v in limits.values())):
            raise ValueError("rate_limits must be null or calls per second by label, like {'Light': 80}")
        for name in ("latency_ms", "clock_offset_seconds", "access_token_seconds"):
            if name in values and not isinstance(values[name], int | float):
                raise ValueError(f"{name} must be a number")
        return replace(self, **values)
