"""Grants of accounts that nobody used for long are renewed once a day, before Zoom ends them."""

import dagster as dg

from core.clock import utcnow
from core.services.keep_alive import refresh_idle_grants
from orchestration.resources import Product
from orchestration.tables import kept_alive_table


@dg.op(out=dg.Out(dg.Nothing), description="Renew the grants that were not used for thirty days.")
def renew_idle_grants(context: dg.OpExecutionContext, product: Product) -> None:
    """Renew what has been idle; a grant that is dead is marked on its account and told to people."""
    parts = product.parts
    renewed = refresh_idle_grants(parts.sessions, parts.zoom.tokens, clock=utcnow, run_id=context.run_id)
    context.add_output_metadata({"grants": kept_alive_table(renewed)})


@dg.job(
    executor_def=dg.in_process_executor,
    tags={"zoompool/flow": "keep alive", "dagster/max_runtime": "600"},
    description="Zoom ends a refresh token that was not exchanged for ninety days: idle ones are exchanged.",
)
def keep_grants_alive() -> None:
    """Renew what has been idle."""
    renew_idle_grants()


daily_keep_alive = dg.ScheduleDefinition(
    job=keep_grants_alive,
    cron_schedule="43 4 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
