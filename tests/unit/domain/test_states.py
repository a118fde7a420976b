"""The moves between the states of a lease."""

from core.domain.states import TRANSITIONS, Lease

OPEN = [state for state in Lease if state is not Lease.RELEASED]


def reachable(start: Lease) -> set[Lease]:
    """All states that a lease can come to from *start*, *start* included."""
    found, frontier = {start}, [start]
    while frontier:
        new = TRANSITIONS[frontier.pop()] - found
        found |= new
        frontier += new
    return found


def test_every_state_has_its_moves() -> None:
    """None is forgotten."""
    assert set(TRANSITIONS) == set(Lease)


def test_every_state_can_be_reached_from_the_first() -> None:
    """A lease begins as reserved; a state that nothing leads to would be dead."""
    assert reachable(Lease.RESERVED) == set(Lease)


def test_released_is_the_end() -> None:
    """An account that was given back is leased anew; the old lease never comes back."""
    assert TRANSITIONS[Lease.RELEASED] == frozenset()


def test_no_state_leaks_an_account() -> None:
    """From everywhere there is a way to released, and cancelling is one from everywhere."""
    for state in OPEN:
        assert Lease.RELEASED in reachable(state)
        assert state is Lease.CLOSING or Lease.CLOSING in TRANSITIONS[state]


def test_a_lease_whose_meeting_may_exist_is_not_released_directly() -> None:
    """Only one under which nothing was made, whose meeting is over or confirmed gone, or that has cooled down."""
    directly = {state for state in Lease if Lease.RELEASED in TRANSITIONS[state]}
    assert directly == {Lease.RESERVED, Lease.PROCESSING, Lease.COOLDOWN, Lease.CLOSING}


def test_people_may_go_back_in() -> None:
    """The same link starts a new instance as long as its meeting exists: processing and cooldown go back to live."""
    for state in (Lease.READY, Lease.PROCESSING, Lease.COOLDOWN):
        assert Lease.LIVE in TRANSITIONS[state]
    assert Lease.READY in TRANSITIONS[Lease.LIVE]
