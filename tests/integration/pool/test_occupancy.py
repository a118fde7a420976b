"""The states of accounts over time come out of SQL as they do when somebody counts account by account."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from core.db.read.occupancy import COLUMNS, with_occupancy
from tests.integration.pool.given import BEGIN, NOW, History, counted, histories, three_accounts, write

SELECT = with_occupancy("SELECT * FROM occupancy ORDER BY scope, from_at")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories(), step=st.sampled_from([15, 60, 180]))
def test_averages_and_peaks_are_those_of_a_naive_count(
    sessions: sessionmaker[Session], history: History, step: int
) -> None:
    """Exactly, whatever the bucket: states that overlap a boundary, that follow one another at once, and open ones."""
    with sessions() as session:
        location, accounts = three_accounts(session)
        write(session, history, location, accounts)
        values = {"since": BEGIN, "until": NOW, "now": NOW, "seconds": step * 60, "location": location, "apart": False}
        rows = session.execute(SELECT, values).mappings().all()
        session.rollback()

    assert [row["from_at"] for row in rows] == [BEGIN + timedelta(minutes=m) for m in range(0, 12 * 60, step)]
    for row, expected in zip(rows, counted(history, step), strict=True):
        assert row["peak"] == expected["peak"]
        for name in COLUMNS:
            assert row[name] == pytest.approx(expected.get(name, 0), abs=1e-6), name
