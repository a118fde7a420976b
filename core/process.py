"""What every child process of ours does between fork and exec."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(death_signal: signal.Signals) -> bool:
    """Ask the kernel to send *death_signal* to this process when the thread that started it ends, killed or not.

    Linux only: elsewhere nothing is set and False is returned. A child with another user id has to ask after it
    changed, because changing the id clears the wish (prctl(2), PR_SET_PDEATHSIG).
    """
    return _LIBC is not None and _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) == 0


def before_exec(death_signal: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn`: the child takes SIGINT again and gets *death_signal* when its parent dies.

    A shell starts its background jobs with SIGINT ignored, and children inherit that. Dagster turns SIGTERM into
    SIGINT, so its code server would ignore both. The death signal is bound to the thread that starts the child: start
    children from a thread that lives as long as they do.
    """
    parent = os.getpid()

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        # The parent may have died between fork and prctl; then no signal would ever come.
        if die_with_parent(death_signal) and os.getppid() != parent:
            os._exit(1)

    return prepare
