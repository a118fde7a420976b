"""Zoom's rate limits: calls per second of a Zoom account by label, and 100 creates and updates a day per host."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Allowance:
    """What is left of a second: *reset* is the epoch second when the count starts anew."""

    limit: int
    remaining: int
    reset: int
    granted: bool


@dataclass
class RateLimiter:
    """Counts calls by Zoom account and label in whole seconds of the clock.

    How Zoom counts is not documented; whole seconds fit its `X-RateLimit-Reset`, which is a Unix second
    (Zoom API reference, Rate limits).
    """

    _seconds: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def take(self, account_id: str, label: str, limit: int, now: float) -> Allowance:
        """Count one call of *account_id* under *label* at *now* (epoch seconds) against *limit* a second."""
        this_second = int(now)
        second, used = self._seconds.get((account_id, label), (this_second, 0))
        if second != this_second:
            used = 0
        if used >= limit:
            return Allowance(limit, 0, this_second + 1, granted=False)
        self._seconds[account_id, label] = (this_second, used + 1)
        return Allowance(limit, limit - used - 1, this_second + 1, granted=True)
