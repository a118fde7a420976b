"""Names that try to be more than text, in the tables that a run shows."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.domain.alert_words import told
from core.domain.alerts import Kind, Wrong, title
from core.services.opening.one import StillWaiting
from core.services.opening.run import Outcome
from orchestration.tables import outcome_table, waiting_table

AT = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
HOSTILE = ["<img src=x onerror=alert(1)>", "**b** [x](javascript:alert(1))", "[bold]x[/]", "x" * 200, "👩‍⚕️ 客人"]


def rows(table: Any) -> list[dict[str, Any]]:
    """What Dagster stores of a table."""
    return [dict(record.data) for record in table.records]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_one_cell_of_text(name: str) -> None:
    """Dagster shows the cells of a table as they are; Markdown, which it would draw, is used for none."""
    waiting = StillWaiting(appointment_id=1, external_id=name, location=name, starts_at=AT, reason="no_free_account")
    [row] = rows(waiting_table([waiting]))
    assert (row["appointment"], row["location"], row["starts"]) == (name, name, "00:30 UTC")
    [row] = rows(outcome_table([Outcome(1, name, name, "failed", name)]))
    assert list(row.values()) == [name, name, "failed", name]


@pytest.mark.parametrize("name", HOSTILE)
def test_an_alert_names_it_as_it_is(name: str) -> None:
    """Alerts are handed on as plain text, so that each target escapes what it has to."""
    wrong = Wrong(Kind.POOL_SHORT, names=(name,), location=name, at=AT)
    assert name in told(wrong).text and name in title(wrong.kind, location=name)
