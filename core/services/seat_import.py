"""Importing a list of seats: every bad line is reported at once, and nothing is half-imported."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from core.db.models import Location, Seat
from core.domain.seat_list import FIELD, BadLine, Line, read_seat_list
from core.errors import Conflict, InvalidInput
from core.services.input import checked, email
from core.services.timeline import note_all

BATCH = 500
NAMED = 20
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class NewSeat:
    """A seat that is to be issued."""

    email: str
    location_id: int


@dataclass(frozen=True)
class ImportPlan:
    """What importing a list means: seats to issue, how many are issued there *already*, and the lines in the way."""

    to_issue: Sequence[NewSeat]
    already: int
    bad: Sequence[BadLine]


def plan_import(
    session: Session, data: bytes, *, location: Location | None = None, progress: Progress | None = None
) -> ImportPlan:
    """What importing *data* would do; changes nothing.

    Args:
        location: the only one that seats may be issued to; the column *location* may be left out then.

    Raises:
        InvalidInput: it is no list of seats at all.
    """
    with checked():
        found = read_seat_list(data, location_needed=location is None)
    places = {each.name.lower(): each.id for each in _locations(session, location)}
    bad, named = list(found.bad), dict[str, tuple[int, int]]()
    for done, line in enumerate(found.lines, 1):
        try:
            address, place = _checked(line, places, location)
        except InvalidInput as error:
            bad.append(BadLine(line.number, error.message))
        else:
            before, _ = named.setdefault(address, (line.number, place))
            if before != line.number:
                bad.append(BadLine(line.number, f"{address} stands in line {before} as well."))
        if progress:
            progress(done, len(found.lines))
    issued = _issued(session, list(named))
    elsewhere = [
        BadLine(number, f"{address} is issued to another location. It has to be taken back there first.")
        for address, (number, place) in named.items()
        if issued.get(address, place) != place
    ]
    to_issue = [NewSeat(address, place) for address, (_, place) in named.items() if address not in issued]
    already = len(issued) - len(elsewhere)
    return ImportPlan(to_issue, already, sorted(bad + elsewhere, key=lambda each: each.number))


def import_seats(session: Session, plan: ImportPlan, *, actor: str, now: datetime) -> int:
    """Issue the seats of *plan*, all or none; how many.

    Raises:
        InvalidInput: some lines are bad; names the first of them.
        Conflict: somebody issued one of them meanwhile.
    """
    if plan.bad:
        more = f" And {len(plan.bad) - NAMED} more." if len(plan.bad) > NAMED else ""
        raise InvalidInput(FIELD, " ".join(map(str, plan.bad[:NAMED])) + more)
    # In one order: of two imports with the same seats in different orders each would wait for the other.
    seats = sorted(plan.to_issue, key=lambda seat: seat.email)
    for start in range(0, len(seats), BATCH):
        _issue(session, seats[start : start + BATCH], actor, now)
    return len(plan.to_issue)


def _issue(session: Session, seats: Sequence[NewSeat], actor: str, now: datetime) -> None:
    values = [
        {"email": each.email, "location_id": each.location_id, "issued_at": now, "issued_by": actor} for each in seats
    ]
    issued = session.execute(
        insert(Seat)
        .values(values)
        .on_conflict_do_nothing(index_elements=["email"], index_where=Seat.taken_back_at.is_(None))
        .returning(Seat.id, Seat.location_id)
    ).all()
    if len(issued) < len(seats):
        raise Conflict("Somebody else is issuing some of these seats.", next_step="Import the list again.")
    about = {"at": now, "kind": "seat_issued", "actor": actor}
    note_all(session, [{**about, "location_id": row.location_id, "detail": {"seat_id": row.id}} for row in issued])


def _checked(line: Line, places: Mapping[str, int], only: Location | None) -> tuple[str, int]:
    """The address of a line, and the location that its seat is for. Raises `InvalidInput`."""
    address = email("email", line.email).lower()
    place = only.id if only is not None and not line.location else places.get(line.location.lower())
    if place is not None:
        return address, place
    if only is not None:
        raise InvalidInput("location", f"{line.location!r} is not {only.name}, for which this list is imported.")
    what = f"There is no location named {line.location!r}." if line.location else "It names no location."
    raise InvalidInput("location", what)


def _locations(session: Session, only: Location | None) -> Sequence[Location]:
    return [only] if only is not None else session.scalars(sa.select(Location)).all()


def _issued(session: Session, emails: Sequence[str]) -> dict[str, int]:
    """Where those of *emails* are that are issued."""
    found = sa.select(Seat.email, Seat.location_id).where(
        Seat.email == sa.any_(sa.cast(emails, ARRAY(sa.Text))), Seat.taken_back_at.is_(None)
    )
    return {row.email: row.location_id for row in session.execute(found)}
