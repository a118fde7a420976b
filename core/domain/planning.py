"""How many runs a tick asks for."""

from dataclasses import dataclass
from math import ceil

MOST_BULK_RUNS = 4
MOST_ISOLATED_RUNS = 10


@dataclass(frozen=True)
class DueWork:
    """What is due: counts of appointments, and the ids of those that still wait five minutes before their start."""

    servable: int
    to_mark: int
    stalled: int
    to_give_up: int
    to_escalate: tuple[int, ...]


def bulk_runs(work: DueWork, *, batch_size: int, starting: int) -> int:
    """How many bulk runs to ask for now.

    As many as the servable and the stalled fill, one if there is only something to mark as waiting or missed, less
    those that were asked for and have not begun.
    """
    filled = ceil((work.servable + work.stalled) / batch_size)
    something = 1 if work.to_mark or work.to_give_up else 0
    return max(0, min(max(filled, something), MOST_BULK_RUNS) - starting)
