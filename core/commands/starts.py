"""When something starts, as people type it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from core.domain.checks import FieldError, zone
from core.domain.local_time import MissingHour, RepeatedHour, on_the_wall, the_instant
from core.errors import InvalidInput
from core.services.input import checked

FIELD = "starts_at"
StartsAt = Annotated[
    str,
    typer.Option(
        help="2026-11-23T14:00 by the clocks of --zone, 2026-11-23T14:00+01:00, or +15 for in 15 minutes.",
    ),
]
InZone = Annotated[
    str | None, typer.Option("--zone", help="Whose clocks --starts-at means; the location's unless given.")
]


def moment(value: str, wanted_zone: str | None, *, location_zone: str, now: datetime) -> datetime:
    """The instant (UTC) of an ISO time, or of `+N`: in N minutes from *now*.

    Raises:
        InvalidInput: it is no time, a time that comes twice or never by those clocks, or has two zones.
    """
    typed = _parsed(value, now)
    if wanted_zone is not None:
        with checked():
            zone("zone", wanted_zone)
        if typed.tzinfo is not None:
            raise InvalidInput("zone", f"says nothing about {value}, which is the same everywhere. Leave it out.")
    try:
        return typed.astimezone(UTC) if typed.tzinfo else _by_the_clocks(typed, wanted_zone or location_zone)
    except OverflowError:
        raise InvalidInput(FIELD, f"{value!r} is out of reach.") from None


def _parsed(value: str, now: datetime) -> datetime:
    try:
        if value.startswith("+"):
            return (now + timedelta(minutes=float(value[1:]))).replace(microsecond=0)
        return datetime.fromisoformat(value)
    except (ValueError, OverflowError):
        raise InvalidInput(FIELD, f"{value!r} is neither a time such as 2026-11-23T14:00 nor +15.") from None


def _by_the_clocks(wall: datetime, zone: str) -> datetime:
    try:
        return the_instant(FIELD, wall, zone)
    except RepeatedHour as twice:
        raise InvalidInput(FIELD, f"{twice} Write {_either(twice.instants, zone, offset=True)}.") from None
    except MissingHour as never:
        near = (never.gap.before, never.gap.after)
        raise InvalidInput(FIELD, f"{never} Write {_either(near, zone, offset=False)}.") from None
    except FieldError as error:
        raise InvalidInput(FIELD, str(error)) from None


def _either(instants: tuple[datetime, ...], zone: str, *, offset: bool) -> str:
    """The *instants* as they can be typed; with their offset, where the time alone does not tell them apart."""
    return " or ".join(_typed(at, zone, offset=offset) for at in instants)


def _typed(at: datetime, zone: str, *, offset: bool) -> str:
    local = at.astimezone(ZoneInfo(zone)) if offset else on_the_wall(at, zone)
    return local.isoformat(timespec="minutes")
