"""A list of seats as people save it from a spreadsheet: columns *email* and *location*, one seat a line.

What Excel makes of it is read as well: semicolons or tabs instead of commas, a BOM, UTF-16, a first line `sep=;`, empty
lines and columns, spaces that do not break.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.domain.checks import FieldError

FIELD = "file"
MOST_BYTES = 500_000
MOST_LINES = 10_000
LONGEST_CELL = 320  # no address is longer
HEADER = "The first line has to name the columns: email,location."
EMAIL = ("email", "e-mail")
LOCATION = ("location",)


@dataclass(frozen=True)
class Line:
    """A line as it was written; *location* is empty where it names none."""

    number: int
    email: str
    location: str


@dataclass(frozen=True)
class BadLine:
    """Why a line cannot be used."""

    number: int
    message: str

    def __str__(self) -> str:
        return f"Line {self.number}: {self.message}"


@dataclass(frozen=True)
class SeatList:
    """The lines of a file, and those that cannot even be read."""

    lines: Sequence[Line]
    bad: Sequence[BadLine]


def read_seat_list(data: bytes, *, location_needed: bool) -> SeatList:
    """The lines of *data*. Raises `FieldError` where it is no such list at all."""
    if len(data) > MOST_BYTES:
        raise FieldError(FIELD, f"is larger than {MOST_BYTES:,} bytes. Import it in parts.")
    records = _records(_text(data))
    header = next(records, None)
    if header is None or isinstance(header, BadLine):
        raise FieldError(FIELD, f"is empty. {HEADER}" if header is None else f"cannot be read. {header}")
    names = [cell.lower() for cell in header[1]]
    email, location = _place(names, EMAIL), _place(names, LOCATION)
    if email is None or (location is None and location_needed):
        missing = "email" if email is None else "location"
        raise FieldError(FIELD, f"has no column {missing}. {HEADER}")
    lines: list[Line] = []
    bad: list[BadLine] = []
    for record in records:
        if isinstance(record, BadLine):
            bad.append(record)
            continue
        number, cells = record
        if not any(cells):
            continue
        if len(lines) + len(bad) == MOST_LINES:
            raise FieldError(FIELD, f"has more than {MOST_LINES:,} lines. Import it in parts.")
        if any(len(cell) > LONGEST_CELL for cell in cells):
            bad.append(BadLine(number, f"A value has more than {LONGEST_CELL} characters. Is a quote not closed?"))
        else:
            lines.append(Line(number, _cell(cells, email), _cell(cells, location)))
    return SeatList(lines, bad)


def _text(data: bytes) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise FieldError(FIELD, f"is not UTF-8 (line {line}). Save it as “CSV UTF-8”.") from error


def _records(text: str) -> Iterator[tuple[int, list[str]] | BadLine]:
    """Each record with the number of its first line, the header first; nothing after one that cannot be read."""
    first, _, rest = text.partition("\n")
    skipped = 0
    separator = first.strip().lower().removeprefix("sep=") if first.lower().startswith("sep=") else ""
    if separator:
        text, skipped = rest, 1
    else:
        separator = max(";\t,", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator[:1], strict=True)
    while True:
        number = reader.line_num + 1 + skipped
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield BadLine(number, "Its quotes are not closed, or something stands after them.")
            return
        yield number, [cell.replace("\xa0", " ").strip() for cell in cells]


def _place(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((place for place, name in enumerate(names) if name in wanted), None)


def _cell(cells: Sequence[str], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""
