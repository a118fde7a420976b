"""Ends what a supervisor that was killed leaves behind. Started by path, alone: it imports the standard library only.

The kernel tells a child of its parent's death, but not the child's children, such as the processes in which Dagster
runs its jobs. Each part is therefore the leader of a process group, and this process, in a session of its own, is told
the groups on its standard input: `+ <group> <signal> <patience>` and `- <group>`. The input ends when the supervisor
does, however it dies. Every group left then gets its signal, its patience in seconds, and at last SIGKILL.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable

POLL = 0.1
LONGEST = 5.0  # seconds; the database goes too, so nothing can be finished, and whoever starts again waits for us


def group_exists(group: int) -> bool:
    """Whether any process is left in the process group."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says so of groups that hold only zombies
        return False
    return True


def signal_group(group: int, order: int) -> None:
    """Send *order* to every process of the group, if there is any."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, order)


def main(orders: Iterable[str]) -> None:
    """Keep the list of groups until the input ends, then end them."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: dict[int, tuple[int, float]] = {}
    for line in orders:
        sign, group, *how = line.split()
        if sign == "+":
            groups[int(group)] = int(how[0]), float(how[1])
        else:
            groups.pop(int(group), None)
    _end(groups)


def _end(groups: dict[int, tuple[int, float]]) -> None:
    start = time.monotonic()
    for group, (order, _) in groups.items():
        with contextlib.suppress(ProcessLookupError):
            os.kill(group, order)  # to the leader, which knows how to end its own children
    while groups:
        for group, (_, patience) in list(groups.items()):
            if time.monotonic() - start > min(patience, LONGEST):
                signal_group(group, signal.SIGKILL)
                del groups[group]
            elif not group_exists(group):
                del groups[group]
        time.sleep(POLL)


if __name__ == "__main__":
    main(sys.stdin)
