"""When an account should be free for an appointment that waits."""

from collections.abc import Sequence
from datetime import datetime


def earliest_free(now: datetime, busy_until: Sequence[datetime], place: int) -> datetime | None:
    """When the one who is *place*-th in line (1 is next) should get an account; never earlier than *now*.

    *busy_until* holds one time per account that will serve this line: the planned end of its lease with hold and
    cooldown, or a past time if it is free. None when the line is longer than the accounts: that depends on how long the
    appointments ahead take, which nobody knows yet.
    """
    if place < 1:
        raise ValueError(f"The place in a line starts at 1, not {place}.")
    if place > len(busy_until):
        return None
    return max(now, sorted(busy_until)[place - 1])
