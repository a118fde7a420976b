"""A browser for each module of journeys, and visitors in it whose every problem fails the test."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.journeys.chromium import browser
from tests.journeys.visitor import Visitor

Visit = Callable[[str], Visitor]


# Not for the whole session: while Playwright runs, no other test of this thread may use asyncio.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The running browser."""
    with browser() as running:
        yield running


@pytest.fixture
def visit(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Somebody at the console with that address, who knows nothing of earlier visits."""
    visitors: list[Visitor] = []

    def visit_(address: str) -> Visitor:
        context = chromium.new_context(
            viewport={"width": 1440, "height": 1000},
            locale="en-GB",
            reduced_motion="reduce",
            permissions=["clipboard-read", "clipboard-write"],
        )
        visitors.append(Visitor(context, address))
        return visitors[-1]

    yield visit_
    for number, visitor in enumerate(visitors, 1):
        visitor.picture(f"end-of-{request.node.name}-{number}")
        visitor.page.context.close()
    assert not [problem for visitor in visitors for problem in visitor.problems]
