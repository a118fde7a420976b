"""The words of alerts: what happened, what to do next, and what is true when it is over.

They name locations, accounts, the booking system's ids and times. Never a client, an address or a link: alerts end up
in chats and mailboxes that nobody guards like the database.
"""

from dataclasses import dataclass

from core.domain.alerts import Kind, Wrong
from core.domain.due import ESCALATE_BEFORE_START, ISOLATE_BEFORE_START

NAMED = 3  # so many are named, the rest counted
AT_RISK_NAMED = 10

# What is true when a condition no longer is.
OVER = {
    Kind.POOL_SHORT: "No appointment waits for an account there any more.",
    Kind.POOL_SHORT_LATE: "None that starts within five minutes waits for an account there any more.",
    Kind.LINK_AT_RISK: "No link is held up by that any more.",
    Kind.LINK_FAILED: "It was opened after all, cancelled or moved, or its time has passed.",
    Kind.LINK_MISSED: "None was missed there for an hour.",
    Kind.LINK_MAIL_LATE: "The mail server has accepted it, or the appointment is over.",
    Kind.LINK_MAIL_REFUSED: "The link was sent again, or the appointment is over.",
    Kind.MAIL_REFUSED: "A later mail went to the client, or the appointment is over.",
    Kind.NOT_RECORDED: "The meeting is over.",
    Kind.NEEDS_ATTENTION: "The account is in order again, or no longer ours.",
    Kind.RECORDING_OVERDUE: "The recording is attached, or nobody expects it any more.",
    Kind.OVERRUN: "The meeting is over.",
    Kind.WEBHOOKS_SILENT: "Zoom's events arrive again.",
    Kind.STILL_PAUSED: "It was resumed.",
    Kind.DELETION_STOPPED: "Finished meetings are deleted again.",
    Kind.HOOK_UNDELIVERED: "It was sent again, a day has passed since, or nobody listens there any more.",
    Kind.RECONCILE: "It is settled.",
    Kind.WATCHDOG: "It works again.",
}

CAUSES = {
    "no_free_account": "every account is in use",
    "no_connected_account": "no account is connected",
    "allocation_paused": "the opening of links is paused",
    "location_suspended": "the location is suspended",
    "zoom_unavailable": "Zoom does not answer",
    "rate_limited": "Zoom asks us to slow down",
    "zoom_rejected": "Zoom refuses to create the meeting",
    "needs_reauth": "Zoom no longer accepts our access",
    "token_refused": "Zoom no longer accepts our access",
    "permission_missing": "a permission is missing",
    "no_permission": "its role or plan does not allow meetings",
    "licence_gone": "its licence is gone",
    "user_gone": "its Zoom user does not exist any more",
    "quota_spent": "Zoom's limit of meetings per day is used up",
    "waiting_room": "Zoom forces a waiting room",
    "sign_in_forced": "Zoom lets only signed-in people join",
    "no_join_before_host": "Zoom lets nobody join before the host",
    "recording_dropped": "Zoom will not record its meetings",
    "draining": "it has been draining for more than a day",
    "not_deleted": "an old meeting has not gone from Zoom for half an hour",
    "capacity": "no account was free",
    "zoom": "Zoom did not do its part",
    "us": "nothing of ours opened it",
    "in_vain": "it was in vain for a day",
    "endpoint_gone": "it says that it is gone for good",
}

MEND_POOL = {
    "no_connected_account": "Open Connections and connect one of its seats.",
    "allocation_paused": "Resume the opening of links when the cause of the pause is gone.",
    "location_suspended": "Ask QuantixOne to reactivate the location.",
}
MEND_ACCOUNT = {
    "quota_spent": "Nothing has to be done: it works again at midnight UTC. Connect another seat if the pool is short.",
    "draining": "Look at its open meeting or recording, then disconnect it at once, or keep it by connecting it again.",
    "not_deleted": "We go on trying. Look at the account's history; delete the meeting in Zoom's portal.",
    "licence_gone": "Assign a licence in Zoom's admin portal, then press Reconnect.",
    "user_gone": "Restore the user in Zoom's admin portal, or issue another seat.",
    "waiting_room": "Switch it off in the account's Zoom settings, then press Reconnect.",
    "sign_in_forced": "Switch that off in the account's Zoom settings, then press Reconnect.",
    "no_join_before_host": "Allow it in the account's Zoom settings, then press Reconnect.",
    "recording_dropped": "Switch cloud recording on in the account's Zoom settings, then press Reconnect.",
    "no_permission": "Correct it in Zoom's admin portal, then press Reconnect.",
}


