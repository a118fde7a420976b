"""The SQL that decides, in files where people read it: statements separated by `-- name:` lines.

`{part}` stands for a condition of `parts.sql`: what several statements have to agree on is written once.
"""

import re
from functools import cache
from importlib.resources import files

import sqlalchemy as sa

PART = re.compile(r"\{(\w+)\}")


@cache
def statements(file: str) -> dict[str, sa.TextClause]:
    """The named statements of *file* (without `.sql`), with `:name` parameters."""
    parts = _named("parts")
    return {name: sa.text(PART.sub(lambda part: parts[part[1]], body)) for name, body in _named(file).items()}


def _named(file: str) -> dict[str, str]:
    text = files(__package__).joinpath(f"{file}.sql").read_text(encoding="utf-8")
    pieces = re.split(r"^-- name: *(\w+) *$", text, flags=re.MULTILINE)
    return {name: body.strip().rstrip(";") for name, body in zip(pieces[1::2], pieces[2::2], strict=True)}
