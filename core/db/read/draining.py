"""What an account still has to do before it can be disconnected gently, so that people see what that waits for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class LeftToDo:
    """What only this connection can do.

    Its open lease is in *lease_state* for the appointment *external_id*. *sought* are appointments whose recordings
    are looked for; *to_delete* counts meetings that are over and still on Zoom, without those of a `closing` lease,
    which waits for nothing else; *read_again* are appointments whose recordings are read once more, the last at
    *read_again_at*, because their meetings were deleted.
    """

    lease_state: str | None
    external_id: str | None
    cooldown_until: datetime | None
    sought: Sequence[str]
    to_delete: int
    read_again: Sequence[str]
    read_again_at: datetime | None

    def __bool__(self) -> bool:
        return bool(self.lease_state or self.sought or self.to_delete or self.read_again)


LEFT = sa.text("""
SELECT l.state AS lease_state, a.external_id, l.cooldown_until,
       ARRAY(SELECT DISTINCT p.external_id FROM recordings AS r JOIN appointments AS p ON p.id = r.appointment_id
             WHERE r.account_id = c.id AND r.outcome = 'sought' ORDER BY 1 LIMIT 20) AS sought,
       (SELECT count(*) FROM meetings AS m JOIN leases AS o ON o.id = m.lease_id
        WHERE m.account_id = c.id
          AND (m.state IN ('deleting', 'unknown') AND (l.state <> 'closing' OR m.lease_id IS DISTINCT FROM l.id)
               OR m.state = 'created' AND o.account_id = c.id AND o.released_at IS NOT NULL
                  AND CAST(:deletes_finished AS boolean)
                  AND NOT EXISTS (SELECT FROM installation AS i WHERE i.deletion_stopped_at IS NOT NULL))) AS to_delete,
       ARRAY(SELECT DISTINCT p.external_id FROM recordings AS r JOIN appointments AS p ON p.id = r.appointment_id
             WHERE r.account_id = c.id AND r.recheck_at IS NOT NULL ORDER BY 1 LIMIT 20) AS read_again,
       (SELECT max(r.recheck_at) FROM recordings AS r WHERE r.account_id = c.id) AS read_again_at
FROM accounts AS c
LEFT JOIN leases AS l ON l.account_id = c.id AND l.released_at IS NULL
LEFT JOIN appointments AS a ON a.id = l.appointment_id
WHERE c.id = :account_id
""")


def left_to_do(session: Session, account_id: int, *, deletes_finished: bool) -> LeftToDo:
    """What the account has to do before it is disconnected; the same that the service goes by."""
    given = {"account_id": account_id, "deletes_finished": deletes_finished}
    return LeftToDo(**session.execute(LEFT, given).mappings().one())
