"""What the console shows of the past and computes from it: hours that are over are kept, what-ifs are replayed."""

from datetime import timedelta

import dagster as dg

from core.clock import utcnow
from core.services.keep_history import keep_history
from core.services.what_if import anything_asked, ask_for_all, compute_what_ifs
from core.wiring import wiring
from orchestration.instance import instance_of
from orchestration.resources import Product
from orchestration.sensors import TICK, UNDER_WAY
from orchestration.tables import what_if_table

LONGEST = timedelta(minutes=10)


@dg.op(out=dg.Out(dg.Nothing), description="Count the hours of every pool that are over for good.")
def keep_hours(context: dg.OpExecutionContext, product: Product) -> None:
    """What is not done in time is done the next time."""
    kept = keep_history(product.parts.sessions, clock=utcnow, until=utcnow() + LONGEST)
    context.add_output_metadata({"hours": kept.hours, "since": str(kept.since), "until": str(kept.until)})


@dg.job(
    executor_def=dg.in_process_executor,
    tags={
        "zoompool/flow": "history",
        "dagster/priority": "-20",
        "dagster/max_runtime": str(int(LONGEST.total_seconds()) + 300),
    },
    description="Keep the hours of every pool that are over for good, so that months of them are shown at once.",
)
def keep_pool_history() -> None:
    """Count what is not counted yet."""
    keep_hours()


# In the quiet minutes: see `orchestration.reconciling`.
history_schedule = dg.ScheduleDefinition(
    name="history_schedule",
    job=keep_pool_history,
    cron_schedule="44 */3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Keeps the history of the pools every three hours.",
)


class Whose(dg.Config):
    """Which what-ifs are computed: those that were asked for, or those of every location."""

    every_location: bool = False


@dg.op(out=dg.Out(dg.Nothing), description="Replay real leases with fewer and more accounts, location by location.")
def replay_leases(context: dg.OpExecutionContext, config: Whose, product: Product) -> None:
    """Compute what is asked for; asks for all of them first, if told to."""
    parts = product.parts
    if config.every_location:
        with parts.sessions.begin() as session:
            ask_for_all(session, now=utcnow())
    answers = compute_what_ifs(
        parts.sessions,
        hours=parts.hours,
        cooldown=parts.settings.cooldown,
        clock=utcnow,
        run_id=context.run_id,
    )
    context.add_output_metadata({"locations": len(answers), "accounts": what_if_table(answers)})


@dg.job(
    executor_def=dg.in_process_executor,
    tags={"zoompool/flow": "what if", "dagster/priority": "-15", "dagster/max_runtime": "3600"},
    description="How many accounts would have been enough, and how many are for what is booked.",
)
def what_if() -> None:
    """Replay."""
    replay_leases()


nightly_what_if = dg.ScheduleDefinition(
    name="nightly_what_if",
    job=what_if,
    cron_schedule="46 2 * * *",
    run_config=dg.RunConfig(ops={"replay_leases": Whose(every_location=True)}),
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Computes the what-if of every location each night.",
)


@dg.sensor(
    job=what_if,
    minimum_interval_seconds=TICK,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests a run when somebody asked for a what-if in the console.",
)
def what_if_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask whether a what-if waits to be computed."""
    now = utcnow()
    with wiring().sessions() as session:
        asked = anything_asked(session, now=now)
    if not asked:
        return dg.SkipReason("Nobody has asked for a what-if.")
    if instance_of(context).get_runs_count(dg.RunsFilter(job_name=what_if.name, statuses=UNDER_WAY)):
        return dg.SkipReason("A run is at it.")
    return dg.RunRequest(run_key=f"what-if:{now:%Y%m%dT%H%M%S}")
