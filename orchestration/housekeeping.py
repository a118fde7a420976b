"""Every night: remove what has been kept long enough, of ours and of Dagster's."""

from datetime import timedelta

import dagster as dg

from core.clock import utcnow
from core.services.purge import purge
from orchestration.dagster_purge import purge_dagster
from orchestration.resources import Product
from orchestration.tables import purged_table

# Ten thousand runs a day take seven minutes to delete. What does not get done is done the next night.
TIME_FOR_OURS = timedelta(minutes=10)
TIME_FOR_DAGSTERS = timedelta(minutes=15)
LONGEST = TIME_FOR_OURS + TIME_FOR_DAGSTERS + timedelta(minutes=5)


@dg.op(out=dg.Out(dg.Nothing), description="Remove old events, inbox rows, messages, alerts and what has expired.")
def purge_product(context: dg.OpExecutionContext, product: Product) -> None:
    """Fails at its end if a table was at fault; what could be removed is removed all the same."""
    purged = purge(product.parts.sessions, clock=utcnow, until=utcnow() + TIME_FOR_OURS)
    shown = {**{each.what: each.rows for each in purged}, "purged": purged_table(purged)}
    if at_fault := [each.what for each in purged if each.refused]:
        raise dg.Failure(
            description=f"Could not be purged: {', '.join(at_fault)}. The next night tries again; if it goes on, look "
            "at the database's log for what held it up.",
            metadata=shown,
            allow_retries=False,
        )
    context.add_output_metadata(shown)


@dg.op(out=dg.Out(dg.Nothing), description="Delete old runs with their events and files, and ticks nobody owns.")
def purge_runs(context: dg.OpExecutionContext) -> None:
    """Independent of our own tables: either goes on when the other fails."""
    purged = purge_dagster(context.instance, clock=utcnow, until=utcnow() + TIME_FOR_DAGSTERS)
    context.add_output_metadata({"runs": purged.runs, "folders": purged.folders, "in time": purged.in_time})


@dg.job(
    executor_def=dg.in_process_executor,
    tags={
        "zoompool/flow": "housekeeping",
        "dagster/priority": "-20",
        "dagster/max_runtime": str(int(LONGEST.total_seconds())),
    },
    description="Remove what has been kept long enough: our events and messages, Dagster's runs, ticks and files.",
)
def housekeeping() -> None:
    """Purge ours, purge Dagster's."""
    purge_product()
    purge_runs()


nightly_housekeeping = dg.ScheduleDefinition(
    name="nightly_housekeeping",
    job=housekeeping,
    cron_schedule="17 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Removes every night what has been kept long enough.",
)
