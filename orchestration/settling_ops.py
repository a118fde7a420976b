"""The three steps of settling what comes after the link. Each reads its work from the database: any can run alone."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import dagster as dg

from core.clock import utcnow
from core.services.closing import settle_owed
from core.services.drain import finish_drains
from core.services.lifecycle.ask import ask_about
from core.services.probe import probe_accounts
from core.services.recordings import collect
from core.services.recordings.finished import delete_finished
from orchestration.resources import Product
from orchestration.tables import asked_table, collected_table, drained_table, probed_table, settled_table

BATCH = 250
SECONDS = 20.0  # to begin batches in, for each step: a run ends well within its time, and the next one goes on
T = TypeVar("T")


@dg.op(
    out=dg.Out(dg.Nothing),
    description="Ask Zoom who is inside where we cannot know, and whether accounts that are needed soon can be used.",
)
def verify_meetings(context: dg.OpExecutionContext, product: Product) -> None:
    """Ask about leases, then about accounts."""
    parts = product.parts
    asked = _until_done(
        lambda: ask_about(
            parts.sessions, parts.zoom, rules=parts.rules, clock=utcnow, run_id=context.run_id, limit=BATCH
        )
    )
    probed = probe_accounts(parts.sessions, parts.zoom, hours=parts.hours, clock=utcnow, run_id=context.run_id)
    context.add_output_metadata({"asked": asked_table(asked), "probed": probed_table(probed)})


@dg.op(
    ins={"verified": dg.In(dg.Nothing)},
    out=dg.Out(dg.Nothing),
    description="Ask Zoom for the recordings that no event told of, and once more for those whose meeting is deleted.",
)
def collect_recordings(context: dg.OpExecutionContext, product: Product) -> None:
    """Look for recordings."""
    parts = product.parts
    collected = _until_done(
        lambda: collect.collect_recordings(
            parts.sessions, parts.zoom, parts.vault, clock=utcnow, run_id=context.run_id, limit=BATCH
        )
    )
    context.add_output_metadata({"recordings": collected_table(collected)})


@dg.op(
    ins={"collected": dg.In(dg.Nothing)},
    out=dg.Out(dg.Nothing),
    description="Delete on Zoom what is over, free the accounts, and disconnect those that have finished.",
)
def release_accounts(context: dg.OpExecutionContext, product: Product) -> None:
    """Settle what is owed to Zoom."""
    parts, deletes = product.parts, product.parts.settings.delete_finished_meetings
    with parts.sessions.begin() as session:  # what the steps before have found out may be deleted now
        delete_finished(session, now=utcnow(), enabled=deletes)
    settled = _until_done(
        lambda: settle_owed(parts.sessions, parts.zoom, clock=utcnow, run_id=context.run_id, limit=BATCH)
    )
    drained = finish_drains(
        parts.sessions, parts.oauth, parts.vault, clock=utcnow, run_id=context.run_id, deletes_finished=deletes
    )
    context.add_output_metadata({"settled": settled_table(settled), "disconnected": drained_table(drained)})


def _until_done(step: Callable[[], Sequence[T]]) -> list[T]:
    """Take batch after batch until one is not full, or the time is up."""
    deadline, done = time.monotonic() + SECONDS, list[T]()
    while time.monotonic() < deadline:
        batch = step()
        done += batch
        if len(batch) < BATCH:
            break
    return done
