"""How it last went with Zoom, the mail server and the booking systems, from what we noted ourselves."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

LATELY = 5000  # of the newest rows of a table: minutes at a full hour, outgoing webhooks among them
DEAD_FOR = timedelta(days=7)
COUNTED = 1000
# Reserved further ahead than this, calls wait for Zoom's limits.
CROWDED = timedelta(seconds=2)


@dataclass(frozen=True)
class ZoomHealth:
    """*answered_at*: its last good answer that left a trace. *failing* and *limited*: appointments that wait because it
    does not answer, or asked us to slow down; *owed*: meetings it has not confirmed gone, tried in vain before.
    *spent*: users whose meetings of today are used up; *most*: the most that one has made today; *until*: when the
    last call that waits for its limits may leave.
    """

    answered_at: datetime | None
    failing: int
    limited: int
    owed: int
    last_error: str | None
    spent: int
    most: int
    until: datetime | None


@dataclass(frozen=True)
class MailHealth:
    """*retrying*: mails the server said *later* to; *reply*: what it said to one of them or of the failed."""

    sent_at: datetime | None
    retrying: int
    failed: int
    reply: str | None


@dataclass(frozen=True)
class HookHealth:
    """*failing*: endpoints that did not answer the last time; *dead*: webhooks given up within a week."""

    endpoints: int
    disabled: int
    failing: int
    dead: int


@dataclass(frozen=True)
class EventHealth:
    """*came_at*: when Zoom's last event came; *waiting* and *since*: those not applied, up to a thousand."""

    came_at: datetime | None
    waiting: int
    since: datetime | None


ZOOM = sa.text("""
SELECT greatest(
           (SELECT max(created_at) FROM (SELECT created_at FROM meetings ORDER BY id DESC LIMIT :lately) AS m),
           (SELECT max(refreshed_at) FROM grants),
           (SELECT max(probed_at) FROM accounts)) AS answered_at,
       w.failing, w.limited, o.owed, o.last_error,
       (SELECT count(*) FROM zoom_budget WHERE utc_day = :day AND creates >= :daily) AS spent,
       (SELECT coalesce(max(creates), 0) FROM zoom_budget WHERE utc_day = :day) AS most,
       (SELECT max(next_at) FROM zoom_limits WHERE next_at > :crowded) AS until
FROM (SELECT count(*) FILTER (WHERE reason = 'zoom_unavailable') AS failing,
             count(*) FILTER (WHERE reason = 'rate_limited') AS limited
      FROM appointments
      WHERE status = 'booked' AND link IN ('not_due', 'waiting', 'opening', 'failed')
        AND starts_at BETWEEN CAST(:now AS timestamptz) - INTERVAL '1 day' AND :horizon AND ends_at > :now) AS w,
     (SELECT count(*) AS owed, max(last_error) AS last_error
      FROM (SELECT last_error FROM meetings
            WHERE state IN ('deleting', 'unknown') AND attempts > 0 AND deletion_wanted_at < :stuck
            LIMIT :counted) AS d) AS o
""")
MAIL = sa.text("""
SELECT (SELECT max(sent_at) FROM (SELECT sent_at, channel FROM messages ORDER BY id DESC LIMIT :lately) AS m
        WHERE channel = 'mail') AS sent_at,
       r.retrying, f.failed, coalesce(r.reply, f.reply) AS reply
FROM (SELECT count(*) AS retrying, max(provider_reply) AS reply
      FROM (SELECT provider_reply FROM messages
            WHERE status IN ('queued', 'retrying', 'in_flight') AND channel <> 'hook'
              AND channel = 'mail' AND status = 'retrying' LIMIT :counted) AS m) AS r,
     (SELECT count(*) AS failed, max(provider_reply) AS reply
      FROM (SELECT provider_reply FROM messages
            WHERE status = 'failed' AND channel = 'mail' AND give_up_at > :now LIMIT :counted) AS m) AS f
""")
HOOKS = sa.text("""
SELECT count(*) AS endpoints, count(*) FILTER (WHERE disabled_at IS NOT NULL) AS disabled,
       count(*) FILTER (WHERE disabled_at IS NULL AND failures > 0) AS failing,
       (SELECT count(*) FROM (SELECT FROM messages
                              WHERE status = 'failed' AND channel = 'hook' AND give_up_at > :dead_since
                                AND payload -> 'resent' IS NULL LIMIT :counted) AS m) AS dead
FROM hook_endpoints WHERE removed_at IS NULL
""")
EVENTS = sa.text("""
SELECT (SELECT max(received_at) FROM inbox) AS came_at, count(*) AS waiting, min(received_at) AS since
FROM (SELECT received_at FROM inbox WHERE applied_at IS NULL ORDER BY id LIMIT :counted) AS waiting
""")


def zoom_health(session: Session, *, now: datetime, horizon: datetime, daily: int) -> ZoomHealth:
    """How it last went with Zoom, which allows each user *daily* new meetings."""
    given = {
        "now": now,
        "horizon": horizon,
        "lately": LATELY,
        "day": now.astimezone(UTC).date(),
        "daily": daily,
        "crowded": now + CROWDED,
        "stuck": now - timedelta(minutes=5),
        "counted": COUNTED,
    }
    return ZoomHealth(**session.execute(ZOOM, given).mappings().one())


def mail_health(session: Session, *, now: datetime) -> MailHealth:
    """How it last went with the mail server; of what failed only what is still of use to its reader counts."""
    given = {"now": now, "lately": LATELY, "counted": COUNTED}
    return MailHealth(**session.execute(MAIL, given).mappings().one())


def hook_health(session: Session, *, now: datetime) -> HookHealth:
    """How it goes with the booking systems that are told."""
    given = {"dead_since": now - DEAD_FOR, "counted": COUNTED}
    return HookHealth(**session.execute(HOOKS, given).mappings().one())


def event_health(session: Session) -> EventHealth:
    """When Zoom last told us something, and what of it waits."""
    return EventHealth(**session.execute(EVENTS, {"counted": COUNTED}).mappings().one())
