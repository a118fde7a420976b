"""How a connection is, in sentences: what people read beside a seat, and the facts behind it."""

from datetime import datetime, timedelta

from console import words
from console.moments import clock, day, length, named_clock
from core.db.read.connections import NOT_CONNECTED, SeatLine
from core.db.read.draining import LeftToDo
from core.domain.states import Connection, Lease
from core.zoom.budget import DAILY_CREATES
from core.zoom.oauth import REQUIRED_SCOPES, missing_scopes

WORKING = (Connection.CONNECTED, "busy_elsewhere")
TROUBLED = (Connection.NEEDS_REAUTH, "quarantined")
# A meeting of their own is nothing wrong with an account, but somebody has to end it: the same as the Pool page counts.
NEED_A_PERSON = (*TROUBLED, "busy_elsewhere")
FREE = (NOT_CONNECTED, Connection.DISCONNECTED)
CONNECTABLE = (NOT_CONNECTED, Connection.NEEDS_REAUTH, Connection.DISCONNECTED)
NEARLY_SPENT = DAILY_CREATES * 8 // 10
LEASED = {
    Lease.RESERVED: "the meeting of {0}",
    Lease.READY: "the meeting of {0}",
    Lease.LIVE: "the meeting of {0}, which is in progress",
    Lease.PROCESSING: "the recording of {0}",
    Lease.COOLDOWN: "its cooldown after {0}",
    Lease.CLOSING: "Zoom, which is to delete the meeting of {0}",
}


def health(line: SeatLine, now: datetime) -> str:
    """How an account is, in one sentence or two; what to do is part of it."""
    since = f"For {length(now - line.since)}." if line.since else ""
    if line.state == NOT_CONNECTED:
        return f"Issued {_ago(line.issued_at, now)}. Press Connect and sign in to Zoom with this address."
    if line.state == Connection.NEEDS_REAUTH:
        return f"{words.reason(line.reason).what} {since} No new links until it is reconnected."
    if line.state == "quarantined":
        why = words.reason(line.reason)
        return " ".join(part for part in (why.what, why.next_step, _back(line, now)) if part)
    if line.state == "busy_elsewhere":
        return "Somebody holds a meeting of his own on it; it is passed by until that ends."
    if line.state == Connection.DRAINING:
        return "Takes no new appointment and is disconnected once everything it has begun is done."
    if line.state == Connection.DISCONNECTED:
        return f"Disconnected {_ago(line.since, now)}." if line.since else "Disconnected."
    return _well(line, now)


def waits_for(left: LeftToDo, zone: str, now: datetime) -> list[str]:
    """What an account still has to do before it is disconnected, one thing after the other; nothing: it is at rest."""
    waits = []
    if left.lease_state is not None:
        rest = f", until {clock(left.cooldown_until, zone)}" if left.cooldown_until else ""
        waits.append(f"{LEASED[Lease(left.lease_state)].format(left.external_id)}{rest}")
    in_processing = left.external_id if left.lease_state == Lease.PROCESSING else None
    if sought := [each for each in left.sought if each != in_processing]:
        waits.append(f"the recording of {', '.join(sought)}")
    if left.to_delete:
        waits.append(f"{left.to_delete} meeting{'s' if left.to_delete > 1 else ''} to be deleted on Zoom")
    if left.read_again_at is not None:
        at = f"{day(left.read_again_at, zone, now=now)}, {clock(left.read_again_at, zone)}"
        waits.append(f"a last look at the recording of {', '.join(left.read_again)}: {at}")
    return waits


def brief(line: SeatLine, now: datetime) -> str:
    """The same where a list has room for a line or two; what its button says is left out."""
    if line.state == NOT_CONNECTED:
        return f"Issued {_ago(line.issued_at, now)}."
    if line.state == Connection.NEEDS_REAUTH:
        return f"{words.reason(line.reason).what} {f'For {length(now - line.since)}.' if line.since else ''}".rstrip()
    if line.state == "quarantined" and line.benched_until is None:
        cause = words.reason(line.reason)
        return f"{cause.what} {cause.next_step}".rstrip()
    if line.state == "busy_elsewhere":
        return "Somebody holds a meeting of his own on it."
    if line.state == Connection.CONNECTED:
        return _limits(line) or "Healthy."
    return health(line, now)


def reconnect_helps(line: SeatLine) -> bool:
    """Whether a new consent ends what is wrong: a drain, or a bench for a cause that connecting looks into."""
    if line.state == Connection.DRAINING:
        return True
    return line.state == "quarantined" and "Reconnect" in words.reason(line.reason).next_step


def _well(line: SeatLine, now: datetime) -> str:
    renewed = f", access renewed {_ago(line.refreshed_at, now)}" if line.refreshed_at else ""
    return _limits(line) or f"Healthy{', in use now' if line.lease_state else ''}{renewed}."


def _limits(line: SeatLine) -> str:
    """What a connection that works lacks; empty where it lacks nothing."""
    if line.scopes is not None and (missing := missing_scopes(line.scopes)):
        what = "a permission is" if len(missing) == 1 else f"{len(missing)} permissions are"
        return f"It works, but {what} missing. Press Reconnect and allow all of them."
    if line.creates >= DAILY_CREATES:
        return "Zoom's limit of meetings per day is used up. It works again at midnight UTC."
    if line.creates >= NEARLY_SPENT:
        return f"Healthy, but only {DAILY_CREATES - line.creates} of the day's meetings are left."
    return ""


def _back(line: SeatLine, now: datetime) -> str:
    if line.benched_until is None:
        return "Out of the pool until somebody releases it."
    when = named_clock(line.benched_until, line.zone)
    on = day(line.benched_until, line.zone, now=now)
    return f"Back {when if on == 'today' else f'{on} {when}'}."


def used(line: SeatLine, now: datetime) -> str:
    """When the account last had an appointment."""
    if line.lease_state:
        return "now"
    return _ago(line.last_used_at, now) if line.last_used_at else "never"


def facts(line: SeatLine, now: datetime) -> list[tuple[str, str]]:
    """What is known of a connection, by its label."""
    return [
        ("Status since", _when(line.since, line, now)),
        ("Last used", "now" if line.lease_state else _when(line.last_used_at, line, now, never="not yet")),
        ("Access granted", _when(line.connected_at, line, now, never="no access")),
        ("Access renewed", _when(line.refreshed_at, line, now, never="no access")),
        ("Asked at Zoom", _when(line.probed_at, line, now, never="not needed yet")),
        ("Permissions", permissions(line.scopes)),
        ("Meetings made today", f"{line.creates} of {DAILY_CREATES} that Zoom allows"),
        ("Seat issued", f"{_when(line.issued_at, line, now)} {words.actor(line.issued_by)}"),
    ]


def permissions(scopes: str | None) -> str:
    """What Zoom lets us do, against what is needed."""
    if scopes is None:
        return "none"
    missing = missing_scopes(scopes)
    return f"missing: {', '.join(missing)}" if missing else f"all {len(REQUIRED_SCOPES)} granted"


def _when(at: datetime | None, line: SeatLine, now: datetime, *, never: str = "not known") -> str:
    if at is None:
        return never
    return f"{day(at, line.zone, now=now)} {clock(at, line.zone)} ({_ago(at, now)})"


def _ago(at: datetime, now: datetime) -> str:
    since = now - at
    return "just now" if since < timedelta(minutes=1) else f"{length(since)} ago"
