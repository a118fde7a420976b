"""Many claimers at the same moment never hold the same mail."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.db.models import Message
from core.services.mail_claim import MailClaim
from tests.integration.mail.given import Clock, Practice

CLAIMERS = 6
ROUNDS = 15


def test_racing_claimers_share_without_overlap(sessions: sessionmaker[Session]) -> None:
    """Six claim ten each of forty, at once and again and again: nothing is held twice."""
    Practice(sessions).many(40)
    for _ in range(ROUNDS):
        gate = Barrier(CLAIMERS)
        with ThreadPoolExecutor(CLAIMERS) as pool:
            claims = list(pool.map(lambda _, gate=gate: _claim(sessions, gate), range(CLAIMERS)))

        held = [message for claim in claims for message in claim]
        assert len(held) == len(set(held))
        assert all(len(claim) <= 10 for claim in claims)
        with sessions.begin() as session:
            session.execute(sa.update(Message).values(status="queued", in_flight_since=None))


def _claim(sessions: sessionmaker[Session], gate: Barrier) -> list[int]:
    claim = MailClaim(sessions, Clock(), None)
    gate.wait(timeout=10)
    return claim.take(10, None)
