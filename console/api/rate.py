"""How fast a key may ask: so many requests in any sixty seconds, counted in this process alone.

Several web processes allow as many times more: the limit keeps one caller from taking the console away from everybody
else in a process, which is where that happens. A count shared through the database would cost a write per request.
"""

import time
from functools import cache

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from console.api.problems import Problem


@cache
def _limiter() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(MemoryStorage())  # begins a thread, so not before it is needed


@cache
def _allowance(per_minute: int) -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(per_minute)


def count(key: str, per_minute: int) -> None:
    """Count a request of a key. Raises `Problem` 429 when it was one too many; that one is not counted."""
    allowance = _allowance(per_minute)
    if _limiter().hit(allowance, key):
        return
    wait = max(1, int(_limiter().get_window_stats(allowance, key).reset_time - time.time()) + 1)
    raise Problem(
        429,
        "too_many_requests",
        f"This key may ask {per_minute} times a minute.",
        next_step=f"Ask again in {wait} s.",
        headers={"Retry-After": str(wait)},
    )
