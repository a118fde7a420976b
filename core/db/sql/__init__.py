"""The SQL that decides, in files where people read it: statements separated by `-- name:` lines."""

import re
from functools import cache
from importlib.resources import files

import sqlalchemy as sa


@cache
def statements(file: str) -> dict[str, sa.TextClause]:
    """The named statements of *file* (without `.sql`), with `:name` parameters."""
    text = files(__package__).joinpath(f"{file}.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- name: *(\w+) *$", text, flags=re.MULTILINE)
    return {name: sa.text(body.strip().rstrip(";")) for name, body in zip(parts[1::2], parts[2::2], strict=True)}
