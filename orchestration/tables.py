"""What a run shows of its work: tables of appointment, account and outcome. No personal data, no link, no secret."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from core.services.closing import Settled
from core.services.deliver import DeliveryReport
from core.services.drain import Drained
from core.services.keep_alive import KeptAlive
from core.services.lifecycle.ask import Asked
from core.services.opening.one import StillWaiting
from core.services.opening.run import Outcome
from core.services.probe import Probed
from core.services.purge import Purged
from core.services.reconcile.look import NotListed
from core.services.reconcile.run import Line
from core.services.recordings.archive import Archived
from core.services.recordings.collect import Collected
from core.services.revoke import Revoked
from core.services.what_if import Answer

SHOWN = 300
NEXT_STEP = {
    "no_connected_account": "Connect an account of this location.",
    "allocation_paused": "Resume allocation.",
    "location_suspended": "Activate the location.",
}


def outcome_table(outcomes: Sequence[Outcome]) -> dg.MetadataValue:
    """One row per appointment; what went wrong comes first."""
    ordered = sorted(outcomes, key=lambda each: (each.outcome == "ready", each.outcome))
    return _table(
        ["appointment", "account", "outcome", "detail"],
        [(each.external_id, each.account, each.outcome, each.detail) for each in ordered],
    )


def waiting_table(waiting: Sequence[StillWaiting]) -> dg.MetadataValue:
    """Who waits, since when it matters, for what, and what to do."""
    return _table(
        ["appointment", "location", "starts", "waits for", "what to do"],
        [
            (
                each.external_id,
                each.location,
                f"{each.starts_at:%H:%M} UTC",
                each.reason,
                NEXT_STEP.get(each.reason, "Connect or free an account of this location."),
            )
            for each in waiting
        ],
    )


def probed_table(probed: Sequence[Probed]) -> dg.MetadataValue:
    """One row per account that was asked about before it is needed."""
    return _table(
        ["account", "outcome", "detail"], [(str(each.account_id), each.outcome, each.detail) for each in probed]
    )


def collected_table(collected: Sequence[Collected]) -> dg.MetadataValue:
    """One row per recording that Zoom was asked for."""
    return _table(
        ["appointment", "recording", "outcome", "detail"],
        [(str(each.appointment_id), str(each.recording_id), each.outcome, each.detail) for each in collected],
    )


def drained_table(ended: Sequence[Drained | Revoked]) -> dg.MetadataValue:
    """One row per account that is disconnected by now, and per grant that was given back."""
    return _table(
        ["account", "outcome", "detail"],
        [
            (each.email, "disconnected", "")
            if isinstance(each, Drained)
            else (str(each.account_id), each.outcome, each.detail)
            for each in ended
        ],
    )


def kept_alive_table(renewed: Sequence[KeptAlive]) -> dg.MetadataValue:
    """One row per grant that was idle."""
    return _table(["account", "outcome", "detail"], [(each.email, each.outcome, each.detail) for each in renewed])


def settled_table(settled: Sequence[Settled]) -> dg.MetadataValue:
    """One row per meeting that was owed to Zoom."""
    return _table(
        ["appointment", "meeting", "outcome", "detail"],
        [(str(each.appointment_id), str(each.meeting_id), each.outcome, each.detail) for each in settled],
    )


def archived_table(archived: Sequence[Archived]) -> dg.MetadataValue:
    """One row per file; what went wrong comes first."""
    ordered = sorted(archived, key=lambda each: each.outcome == "archived")
    return _table(
        ["appointment", "recording", "file", "outcome", "detail"],
        [
            (str(each.appointment_id), str(each.recording_id), each.file_type, each.outcome, each.detail)
            for each in ordered
        ],
    )


def asked_table(asked: Sequence[Asked]) -> dg.MetadataValue:
    """One row per lease that Zoom was asked about."""
    return _table(
        ["appointment", "Zoom says", "lease is now", "detail"],
        [(str(each.appointment_id), each.answer, each.state, each.detail) for each in asked],
    )


def reconciled_table(lines: Sequence[Line]) -> dg.MetadataValue:
    """One row per finding; what was refused comes first, what was healed last."""
    order = {"refused": 0, "reported": 1}
    return _table(
        ["account", "meeting", "appointment", "found", "done", "detail"],
        [
            (each.account, each.meeting or "", each.appointment or "", each.finding, each.done, each.detail)
            for each in sorted(lines, key=lambda each: order.get(each.done, 2))
        ],
    )


def not_listed_table(not_listed: Sequence[NotListed]) -> dg.MetadataValue:
    """The accounts of which nothing is concluded."""
    return _table(["account", "reason"], [(each.account, each.reason) for each in not_listed])


def purged_table(purged: Sequence[Purged]) -> dg.MetadataValue:
    """One row per kind of what is kept for a time only."""
    return _table(["what", "rows", "problem"], [(each.what, str(each.rows), each.problem) for each in purged])


def what_if_table(answers: Sequence[Answer]) -> dg.MetadataValue:
    """One row per location: the accounts there are, those that would have been enough, and those that will be."""
    return _table(
        ["location", "accounts", "links", "enough", "booked", "enough for them"],
        [
            tuple(map(str, (each.location_id, each.accounts, each.links, each.enough, each.booked, each.enough_ahead)))
            for each in answers
        ],
    )


def delivery_table(report: DeliveryReport, what: str = "") -> dict[str, Any]:
    """The numbers of a delivery, each label beginning with *what*, and the server's problem if it had one."""
    numbers = {
        "sent": report.sent,
        "retrying": report.retrying,
        "failed": report.failed,
        "dropped": report.dropped,
        "put back": report.put_back,
    }
    found = numbers | ({"problem": report.problem} if report.problem else {})
    return {f"{what}{label}": value for label, value in found.items()}


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> dg.MetadataValue:
    schema = dg.TableSchema(columns=[dg.TableColumn(column) for column in columns])
    # As plain text: Dagster cannot store members of our enumerations, and the step would fail after its work is done.
    records = [dg.TableRecord(dict(zip(columns, map(str, row), strict=True))) for row in rows[:SHOWN]]
    return dg.MetadataValue.table(records, schema=schema)
