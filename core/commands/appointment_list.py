"""`zoompool appointments list`."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from sqlalchemy.orm import Session

from core.clock import utcnow
from core.commands.counting import counting
from core.commands.output import AnyLocation, AsJson, err, plain, show
from core.commands.starts import moment
from core.db.read.appointment_lines import AppointmentLine, lines
from core.db.read.appointment_list import Filters, page
from core.domain import checks, states
from core.domain.checks import FieldError
from core.domain.cursor import Position, decode, encode
from core.domain.local_time import whole_day
from core.errors import InvalidInput
from core.services.calendars import find_calendar
from core.services.input import checked
from core.services.locations import find_location
from core.wiring import wiring

SHOWN_FROM = timedelta(hours=6)
AT_ONCE = 1000  # how many are read in one step where all are wanted
EMPTY = "No appointment. Book one: zoompool appointments book --help."
CLOCKS = "by the clocks of --location (of UTC without it), unless it has an offset"

Day = Annotated[str | None, typer.Option(help="Only that day (2026-03-29) at --location; UTC without it.")]
From = Annotated[str | None, typer.Option("--from", help=f"Starting then or later: a day or a time, {CLOCKS}.")]
To = Annotated[
    str | None, typer.Option("--to", help=f"Starting before that time, or until the end of that day, {CLOCKS}.")
]
Search = Annotated[
    str | None, typer.Option(help="Words in id, client name and e-mail; of the last one the beginning is enough.")
]


def list_them(
    location: AnyLocation = None,
    calendar: Annotated[
        str | None, typer.Option("--calendar", "-c", help="Only this calendar; needs --location.")
    ] = None,
    status: Annotated[states.Appointment | None, typer.Option(help="Only in this state.")] = None,
    link: Annotated[states.Link | None, typer.Option(help="Only with the link in this state.")] = None,
    day: Day = None,
    since: From = None,
    until: To = None,
    external_id: Annotated[str | None, typer.Option(help="Only with this id of the booking system.")] = None,
    search: Search = None,
    newest_first: Annotated[bool, typer.Option("--newest-first", help="Backwards in time.")] = False,
    after: Annotated[str | None, typer.Option(help="The page after this cursor, as the page before named it.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every page, from the very first appointment on unless --from says otherwise.")
    ] = False,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=1000)] = 100,
    as_json: AsJson = False,
) -> None:
    """List appointments with their links, by start; unless filtered those of the last six hours and to come."""
    with wiring().sessions() as session:
        filters = _filters(session, location, calendar, day, since, until, now=utcnow())
        filters = replace(filters, status=status, link=link, external_id=external_id, text=_words(search))
        asked = f"{filters} {newest_first}"
        with checked():
            start = None if after is None else decode(after, asked)
        if everything:
            _show_all(session, filters, start, newest_first=newest_first, as_json=as_json)
            return
        if not newest_first and filters == Filters(locations=filters.locations, calendar=filters.calendar):
            filters = replace(filters, since=utcnow() - SHOWN_FROM)
        found = page(session, filters, limit=limit, after=start, newest_first=newest_first)
        rows = [_row(line, as_json=as_json) for line in lines(session, found.ids)]
    show(rows, as_json=as_json, empty=EMPTY)
    _tell(None if found.next is None else encode(found.next, asked), incomplete=found.incomplete)


def _filters(
    session: Session,
    location: str | None,
    calendar: str | None,
    day: str | None,
    since: str | None,
    until: str | None,
    *,
    now: datetime,
) -> Filters:
    """Where and when. Raises `InvalidInput` or `NotFound`."""
    place = find_location(session, location) if location else None
    if calendar is not None and place is None:
        raise InvalidInput("calendar", "is the name of one of a location: say which, with --location.")
    where = find_calendar(session, place, calendar).id if place and calendar else None
    if day is not None and (since is not None or until is not None):
        raise InvalidInput("day", "says from when and until when already: leave out --from and --to.")
    zone = place.zone if place else "UTC"
    begins, _ = _bounds("day" if day else "from", day or since, zone, now)
    _, ends = _bounds("day" if day else "to", day or until, zone, now)
    if begins is not None and ends is not None and ends <= begins:
        raise InvalidInput("to", "is not after --from.")
    return Filters(frozenset({place.id}) if place else None, where, since=begins, until=ends)


def _bounds(field: str, value: str | None, zone: str, now: datetime) -> tuple[datetime | None, datetime | None]:
    """From when until when *value* is, a day or a time; a time is as long as nothing."""
    if value is None:
        return None, None
    try:
        return whole_day(date.fromisoformat(value), zone)
    except FieldError as error:
        raise InvalidInput(field, str(error)) from None
    except ValueError:
        if field == "day":
            raise InvalidInput(field, f"{value!r} is no day such as 2026-03-29.") from None
    try:
        at = moment(value, None, location_zone=zone, now=now)
    except InvalidInput as error:
        raise InvalidInput(field, error.message) from None
    return at, at


def _words(search: str | None) -> str | None:
    if search is None:
        return None
    with checked():
        return checks.text("search", search)


def _show_all(session: Session, filters: Filters, start: Position | None, *, newest_first: bool, as_json: bool) -> None:
    """All pages; for programs as they come, since there may be millions."""
    rows = _every_row(session, filters, start, newest_first=newest_first, as_json=as_json)
    if not as_json:
        show(list(rows), as_json=False, empty=EMPTY)
        return
    separator = "["
    for row in rows:
        typer.echo(separator + json.dumps(row, default=plain))
        separator = ","
    typer.echo("]" if separator == "," else "[]")


def _every_row(
    session: Session, filters: Filters, start: Position | None, *, newest_first: bool, as_json: bool
) -> Iterator[dict[str, Any]]:
    done, incomplete = 0, False
    with counting("appointments") as progress:
        while True:
            found = page(session, filters, limit=AT_ONCE, after=start, newest_first=newest_first)
            yield from (_row(line, as_json=as_json) for line in lines(session, found.ids))
            session.rollback()  # nothing is held open while whoever reads takes his time
            done, incomplete = done + len(found.ids), incomplete or found.incomplete
            progress(done, None)
            if found.next is None:
                break
            start = found.next
    _tell(None, incomplete=incomplete)


def _row(line: AppointmentLine, *, as_json: bool) -> dict[str, Any]:
    return {
        "external_id": line.external_id,
        "location": line.location,
        "starts_at": line.starts_at if as_json else line.starts_at.astimezone(ZoneInfo(line.zone)),
        "status": line.status,
        "link_state": line.link_state,
        "join_url": line.join_url,
        "account": line.account,
        "reason": line.reason,
    }


def _tell(cursor: str | None, *, incomplete: bool) -> None:
    """What is not shown, on standard error: beside a table or JSON, not in it."""
    if cursor is not None:
        err.print(f"There are more: the same with --after {cursor}, or --all.", soft_wrap=True)
    if incomplete:
        err.print("More matched the words than were looked at: narrow it down to see all.", soft_wrap=True)
