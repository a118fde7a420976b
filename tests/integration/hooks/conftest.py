"""A life to be told of."""

import pytest

from tests.integration.lifecycle.given import Life
from tests.world import World


@pytest.fixture
def life(world: World) -> Life:
    """The product and the practice Zoom under one clock that the test moves."""
    return Life(world)
