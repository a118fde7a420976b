"""Copying what lets others in is written down, wherever it is copied."""

from console.database import sessions
from console.page import explained
from console.who import require
from core.clock import utcnow
from core.domain.roles import Permission
from core.services.link_copied import Copied, link_copied


def copied(appointment_id: int, location_id: int, what: Copied) -> None:
    """Put on the appointment's timeline that the person copied it."""
    with explained(), sessions().begin() as session:
        who = require(Permission.SEE_APPOINTMENTS, location_id)
        link_copied(session, appointment_id, what=what, actor=who.actor, now=utcnow())
