"""What to make of an account's list of meetings on Zoom beside what we know of them.

A meeting is deleted only where every sign says that it is ours and over. Everything else is reported, asked about, or
left alone: a list proves what is there, never what is not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

PREFIX = "zp"
# What is younger may be on its way: Zoom's list lags behind, and what we know was read a little later.
YOUNG = timedelta(minutes=15)
MOST_DELETED = 20
MOST_SHARE = 0.05


class Finding(StrEnum):
    """What was found about one meeting."""

    LEFT_BEHIND = "left_behind"  # over in every respect, and still there
    STILL_THERE = "still_there"  # Zoom had confirmed that it is gone
    FOUND = "found"  # its creation got no answer; here it is
    NOT_LISTED = "not_listed"  # its lease is open
    LIVE_UNNOTICED = "live_unnoticed"  # people are inside, and we did not know
    UNKNOWN = "unknown"  # carries our reference, and we know nothing of it
    OTHER_INSTALLATION = "other_installation"  # another installation's reference, or ours from before a restore
    KEPT = "kept"  # ours and over, but something speaks against deleting it


class Keep(StrEnum):
    """Why a meeting that was held has to stay on Zoom."""

    NOTHING = ""
    RECORDING = "recording_sought"
    DELETION_OFF = "deletion_off"
    NOT_LOOKED_FOR = "recording_not_looked_for"  # held, and nobody has asked for its recording


TO_DELETE = frozenset({Finding.LEFT_BEHIND, Finding.STILL_THERE})
TO_ASK = frozenset({Finding.NOT_LISTED, Finding.LIVE_UNNOTICED})


@dataclass(frozen=True)
class Listed:
    """A meeting on Zoom's list of one account. *reference* is ours in its agenda, if it has one."""

    zoom_id: str
    reference: str | None
    live: bool = False


@dataclass(frozen=True)
class Known:
    """A meeting that we know.

    *since* is when it got into its state, a released lease's when that was released. *kept_for* says why it has to stay
    on Zoom although it is over (empty: it need not).
    """

    meeting_id: int
    lease_id: int
    location_id: int
    account_id: int
    appointment_id: int
    reference: str
    zoom_id: str | None
    state: str
    lease: str
    since: datetime
    kept_for: Keep = Keep.NOTHING


@dataclass(frozen=True)
class Found:
    """One finding. *known* is None where we know nothing of the meeting; *detail* says why it is left alone."""

    finding: Finding
    account_id: int
    zoom_id: str | None
    known: Known | None = None
    detail: str = ""


def reference_in(agenda: str) -> str | None:
    """The reference of some installation in *agenda*: `zp:<installation>:<meeting>`."""
    return next((word for word in agenda.split() if word.startswith(f"{PREFIX}:") and word.count(":") == 2), None)


def compare(
    account_id: int, listed: Sequence[Listed], known: Iterable[Known], *, installation: str, now: datetime
) -> list[Found]:
    """What stands out on the whole list of one account; what is as it should be, or foreign, does not.

    *known* are the meetings that carry a listed reference or id, and the created ones of the account's open lease.
    """
    known = list(known)
    by_reference = {each.reference: each for each in known}
    by_zoom_id = {each.zoom_id: each for each in known if each.zoom_id}
    found = []
    for meeting in listed:
        ours = by_reference.get(meeting.reference or "") or by_zoom_id.get(meeting.zoom_id)
        if there := _judge(account_id, meeting, ours, installation, now):
            found.append(there)
    ids, references = {each.zoom_id for each in listed}, {each.reference for each in listed}
    for each in known:
        if each.account_id == account_id and each.zoom_id not in ids and each.reference not in references:
            found += _absent(each, now)
    return found


def most_deletions(listed_ours: int) -> int:
    """How many of *listed_ours* meetings one pass may delete without a person: 5 %, one at least, twenty at most."""
    return min(MOST_DELETED, ceil(listed_ours * MOST_SHARE))


def _judge(account_id: int, meeting: Listed, ours: Known | None, installation: str, now: datetime) -> Found | None:
    def says(finding: Finding, detail: str = "") -> Found:
        return Found(finding, account_id, meeting.zoom_id, ours, detail)

    carries_ours = (meeting.reference or "").startswith(f"{PREFIX}:{installation}:")
    if ours is None:
        if carries_ours:
            return says(Finding.UNKNOWN)
        return says(Finding.OTHER_INSTALLATION) if meeting.reference else None
    if ours.state == "unknown":
        return says(Finding.FOUND)
    if meeting.live and ours.state == "created" and ours.lease == "ready":
        return says(Finding.LIVE_UNNOTICED)
    over = ours.state == "gone" or (ours.state == "created" and ours.lease == "released")
    if not over or now - ours.since < YOUNG or ours.kept_for in (Keep.RECORDING, Keep.DELETION_OFF):
        return None
    if against := _against(account_id, meeting, ours, carries_ours):
        return says(Finding.KEPT, against)
    return says(Finding.STILL_THERE if ours.state == "gone" else Finding.LEFT_BEHIND)


def _against(account_id: int, meeting: Listed, ours: Known, carries_ours: bool) -> str:
    """What speaks against deleting a meeting that is over, if anything."""
    if not carries_ours:
        return "its agenda does not carry this installation's reference"
    if ours.account_id != account_id:
        return "it was made under another account of ours"
    if ours.lease != "released":
        return "its lease is still open"
    if meeting.live:
        return "people are inside"
    return "it was held, and its recording was never looked for" if ours.kept_for is Keep.NOT_LOOKED_FOR else ""


def _absent(ours: Known, now: datetime) -> list[Found]:
    waits_for_it = ours.state == "created" and ours.lease in ("ready", "live") and now - ours.since >= YOUNG
    return [Found(Finding.NOT_LISTED, ours.account_id, ours.zoom_id, ours)] if waits_for_it else []
