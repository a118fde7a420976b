"""Counts of what was asked and answered."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from typing import Any


class Stats:
    """Answers by route and status since the process started; `lost` stands for a call that got no answer."""

    def __init__(self) -> None:
        self._answers: dict[str, Counter[str]] = defaultdict(Counter)
        self._recent: dict[str, deque[float]] = defaultdict(deque)
        self._peak: Counter[str] = Counter()

    def count(self, route: str, outcome: str) -> None:
        self._answers[route][outcome] += 1

    def count_arrival(self, label: str, at: float) -> None:
        """Remember the most calls of a rate-limit label within any one second."""
        recent = self._recent[label]
        recent.append(at)
        while recent[0] <= at - 1:
            recent.popleft()
        self._peak[label] = max(self._peak[label], len(recent))

    def as_json(self) -> dict[str, Any]:
        return {
            "answers": {route: dict(outcomes) for route, outcomes in sorted(self._answers.items())},
            "creates": self._answers["POST /v2/users/{user_id}/meetings"]["201"],
            "rate_limited": sum(outcomes["429"] for outcomes in self._answers.values()),
            "peak_per_second": dict(self._peak),
        }
