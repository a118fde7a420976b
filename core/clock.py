"""The one place that reads the wall clock; everything below the edges takes *now* as an argument."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)


def require_aware(value: datetime) -> datetime:
    """*value* in UTC; raises `ValueError` for a naive one, whose meaning would depend on the machine."""
    if value.tzinfo is None:
        raise ValueError(f"{value.isoformat()} has no time zone; every time in this product is aware.")
    return value.astimezone(UTC)
