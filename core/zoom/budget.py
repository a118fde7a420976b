"""How many meetings each Zoom user has created today; Zoom allows 100 creates and updates (API rate limits)."""

from collections.abc import Collection, Mapping
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.db.models import ZoomBudget

DAILY_CREATES = 100

# Ordered, so that two batches that share users wait for each other instead of deadlocking.
_SPEND = sa.text("""
    INSERT INTO zoom_budget AS held (zoom_user_id, utc_day, creates)
    SELECT zoom_user_id, :day, creates
    FROM unnest(CAST(:users AS text[]), CAST(:counts AS bigint[])) AS wanted (zoom_user_id, creates)
    ORDER BY zoom_user_id
    ON CONFLICT (zoom_user_id, utc_day) DO UPDATE SET creates = held.creates + excluded.creates
""")


def spend(session: Session, creates: Mapping[str, int], *, day: date) -> None:
    """Count *creates* per Zoom user against the UTC *day*, in one statement."""
    if creates:
        session.execute(_SPEND, {"users": list(creates), "counts": list(creates.values()), "day": day})


def spent(session: Session, zoom_user_ids: Collection[str], *, day: date) -> set[str]:
    """Those of *zoom_user_ids* who may create nothing more on the UTC *day*."""
    return set(
        session.scalars(
            sa.select(ZoomBudget.zoom_user_id).where(
                ZoomBudget.zoom_user_id.in_(zoom_user_ids),
                ZoomBudget.utc_day == day,
                ZoomBudget.creates >= DAILY_CREATES,
            )
        )
    )
