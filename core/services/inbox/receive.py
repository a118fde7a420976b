"""Keeps what Zoom sends, once each, until the lifecycle applies it."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.sql import statements
from core.services.inbox.notice import Notice
from core.zoom.vault import TokenVault

# Zoom stops listening after three seconds and sends it again later; there is no point in waiting longer for a lock.
PATIENCE = sa.text("SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '2500ms'")
COLUMNS = ("key", "event", "zoom_meeting_id", "zoom_uuid", "zoom_account_id", "zoom_user_id", "event_at", "tracking_id")


def receive(session: Session, notices: Sequence[Notice], *, vault: TokenVault, now: datetime) -> int:
    """Write *notices* into the inbox, unknown events and strange meetings too; how many of them were new."""
    given: dict[str, object] = {column: [getattr(each, column) for each in notices] for column in COLUMNS}
    given["body"] = [vault.encrypt_bytes(each.body) for each in notices]
    session.execute(PATIENCE)
    return len(session.execute(statements("inbox")["receive"], {**given, "now": now}).all())
