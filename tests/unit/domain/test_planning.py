"""How many bulk runs a tick asks for."""

import pytest

from core.domain.planning import MOST_BULK_RUNS, DueWork, bulk_runs


def work(servable: int = 0, to_mark: int = 0, stalled: int = 0, to_give_up: int = 0) -> DueWork:
    """What a tick has found."""
    return DueWork(servable, to_mark, stalled, to_give_up, ())


@pytest.mark.parametrize(
    ("due", "starting", "runs"),
    [
        (work(), 0, 0),
        (work(servable=1), 0, 1),
        (work(servable=250), 0, 1),
        (work(servable=251), 0, 2),
        (work(servable=200, stalled=51), 0, 2),
        (work(stalled=1), 0, 1),
        (work(to_mark=5000), 0, 1),
        (work(to_give_up=1), 0, 1),
        (work(servable=100, to_mark=900), 0, 1),
        (work(servable=1000), 0, 4),
        (work(servable=100_000), 0, MOST_BULK_RUNS),
        (work(servable=1000), 3, 1),
        (work(servable=1000), 4, 0),
        (work(servable=1), 7, 0),
        (work(to_mark=1), 1, 0),
    ],
)
def test_as_many_as_are_filled_less_those_on_their_way(due: DueWork, starting: int, runs: int) -> None:
    """At most four at once; marking and giving up alone fill one; what was asked for already is not asked for again."""
    assert bulk_runs(due, batch_size=250, starting=starting) == runs


def test_a_batch_size_of_one_does_not_open_the_flood_gates() -> None:
    """Forty due appointments are still four runs at once; the rest follows with the next ticks."""
    assert bulk_runs(work(servable=40), batch_size=1, starting=0) == MOST_BULK_RUNS
