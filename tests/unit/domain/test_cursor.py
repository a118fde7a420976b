"""Where a list goes on."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.checks import FieldError
from core.domain.cursor import Position, decode, encode

MOMENTS = st.datetimes(timezones=st.just(UTC))
SHOWN = Position(datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC), 4711)


@given(MOMENTS, st.integers(1, 2**63 - 1), st.text())
def test_a_cursor_leads_back_to_where_it_was_made(starts_at: datetime, number: int, asked: str) -> None:
    """To the microsecond, for rows that start at the same time are told apart by their id."""
    asked = asked.encode("utf-8", "ignore").decode()
    assert decode(encode(Position(starts_at, number), asked), asked) == Position(starts_at, number)


@given(st.text() | st.binary().map(lambda each: each.decode("latin-1")))
def test_anything_else_is_refused(text: str) -> None:
    """Whatever is sent is a field that cannot be used, and never an error of ours."""
    with pytest.raises(FieldError, match="does not belong to this list"):
        decode(text, "all")


def test_a_cursor_of_another_list_is_refused() -> None:
    """Behind that position in another order or with other filters nothing would fit together."""
    with pytest.raises(FieldError, match="does not belong to this list"):
        decode(encode(SHOWN, "oldest first"), "newest first")


@pytest.mark.parametrize("change", [lambda c: c[:-4], lambda c: c + "AAAA", lambda c: " " + c, lambda c: c.lower()])
def test_a_changed_cursor_is_refused(change) -> None:  # noqa: ANN001
    """Cut off, prolonged or spelled differently."""
    with pytest.raises(FieldError):
        decode(change(encode(SHOWN, "all")), "all")
