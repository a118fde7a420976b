"""What commands print: tables for people, JSON for programs, and errors as sentences."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any
from unicodedata import category
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from core.domain.checks import JOINERS, NEVER
from core.domain.local_time import abbreviation
from core.errors import MeetingInProgress

# Names are printed as they are: `[bold]` and `:smile:` are markup to rich, and `[/b]` an error.
AS_IT_IS: dict[str, Any] = {"markup": False, "emoji": False}
# Into a pipe a table is as wide as it needs to be, so that grep finds whole values.
out = Console(**AS_IT_IS) if sys.stdout.isatty() else Console(width=250, **AS_IT_IS)
err = Console(stderr=True, **AS_IT_IS)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
InLocation = Annotated[str, typer.Option("--location", "-l", help="The name of the location.")]
AnyLocation = Annotated[str | None, typer.Option("--location", "-l", help="Only this location.")]
AsRole = Annotated[str, typer.Option("--role", help="As whom you do this; stands on the timeline.")]
Because = Annotated[str | None, typer.Option("--reason", help="Why; stands on the timeline.")]
ACTOR = "command line"
ROLE = "support"


def show(rows: Sequence[Mapping[str, Any]], *, as_json: bool, empty: str) -> None:
    """Print *rows*, all with the same keys; *empty* is what to tell a person when there are none."""
    if as_json:
        out.print_json(json.dumps(rows, default=plain))
        return
    if not rows:
        out.print(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in rows[0]:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_readable(value) for value in row.values()))
    out.print(table)


def say(sentence: str, facts: Mapping[str, Any], *, as_json: bool) -> None:
    """Print *sentence* for a person or *facts* for a program."""
    if as_json:
        out.print_json(json.dumps(facts, default=plain))
    else:
        out.print(harmless(sentence), soft_wrap=True)


def harmless(text: str) -> str:
    """*text* without what a terminal obeys or hides: other people's servers wrote some of it."""
    return "".join(
        character
        if character == "\n" or category(character) not in NEVER or character in JOINERS
        else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )


@contextmanager
def unless(option: str, does: str) -> Iterator[None]:
    """While people are inside, a refusal names the *option* with which one insists, and what it *does*."""
    try:
        yield
    except MeetingInProgress as error:
        error.next_step = f"Wait for its end, or add {option} to {does}."
        raise


def plain(value: Any) -> str:
    """What JSON has no word for: times in UTC, with a Z."""
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


def _readable(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value:%a %d %b %H:%M} {_zone_of(value)}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return harmless(str(value))


def _zone_of(value: datetime) -> str:
    return abbreviation(value, value.tzinfo.key) if isinstance(value.tzinfo, ZoneInfo) else str(value.tzname())
