"""The console on a fresh database: its routes under a real server, its pages under Streamlit's own test runner."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from streamlit.testing.v1 import AppTest

import console
from console.routes import routes_app
from core.clock import utcnow
from core.settings import Settings, get_settings
from core.wiring import wiring
from tests.sandbox_process import SandboxControl
from tests.world import World

UI = Path(console.__path__[0]) / "ui.py"
OpenPage = Callable[..., AppTest]
NEXT_YEAR = utcnow().year + 1


@pytest.fixture
def use_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Settings], None]]:
    """Make settings those of this process, as its environment would."""

    def use(settings: Settings) -> None:
        monkeypatch.setitem(Settings.model_config, "env_file", None)
        for name, value in settings.model_dump(exclude_unset=True).items():
            text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            monkeypatch.setenv(name.upper(), text)
        forget()

    def forget() -> None:
        get_settings.cache_clear()
        wiring.cache_clear()

    yield use
    forget()


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The address of *app* under a real server, in this process."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline and thread.is_alive(), "the routes did not start"
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def web(settings: Settings, use_settings: Callable[[Settings], None]) -> Iterator[str]:
    """The address of the routes, served without the pages."""
    with served(routes_app()) as address:
        use_settings(settings.model_copy(update={"public_base_url": address}))
        yield address


@pytest.fixture
def world(settings: Settings, sandbox: SandboxControl, use_settings: Callable[[Settings], None]) -> World:
    """The product on the database that the pages show."""
    use_settings(settings)
    return World(settings, sandbox)


@pytest.fixture
def open_page(settings: Settings, use_settings: Callable[[Settings], None]) -> OpenPage:
    """Open a page by its file, with parameters in its address, as a browser would."""
    use_settings(settings)

    def open_(page: str, **query: str | list[str]) -> AppTest:
        visit = AppTest.from_file(UI, default_timeout=30)
        visit.switch_page(f"app_pages/{page}.py")
        for name, value in query.items():
            visit.query_params[name] = value
        visit.run()
        assert not visit.exception, visit.exception
        return visit

    return open_


def words_of(page: AppTest) -> str:
    """Everything a person can read on a page, in one text without Markdown's backslashes."""
    kinds = ("title", "header", "markdown", "caption", "metric", "error", "warning", "info", "success", "toast")
    parts = []
    for kind in kinds:
        for element in page.get(kind):
            parts += [element.proto.title] if getattr(element.proto, "title", "") else []
            parts += [element.label] if kind == "metric" else []
            parts.append(str(element.value))
    parts += [link.proto.label for link in page.get("page_link")]
    shown = [element.proto.body for element in page.get("html") if "<style" not in element.proto.body]
    parts += [re.sub("<[^>]*>", "", body) for body in shown]
    return "\n".join(parts).replace("\\", "")


def last_sunday(month: int) -> date:
    """When the clocks change in Europe next year: in March and in October."""
    last = date(NEXT_YEAR, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)
