"""The jobs. All run in one process: a process per op costs four times the CPU and gains nothing for work that waits."""

import dagster as dg

from core.clock import utcnow
from core.services.alerts.send import send_alerts
from core.services.deliver import DeliveryReport, deliver_all, delivering
from core.services.hooks.claim import due_hooks
from core.services.hooks.deliver import deliver_hooks
from core.wiring import Wiring
from orchestration.opening_ops import allocate_accounts, create_meetings, notify_clients
from orchestration.resources import Product
from orchestration.settling_ops import collect_recordings, release_accounts, verify_meetings
from orchestration.tables import delivery_table

FLOW = "zoompool/flow"
# A machine that loses power leaves its runs as started, and they keep their places in the queue until `max_runtime` has
# passed: Dagster's default launcher cannot tell whether they live. What runs one at a time must not be held up long.


@dg.job(
    executor_def=dg.in_process_executor,
    tags={FLOW: "open", "dagster/priority": "10", "dagster/max_runtime": "300"},
    description="Open the links of everything that is due, in batches. Green when every outcome is recorded.",
)
def open_due_meetings() -> None:
    """Lease, create, mail; over a batch."""
    notify_clients(create_meetings(allocate_accounts()))


@dg.job(
    executor_def=dg.in_process_executor,
    tags={FLOW: "isolated", "dagster/priority": "-10", "dagster/max_runtime": "300"},
    description="Open one link that was put aside. Fails in plain sight; mend the cause and re-execute from failure.",
)
def open_meeting() -> None:
    """Lease, create, mail; over one appointment."""
    notify_clients(create_meetings(allocate_accounts()))


@dg.op(out=dg.Out(dg.Nothing), description="Send the messages that no opening run has sent, and the alerts.")
def send_messages(context: dg.OpExecutionContext, product: Product) -> None:
    """Send what is due in the outbox: mails to clients first, then alerts."""
    parts = product.parts
    mails = _deliver_mails(context, parts)
    alerts = send_alerts(parts.sessions, parts.settings, clock=utcnow, run_id=context.run_id)
    told = {} if alerts == DeliveryReport() else delivery_table(alerts, "alerts ")
    context.add_output_metadata(delivery_table(mails) | told)


@dg.op(
    ins={"mails": dg.In(dg.Nothing)},
    out=dg.Out(dg.Nothing),
    description="Tell the booking systems what happened. Mails that come due meanwhile leave all the same.",
)
def send_hooks(context: dg.OpExecutionContext, product: Product) -> None:
    """Send the due webhooks; a receiver may be slow, and no client waits for it."""
    parts = product.parts
    with parts.sessions() as session:
        if not due_hooks(session, now=utcnow()):
            return
    with delivering(lambda: _deliver_mails(context, parts)):
        report = deliver_hooks(parts.sessions, parts.hook_sender, clock=utcnow, run_id=context.run_id)
    context.add_output_metadata(delivery_table(report, "webhooks "))


def _deliver_mails(context: dg.OpExecutionContext, parts: Wiring) -> DeliveryReport:
    return deliver_all(parts.sessions, parts.mail_server, parts.vault, clock=utcnow, run_id=context.run_id)


@dg.job(
    executor_def=dg.in_process_executor,
    tags={FLOW: "deliver", "dagster/priority": "5", "dagster/max_runtime": "120"},
    description="Send the messages that are due: retries, notices, alerts, webhooks, and links whose run died.",
)
def deliver_messages() -> None:
    """Send what is due in the outbox: mails and alerts, then webhooks."""
    send_hooks(send_messages())


@dg.job(
    executor_def=dg.in_process_executor,
    tags={FLOW: "settle", "dagster/max_runtime": "120"},
    description="Whatever has to be asked of Zoom, or told it, after the link: who is inside, recordings, deletions.",
)
def settle_meetings() -> None:
    """Verify, collect, release."""
    release_accounts(collect_recordings(verify_meetings()))