@dataclass(frozen=True)
class Told:
    """What people read: what happened, and what to do next."""

    text: str
    next_step: str


def told(wrong: Wrong) -> Told:
    """The words for *wrong*."""
    return _WORDS[wrong.kind](wrong)


def _why(wrong: Wrong) -> str:
    return CAUSES.get(wrong.cause or "", (wrong.cause or "no reason is recorded").replace("_", " "))


def _appointments(wrong: Wrong) -> str:
    """`Appointment A-1` or `7 appointments (A-1, A-2, A-3 and 4 more)`."""
    return _counted(wrong, "appointment", "appointments")


def _counted(wrong: Wrong, one: str, many: str) -> str:
    if wrong.number == 1:
        return f"{one.capitalize()} {wrong.names[0]}"
    return f"{wrong.number} {many} ({_listed(wrong.names, wrong.number)})"


def _listed(names: tuple[str, ...], number: int, *, named: int = NAMED) -> str:
    shown = ", ".join(names[:named])
    return f"{shown} and {number - named} more" if number > named else shown


def _starts(wrong: Wrong) -> str:
    return f"{'It starts' if wrong.number == 1 else 'The first starts'} at {wrong.when}."


def _pool_short(wrong: Wrong) -> Told:
    waits = "waits" if wrong.number == 1 else "wait"
    text = f"{_appointments(wrong)} {wrong.where} {waits} for an account: {_why(wrong)}. {_starts(wrong)}"
    step = MEND_POOL.get(wrong.cause or "", "Connect another seat of this location, or free an account now.")
    return Told(text, f"{step} They are served by themselves as soon as an account is free.")


def _pool_short_late(wrong: Wrong) -> Told:
    minutes = ESCALATE_BEFORE_START.seconds // 60
    has = "starts within {} minutes and has" if wrong.number == 1 else "start within {} minutes and have"
    text = f"{_appointments(wrong)} {wrong.where} {has.format(minutes)} no account: {_why(wrong)}. {_starts(wrong)}"
    step = MEND_POOL.get(wrong.cause or "", "Free or connect an account of this location now, or call the client.")
    return Told(text, f"{step} The failed run open_due_meetings in Dagster lists who waits; re-execute it afterwards.")


def _link_at_risk(wrong: Wrong) -> Told:
    minutes = ISOLATE_BEFORE_START.seconds // 60
    has = "starts within {} minutes and has" if wrong.number == 1 else "start within {} minutes and have"
    text = f"{_appointments(wrong)} {wrong.where} {has.format(minutes)} no link: {_why(wrong)}. {_starts(wrong)}"
    return Told(text, "We go on trying every few seconds. Look at status.zoom.us, and be ready to call the clients.")


def _link_failed(wrong: Wrong) -> Told:
    text = f"{_appointments(wrong)} {wrong.where} could not get a link: {_why(wrong)}. {_starts(wrong)}"
    return Told(
        text,
        "Read Zoom's answer on the appointment's page, mend its cause, then re-execute its run open_meeting in Dagster "
        "from failure.",
    )


def _link_missed(wrong: Wrong) -> Told:
    was = "was" if wrong.number == 1 else "were"
    text = f"{_appointments(wrong)} {wrong.where} {was} never opened: {_why(wrong)}."
    return Told(text, "Tell the clients and book anew. If it was for want of accounts, connect more seats.")


def _link_mail_late(wrong: Wrong) -> Told:
    whose = f"{_lower(_appointments(wrong))} {wrong.where}"
    text = f"The mail server has not accepted the link of {whose}. {_starts(wrong)}"
    return Told(text, "Look at the mail server (SMTP_URL); the link can be copied from the Pool page meanwhile.")


def _link_mail_refused(wrong: Wrong) -> Told:
    text = f"The mail server refuses the link mail of {_lower(_appointments(wrong))} {wrong.where}. {_starts(wrong)}"
    return Told(
        text,
        "Read its answer on the appointment's page, correct the address there and send the mail again, or give the "
        "client the link by phone.",
    )


