"""The three steps of opening links. Each reads its work from the database, so that any can be run again alone."""

import dagster as dg
from pydantic import Field

from core.clock import utcnow
from core.services.deliver import DeliveryReport, deliver, delivering
from core.services.due import allocate_due
from core.services.lease import claim_stalled
from core.services.opening.failover import Hands
from core.services.opening.one import back_in_line, begin_isolated, escalate, lease_for, state_of
from core.services.opening.run import Outcome, open_meetings
from core.wiring import Wiring
from orchestration.resources import Product
from orchestration.tables import delivery_table, outcome_table, waiting_table

READY = ("ready", "ready, not recorded")


class Batch(dg.Config):
    """Which appointments a run is about; none named: everything that is due."""

    appointment_ids: list[int] = Field(default_factory=list)
    isolated: bool = False


@dg.op(out=dg.Out(dg.Nothing), description="Lease the account that has been idle the longest to each due appointment.")
def allocate_accounts(context: dg.OpExecutionContext, config: Batch, product: Product) -> None:
    """Lease accounts; what finds none waits. An escalated or isolated run fails here if it finds none."""
    parts = product.parts
    if config.isolated:
        _lease_isolated(context, config.appointment_ids, parts)
    elif config.appointment_ids:
        _escalate(context, config.appointment_ids, parts)
    else:
        done = allocate_due(
            parts.sessions,
            hours=parts.hours,
            limit=parts.settings.bulk_batch_size,
            run_id=context.run_id,
            clock=utcnow,
        )
        context.add_output_metadata({"leased": len(done.granted), "waiting": len(done.waiting), "missed": done.missed})


@dg.op(
    ins={"leased": dg.In(dg.Nothing)},
    out=dg.Out(dg.Nothing),
    description="Create a Zoom meeting for each leased appointment and put its link on the appointment.",
)
def create_meetings(context: dg.OpExecutionContext, config: Batch, product: Product) -> None:
    """Create the meetings of what this run has leased, and of what other runs left behind."""
    parts = product.parts
    hands = Hands(parts.vault, parts.hours, context.run_id)
    _restore_leases(context, config, parts)
    # At the pace that Zoom allows a batch takes many seconds: the first clients do not wait for the last meeting.
    with delivering(lambda: _deliver(context, parts)):
        outcomes = open_meetings(
            parts.sessions, parts.zoom, hands, threads=parts.settings.zoom_concurrency, clock=utcnow
        )
    if config.isolated:
        _fail_unless_open(config.appointment_ids, outcomes, parts)
    context.add_output_metadata(
        {"opened": sum(each.outcome in READY for each in outcomes), "outcomes": outcome_table(outcomes)}
    )


@dg.op(
    ins={"created": dg.In(dg.Nothing)},
    out=dg.Out(dg.Nothing),
    description="Hand the join-link mails to the mail server.",
)
def notify_clients(context: dg.OpExecutionContext, product: Product) -> None:
    """Send what is still in the outbox, links first; what this run does not get to is sent by `deliver_messages`."""
    context.add_output_metadata(delivery_table(_deliver(context, product.parts)))


def _deliver(context: dg.OpExecutionContext, parts: Wiring) -> DeliveryReport:
    return deliver(
        parts.sessions,
        parts.mail_server,
        parts.vault,
        clock=utcnow,
        run_id=context.run_id,
        limit=parts.settings.bulk_batch_size,
    )


def _restore_leases(context: dg.OpExecutionContext, config: Batch, parts: Wiring) -> None:
    """A re-execution from failure begins here, when what was leased may be gone."""
    if config.isolated:
        _lease_isolated(context, config.appointment_ids, parts)
        return
    with parts.sessions.begin() as session:
        if config.appointment_ids:
            lease_for(session, config.appointment_ids, hours=parts.hours, run_id=context.run_id, now=utcnow())
        else:
            claim_stalled(session, run_id=context.run_id, limit=parts.settings.bulk_batch_size, now=utcnow())


def _lease_isolated(context: dg.OpExecutionContext, appointment_ids: list[int], parts: Wiring) -> None:
    for appointment_id in appointment_ids:
        with parts.sessions.begin() as session:
            if not begin_isolated(session, appointment_id, hours=parts.hours, now=utcnow()):
                context.log.info("Nothing left to open: the appointment has its link, or is cancelled or over.")
                continue
            leased = lease_for(session, [appointment_id], hours=parts.hours, run_id=context.run_id, now=utcnow())
        if leased:
            continue
        with parts.sessions.begin() as session:
            waits = back_in_line(session, appointment_id, run_id=context.run_id, now=utcnow())
        if waits:
            raise dg.Failure(
                description="No account is free for this appointment; it waits in line with the others. "
                "Free or connect an account of its location, then re-execute this run, or leave it to the next tick.",
                allow_retries=False,
            )
        context.log.info("Another run has it.")


def _escalate(context: dg.OpExecutionContext, appointment_ids: list[int], parts: Wiring) -> None:
    with parts.sessions.begin() as session:
        waiting = escalate(session, appointment_ids, hours=parts.hours, run_id=context.run_id, now=utcnow())
    if waiting:
        raise dg.Failure(
            description=f"{len(waiting)} appointments start within five minutes and no account is free for them. "
            "Connect or free an account of their location, then re-execute this run from failure; "
            "they stay in line meanwhile and are served by themselves as soon as an account is free.",
            metadata={"waiting": waiting_table(waiting), "appointments": len(waiting)},
            allow_retries=False,
        )


def _fail_unless_open(appointment_ids: list[int], outcomes: list[Outcome], parts: Wiring) -> None:
    for appointment_id in appointment_ids:
        with parts.sessions() as session:
            state = state_of(session, appointment_id)
        if state is not None and state.status == "booked" and state.link == "failed":
            raise dg.Failure(
                description=f"The link of appointment {state.external_id} could not be opened: {state.reason_detail} "
                "Mend the cause, then re-execute this run from failure.",
                metadata={"outcomes": outcome_table(outcomes), "reason": state.reason or ""},
                allow_retries=False,
            )
