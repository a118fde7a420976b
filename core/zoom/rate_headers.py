"""When Zoom wants to be asked again, read from headers that it does not always send."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from email.utils import parsedate_to_datetime

# Zoom's longest limits are daily and end at 00:00 UTC (Zoom API reference, Rate limits); later is a mistake.
LONGEST = timedelta(hours=24)


def retry_at(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """The time to ask again (UTC, between *now* and a day later); None when no header says so.

    `Retry-After` is documented as an ISO-8601 time; seconds and HTTP dates are what gateways send. `X-RateLimit-Reset`
    is a Unix time. Header names must compare without case, as those of requests do.
    """
    said = _moment(headers.get("Retry-After", ""), now) or _unix(headers.get("X-RateLimit-Reset", ""))
    return min(max(said, now), now + LONGEST) if said else None


def next_utc_midnight(now: datetime) -> datetime:
    """When the day's count of creates and updates starts anew."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time.min, UTC)


def _moment(text: str, now: datetime) -> datetime | None:
    text = text.strip()
    if text.replace(".", "", 1).isdecimal():
        return now + timedelta(seconds=min(float(text), LONGEST.total_seconds()))
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return _aware(parse(text))
        except ValueError:
            continue
    return None


def _unix(text: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