def _mail_refused(wrong: Wrong) -> Told:
    text = f"The mail server refuses the mail about {_lower(_appointments(wrong))} {wrong.where}. {_starts(wrong)}"
    step = "Read its answer on the appointment's page, correct the address there, then send the mail again."
    return Told(text, step)


def _not_recorded(wrong: Wrong) -> Told:
    will = "will" if wrong.number == 1 else "will all"
    text = f"{_appointments(wrong)} {wrong.where} {will} not be recorded: no account was left that Zoom records."
    return Told(text, "Switch cloud recording on in the accounts' Zoom settings, or record by hand.")


def _needs_attention(wrong: Wrong) -> Told:
    cannot = "cannot be used" if wrong.cause != "draining" else "is not done"
    text = f"{_counted(wrong, 'account', 'accounts')} {wrong.where} {cannot}: {_why(wrong)}."
    if wrong.risk:
        text += f" At risk: {_listed(wrong.risk, len(wrong.risk), named=AT_RISK_NAMED)}."
    return Told(text, MEND_ACCOUNT.get(wrong.cause or "", "Open Connections and press Reconnect for this account."))


def _recording_overdue(wrong: Wrong) -> Told:
    of = f"The recording of {_lower(_appointments(wrong))} {wrong.where}"
    if wrong.cause == "failed":
        return Told(f"{of} is empty or far too short.", "Look at it on the appointment's page and on Zoom.")
    if wrong.cause == "gave_up":
        text = f"{of} did not come within the time in which we look for it."
        return Told(text, "Look for it in the account's recordings on Zoom; what turns up is still attached.")
    text = f"{of} has not come within its time; the account no longer waits for it."
    return Told(text, "We go on looking. Look at the account's recordings and its storage on Zoom.")


def _overrun(wrong: Wrong) -> Told:
    text = f"{_appointments(wrong)} {wrong.where} should have been over since {wrong.when}, and people are inside."
    return Told(text, "Nothing has to be done unless the pool is short: the next appointment gets another account.")


def _webhooks_silent(_: Wrong) -> Told:
    return Told(
        "Meetings were held, but for half an hour no event has come from Zoom. We find out by asking, which is slower.",
        "Look at the event subscription of the Marketplace app, its secret token, and the way to our webhook address.",
    )


def _still_paused(wrong: Wrong) -> Told:
    where = "everywhere" if wrong.cause == "all" else wrong.where
    text = f"The opening of links has been paused {where} since {wrong.when}."
    return Told(text, "Resume it on the page Health when the cause is gone: whoever becomes due meanwhile waits.")


def _deletion_stopped(_: Wrong) -> Told:
    return Told(
        "A recording was gone after its meeting had been deleted, so finished meetings are no longer deleted.",
        "Look for the recording in the trash of the account's recordings on Zoom, then decide about deleting.",
    )


def _hook_undelivered(wrong: Wrong) -> Told:
    which = _counted(wrong, "receiver", "receivers").replace("Receiver", "The receiver", 1)
    text = f"{which} {wrong.where} could not be told what happened: {_why(wrong)}."
    return Told(text, "Ask the booking system's people, then press Re-send on the page Outgoing webhooks.")


def _lower(words: str) -> str:
    return words[0].lower() + words[1:]


_WORDS = {
    Kind.POOL_SHORT: _pool_short,
    Kind.POOL_SHORT_LATE: _pool_short_late,
    Kind.LINK_AT_RISK: _link_at_risk,
    Kind.LINK_FAILED: _link_failed,
    Kind.LINK_MISSED: _link_missed,
    Kind.LINK_MAIL_LATE: _link_mail_late,
    Kind.LINK_MAIL_REFUSED: _link_mail_refused,
    Kind.MAIL_REFUSED: _mail_refused,
    Kind.NOT_RECORDED: _not_recorded,
    Kind.NEEDS_ATTENTION: _needs_attention,
    Kind.RECORDING_OVERDUE: _recording_overdue,
    Kind.OVERRUN: _overrun,
    Kind.WEBHOOKS_SILENT: _webhooks_silent,
    Kind.STILL_PAUSED: _still_paused,
    Kind.DELETION_STOPPED: _deletion_stopped,
    Kind.HOOK_UNDELIVERED: _hook_undelivered,
}
