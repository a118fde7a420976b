"""Comparing with Zoom every hour, and whenever somebody asks for it."""

import dagster as dg

from core.clock import utcnow
from core.services.reconcile.run import reconcile
from orchestration.resources import Product
from orchestration.tables import not_listed_table, reconciled_table


@dg.op(out=dg.Out(dg.Nothing), description="Compare every account's meetings on Zoom with ours, and heal.")
def compare_with_zoom(context: dg.OpExecutionContext, product: Product) -> None:
    """Green also when lists did not come or deletions wait for a person: both are shown."""
    parts = product.parts
    done = reconcile(
        parts.sessions,
        parts.zoom,
        delete_finished=parts.settings.delete_finished_meetings,
        clock=utcnow,
        run_id=context.run_id,
    )
    context.add_output_metadata(
        {
            "accounts": done.accounts,
            "listed": done.listed,
            "ours": done.ours,
            "found": len(done.lines),
            "fixed": done.fixed,
            "refused": done.refused,
            "findings": reconciled_table(done.lines),
            "not listed": not_listed_table(done.not_listed),
        }
    )


@dg.job(
    executor_def=dg.in_process_executor,
    tags={"zoompool/flow": "reconcile", "dagster/priority": "-5", "dagster/max_runtime": "900"},
    description="Compare with Zoom: what is over and still there is deleted, what is missing is asked about.",
)
def reconcile_zoom() -> None:
    """Compare with Zoom."""
    compare_with_zoom()


# Links are opened ten minutes before the quarters of an hour, and lists count against the same limit of Zoom's as
# meetings that are made: the eight minutes from :42 on are quiet.
hourly_reconcile = dg.ScheduleDefinition(
    name="hourly_reconcile",
    job=reconcile_zoom,
    cron_schedule="42 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Compares with Zoom every hour.",
)
