"""Misbehaviour on command: which calls are hit, how often, and what happens to them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

MAX_HANG_SECONDS = 120.0
_MATCH_KEYS = {"method", "path_regex", "user_id", "smtp", "to_regex"}
_NUMBER = int | float
_EFFECTS = {
    "status": int,
    "html": bool,
    "reset": bool,
    "timeout": _NUMBER,
    "slow": _NUMBER,
    "drop_settings": dict,
    "lose_reply": bool,
    "smtp_code": int,
    "smtp_drop": bool,
}
_DETAILS = {"when": str, "body": object, "headers": dict, "retry_after": _NUMBER | str, "stage": str}
_TYPES: dict[str, Any] = _EFFECTS | _DETAILS


class BadFault(ValueError):
    """A fault that cannot be set as asked; the message says why."""


@dataclass(frozen=True)
class Effect:
    """What happens to a call.

    Exactly one of the effects is set. *when* says whether the call takes effect first (`after`) or is never looked at
    (`before`). *timeout* is in seconds, *slow* in milliseconds.
    """

    status: int | None = None
    html: bool = False
    reset: bool = False
    timeout: float | None = None
    slow: float | None = None
    drop_settings: dict[str, Any] | None = None
    lose_reply: bool = False
    smtp_code: int | None = None
    smtp_drop: bool = False
    when: str = "before"
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    retry_after: float | str | None = None
    stage: str = "data"

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Effect:
        """Read the JSON of an effect. Raises BadFault when it names none, two, or an unknown one."""
        if unknown := values.keys() - _TYPES.keys():
            raise BadFault(f"unknown effect {min(unknown)}; known: {', '.join(sorted(_EFFECTS))}")
        for name, value in values.items():
            if not isinstance(value, _TYPES[name]):
                raise BadFault(f"{name} cannot be {value!r}")
        chosen = values.keys() & _EFFECTS.keys()
        if chosen == {"html", "status"}:
            chosen = {"html"}
        if len(chosen) != 1:
            raise BadFault(f"an effect is one of {', '.join(sorted(_EFFECTS))}")
        if values.get("when", "before") not in ("before", "after"):
            raise BadFault("when is 'before' or 'after' the change took effect")
        if values.get("stage", "data") not in ("rcpt", "data"):
            raise BadFault("stage is 'rcpt' or 'data'")
        effect = cls(**values)
        if not 0 <= (effect.timeout or 0) <= MAX_HANG_SECONDS:
            raise BadFault(f"timeout is at most {MAX_HANG_SECONDS:.0f} seconds")
        if not 200 <= (effect.status or effect.smtp_code or 200) <= 599:
            raise BadFault("a status is a number from 200 to 599")
        return effect


@dataclass
class Fault:
    """An effect and the calls it is meant for. *times* counts down; None means for ever."""

    id: str
    effect: Effect
    method: str | None
    path: re.Pattern[str] | None
    user_id: str | None
    smtp: bool
    to: re.Pattern[str] | None
    times: int | None
    hits: int = 0

    def matches_call(self, method: str, path: str, user_id: str | None) -> bool:
        return (
            not self.smtp
            and self.method in (None, method)
            and self.user_id in (None, user_id)
            and (self.path is None or self.path.search(path) is not None)
        )

    def matches_mail(self, recipients: list[str], stage: str) -> bool:
        wanted = self.to
        return (
            self.smtp
            and self.effect.stage == stage
            and (wanted is None or any(wanted.search(address) for address in recipients))
        )


class Faults:
    """The faults that are set, tried in the order in which they were set. A restart clears them."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}
        self._ids = count(1)

    def add(self, match: dict[str, Any], effect: dict[str, Any], times: int | None) -> Fault:
        """Set a fault. Raises BadFault when *match* or *effect* cannot be understood."""
        if unknown := match.keys() - _MATCH_KEYS:
            raise BadFault(f"unknown match {min(unknown)}; known: {', '.join(sorted(_MATCH_KEYS))}")
        if times is not None and (not isinstance(times, int) or times < 1):
            raise BadFault("times is a whole number from 1, or null for ever")
        parsed = Effect.parse(effect)
        on_mail = parsed.smtp_code is not None or parsed.smtp_drop
        smtp = bool(match.get("smtp", on_mail))
        if on_mail and not smtp:
            raise BadFault("smtp_code and smtp_drop need match.smtp = true")
        if smtp and not on_mail and parsed.slow is None:
            raise BadFault("mail knows the effects smtp_code, smtp_drop and slow")
        method = match.get("method")
        fault = Fault(
            id=str(next(self._ids)),
            effect=parsed,
            method=method.upper() if method else None,
            path=_pattern(match.get("path_regex")),
            user_id=match.get("user_id"),
            smtp=smtp,
            to=_pattern(match.get("to_regex")),
            times=times,
        )
        self._faults[fault.id] = fault
        return fault

    def take(self, method: str, path: str, user_id: str | None) -> Effect | None:
        """The effect on an HTTP call, which is thereby used once."""
        for fault in self._faults.values():
            if fault.matches_call(method, path, user_id):
                return self._use(fault)
        return None

    def take_for_mail(self, recipients: list[str], stage: str) -> Effect | None:
        """The effect on a mail to *recipients* at *stage* (`rcpt` or `data`), which is thereby used once."""
        for fault in self._faults.values():
            if fault.matches_mail(recipients, stage):
                return self._use(fault)
        return None

    def _use(self, fault: Fault) -> Effect:
        fault.hits += 1
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                del self._faults[fault.id]
        return fault.effect

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults.values())

    def remove(self, fault_id: str) -> bool:
        return self._faults.pop(fault_id, None) is not None

    def clear(self) -> None:
        self._faults.clear()


def _pattern(text: str | None) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise BadFault(f"{text!r} is no regular expression: {error}") from error
