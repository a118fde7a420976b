"""The sensors: ask what is due, decide in `core.domain`, request runs.

They only read, since a sensor that writes can lose or double its work, for its evaluation may be cut off before its
requests are stored. The lifecycle's alone writes, to the database and nothing else: what it does is idempotent and
fenced, and asks for no run that depends on it.
"""

from datetime import datetime

import dagster as dg

from core.clock import utcnow
from core.domain.planning import MOST_ISOLATED_RUNS, DueWork, bulk_runs
from core.services.alerts.send import due_alerts
from core.services.due import Isolated, due_work, isolated_work
from core.services.hooks.claim import due_hooks
from core.services.lifecycle.network import network_work
from core.services.lifecycle.tick import tick
from core.services.mail_claim import due_mails
from core.settings import get_settings
from core.wiring import wiring
from orchestration.instance import instance_of
from orchestration.jobs import deliver_messages, open_due_meetings, open_meeting, settle_meetings
from orchestration.opening_ops import Batch

NOT_BEGUN = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING]
UNDER_WAY = [*NOT_BEGUN, dg.DagsterRunStatus.STARTED]
OVER_ALL = {"zoompool/batch": "all that is due"}
ESCALATION = {"zoompool/batch": "escalation"}
ASKED, QUIET = "runs asked for", "no run on its way"
TICK = get_settings().tick_seconds


@dg.sensor(
    jobs=[open_due_meetings, open_meeting],
    minimum_interval_seconds=TICK,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests runs for the appointments that have become due.",
)
def due_appointments_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Ask what is due; request bulk runs for it, one escalation run, and isolated runs for what was put aside."""
    parts, now = wiring(), utcnow()
    with parts.sessions() as session:
        work = due_work(session, hours=parts.hours, now=now)
        isolated = isolated_work(session, hours=parts.hours, now=now, limit=MOST_ISOLATED_RUNS)
    bulk, cursor = _bulk(context, work, now)
    requests = [*bulk, *_escalation(context, work, now), *map(_isolated, isolated)]
    if not requests:
        return dg.SensorResult(skip_reason="Nothing is due that could be opened now.", cursor=cursor)
    return dg.SensorResult(run_requests=requests, cursor=cursor)


@dg.sensor(
    job=deliver_messages,
    minimum_interval_seconds=TICK,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Requests a delivery when a message is due and nobody has taken it.",
)
def due_messages_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask whether messages are due that no run is sending."""
    now = utcnow()
    with wiring().sessions() as session:
        due = due_mails(session, now=now) or due_alerts(session, now=now) or due_hooks(session, now=now)
    if not due:
        return dg.SkipReason("No message is due.")
    if _count(context, deliver_messages, UNDER_WAY):
        return dg.SkipReason("A delivery is under way.")
    return dg.RunRequest(run_key=f"deliver:{now:%Y%m%dT%H%M%S}")


@dg.sensor(
    job=settle_meetings,
    minimum_interval_seconds=TICK,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Applies Zoom's events, moves leases, ends cooldowns; requests a run where Zoom has to be asked.",
)
def lifecycle_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Do what needs no network; ask for a run when there is something to ask Zoom, or to tell it."""
    parts = wiring()
    done = tick(
        parts.sessions,
        vault=parts.vault,
        rules=parts.rules,
        hours=parts.hours,
        delete_when_finished=parts.settings.delete_finished_meetings,
        clock=utcnow,
    )
    now = utcnow()
    with parts.sessions() as session:
        deletes = parts.settings.delete_finished_meetings
        work = network_work(session, hours=parts.hours, deletes_finished=deletes, now=now)
    if not work:
        return dg.SkipReason(f"{done} Nothing has to be asked of Zoom.")
    if _count(context, settle_meetings, UNDER_WAY):
        return dg.SkipReason(f"{done} A run is at it: {', '.join(work)}.")
    return dg.RunRequest(run_key=f"settle:{now:%Y%m%dT%H%M%S}", tags={"zoompool/work": ", ".join(work)})


def _bulk(context: dg.SensorEvaluationContext, work: DueWork, now: datetime) -> tuple[list[dg.RunRequest], str]:
    """The bulk runs to ask for, and the cursor: whether runs asked for may not have begun yet.

    Only then is Dagster's own storage asked how many, which takes a connection and as long as all the rest: the tick
    that finds a full hour due comes after quiet ones.
    """
    starting = _count(context, open_due_meetings, NOT_BEGUN, OVER_ALL) if context.cursor != QUIET else 0
    wanted = bulk_runs(work, batch_size=wiring().settings.bulk_batch_size, starting=starting)
    requests = [
        dg.RunRequest(run_key=f"open:{now:%Y%m%dT%H%M%S}:{number}", job_name=open_due_meetings.name, tags=OVER_ALL)
        for number in range(1, wanted + 1)
    ]
    return requests, ASKED if requests or starting else QUIET


def _escalation(context: dg.SensorEvaluationContext, work: DueWork, now: datetime) -> list[dg.RunRequest]:
    # The run itself notes who was escalated; until it has, the same appointments would be asked for again.
    if not work.to_escalate or _count(context, open_due_meetings, UNDER_WAY, ESCALATION):
        return []
    return [
        dg.RunRequest(
            run_key=f"escalate:{now:%Y%m%dT%H%M%S}",
            job_name=open_due_meetings.name,
            run_config=_config(Batch(appointment_ids=list(work.to_escalate))),
            tags=ESCALATION,
        )
    ]


def _isolated(work: Isolated) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=f"{work.appointment_id}:{work.revision}:{work.isolation}",
        job_name=open_meeting.name,
        run_config=_config(Batch(appointment_ids=[work.appointment_id], isolated=True)),
        tags={"zoompool/appointment": work.external_id, "zoompool/location": str(work.location_id)},
    )


def _config(batch: Batch) -> dg.RunConfig:
    return dg.RunConfig(ops=dict.fromkeys(("allocate_accounts", "create_meetings"), batch))


def _count(
    context: dg.SensorEvaluationContext,
    job: dg.JobDefinition,
    statuses: list[dg.DagsterRunStatus],
    tags: dict[str, str] | None = None,
) -> int:
    return instance_of(context).get_runs_count(dg.RunsFilter(job_name=job.name, statuses=statuses, tags=tags or {}))
