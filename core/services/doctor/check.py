"""One line of an examination."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError

from core.errors import ZoomPoolError


class Level(StrEnum):
    """How it stands with a part."""

    OK = "ok"
    WARN = "warn"  # it works, and somebody should know
    FAIL = "fail"  # it does not do its work


@dataclass(frozen=True)
class Check:
    """What was found about *part*, and what to do next where there is something to do."""

    part: str
    level: Level
    says: str
    next_step: str = ""


def ok(part: str, says: str) -> Check:
    """It works."""
    return Check(part, Level.OK, says)


def warn(part: str, says: str, next_step: str) -> Check:
    """It works, and somebody should know."""
    return Check(part, Level.WARN, says, next_step)


def fail(part: str, says: str, next_step: str) -> Check:
    """It does not do its work."""
    return Check(part, Level.FAIL, says, next_step)


Examination = Callable[[], Iterable[Check]]


def examined(part: str, examine: Examination) -> list[Check]:
    """What *examine* finds. What it raises is a finding too: a sick part must not end the examination of the others."""
    try:
        return list(examine())
    except ZoomPoolError as error:
        return [fail(part, error.message, error.next_step)]
    except (SQLAlchemyError, OSError) as error:
        # Their texts may hold addresses with passwords; the kind is enough to know where to look.
        return [
            fail(part, f"It cannot be looked at ({type(error).__name__}).", "Mend what is reported above it first.")
        ]
