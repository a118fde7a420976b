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


Check = tuple[Callable[[Any], bool], str]

_NOT_NEGATIVE: Check = (lambda v: _number(v) and v >= 0, "a number from 0")
_FLAG: Check = (lambda v: isinstance(v, bool), "true or false")
_TEXT: Check = (lambda v: isinstance(v, str), "a text")
_CHECKS: dict[str, Check] = {
    "latency_ms": _NOT_NEGATIVE,
    "rate_limits": (
        lambda v: v is None or (isinstance(v, dict) and all(map(_number, v.values()))),
        'null or calls per second by label, like {"Light": 80}',
    ),
    "daily_create_limit": (lambda v: v is None or _number(v), "null or a number"),
    "clock_offset_seconds": (_number, "a number"),
    "access_token_seconds": _NOT_NEGATIVE,
    "app_scopes": (lambda v: isinstance(v, list) and all(isinstance(s, str) for s in v), "a list of scopes"),
    "webhook_url": _TEXT,
    "webhook_secret": _TEXT,
    "webhook_retry_scale": _NOT_NEGATIVE,
    "webhooks_hold": _FLAG,
    "webhooks_in_order": _FLAG,
    "deauthorized_event": _FLAG,
    "processing_seconds": _NOT_NEGATIVE,
    "transcript_seconds": _NOT_NEGATIVE,
    "shortest_recording_seconds": _NOT_NEGATIVE,
    "recording_length_limit_seconds": (lambda v: v is None or (_number(v) and v >= 0), "null or a number from 0"),
    "recording_storage_full": _FLAG,
    "recording_zero_size": _FLAG,
    "recording_never_completes": _FLAG,
    "recording_timeline": _FLAG,
    "delete_removes_recordings": _FLAG,
    "autopilot": _FLAG,
    "autopilot_meeting_seconds": _NOT_NEGATIVE,
    "autopilot_no_show_every": (lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= 0, "a whole number"),
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
    """Changed by `PATCH /sandbox/config`.

    *rate_limits* is None when limits are off. No events are sent while *webhook_url* is empty; *webhook_retry_scale*
    shortens the 5, 20 and 60 minutes between tries; *webhooks_in_order* sends one event at a time.
    *processing_seconds* and *transcript_seconds* of 0 mean that a recording or transcript is finished by command only.
    *recording_length_limit_seconds* cuts files short; *autopilot_no_show_every* 5 leaves every fifth meeting alone.
    """

    latency_ms: float = 0
    rate_limits: dict[str, int] | None = field(default_factory=lambda: RATE_LIMITS["business"])
    daily_create_limit: int | None = 100
    clock_offset_seconds: float = 0
    access_token_seconds: float = 3600
    app_scopes: list[str] = field(default_factory=lambda: list(APP_SCOPES))
    webhook_url: str = ""
    webhook_secret: str = ""
    webhook_retry_scale: float = 1
    webhooks_hold: bool = False
    webhooks_in_order: bool = False
    deauthorized_event: bool = True
    processing_seconds: float = 0
    transcript_seconds: float = 0
    shortest_recording_seconds: float = 0
    recording_length_limit_seconds: float | None = None
    recording_storage_full: bool = False
    recording_zero_size: bool = False
    recording_never_completes: bool = False
    recording_timeline: bool = False
    delete_removes_recordings: bool = False
    autopilot: bool = False
    autopilot_meeting_seconds: float = 60
    autopilot_no_show_every: int = 0

    def patched(self, values: dict[str, Any]) -> Config:
        """A copy with *values*. Raises ValueError for an unknown name or a value that makes no sense."""
        for name, value in values.items():
            if name not in _CHECKS:
                raise ValueError(f"unknown setting {name}; known: {', '.join(sorted(_CHECKS))}")
            fits, kind = _CHECKS[name]
            if not fits(value):
                raise ValueError(f"{name} must be {kind}")
        return replace(self, **values)
