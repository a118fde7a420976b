"""What a connect takes up again that the account had left undone."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.db.models import Account
from core.db.sql import statements

# As long as recordings are sought at all.
RECORDINGS_FOR = timedelta(hours=72)


def resume_duties(session: Session, account: Account, *, now: datetime) -> dict[str, int]:
    """Have everything done at once that only this account's connection can do; how many of each, for the timeline.

    Meetings are deleted, recordings sought again that were given up for want of a connection, questions asked. Whether
    somebody uses the account by hand is asked before it is needed. Tokens of an earlier grant that were still to be
    revoked are worthless: the new consent has ended them.
    """
    sql = statements("connection")
    given = {"account_id": account.id, "now": now, "since": now - RECORDINGS_FOR}
    user = {"zoom_account_id": account.zoom_account_id, "zoom_user_id": account.zoom_user_id}
    session.execute(sql["supersede_revokes"], user)
    recordings = session.execute(sql["resume_recordings"], given).all()
    session.execute(sql["keep_for_recording"], given)
    deletions = session.execute(sql["resume_deletions"], given).all()
    session.execute(sql["resume_questions"], given)
    account.probed_at = None
    return {"deletions": len(deletions), "recordings": len(recordings)}
