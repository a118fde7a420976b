"""The order in which everything starts, on one machine and in one terminal."""

import contextlib
from pathlib import Path

import sqlalchemy as sa

from core.db.embedded import PATIENCE, ownership
from core.db.embedded_home import home_of
from core.db.engine import engine_for
from core.errors import ZoomPoolError
from core.settings import Settings
from core.up import demo
from core.up.databases import embedded_databases, given_databases
from core.up.parts import Parts, postgresql
from core.up.preflight import check_ports, only_one
from core.up.report import Report
from core.up.supervisor import PartFailed, StopRequested, Supervisor


def run_up(settings: Settings, *, stop_with_parent: bool) -> int:
    """Start everything, keep it running until somebody asks it to stop, and stop it. Returns the exit status.

    *stop_with_parent*: the end of the process that started this one, such as a killed `make`, is a wish to stop.
    Call it in the main thread, which alone receives signals.
    """
    report = Report()
    try:
        _run(settings, report, stop_with_parent=stop_with_parent)
    except StopRequested as wish:
        report.line(f"Everything has stopped ({wish}).", mark="✓", style="green")
        return 0
    except PartFailed as failure:
        reason, *tail = str(failure).splitlines()
        report.fail(reason)
        for line in tail:
            report.line(line)
    except ZoomPoolError as error:
        for line in str(error).splitlines():
            report.fail(line)
    return 1


def _run(settings: Settings, report: Report, *, stop_with_parent: bool) -> None:
    home = home_of(settings.state_dir)
    with contextlib.ExitStack() as stack:
        lock = stack.enter_context(only_one(home.state))
        check_ports(settings)
        embedded = settings.database_url is None
        owner = embedded and stack.enter_context(ownership(home, PATIENCE))
        supervisor = stack.enter_context(Supervisor(report, stop_with_parent=stop_with_parent, guard_holds=(lock,)))
        if owner:
            supervisor.start(postgresql(home))
        with report.step("Database schema"):
            databases = embedded_databases(home.socket) if embedded else given_databases(settings)
        _start(supervisor, Parts(settings, home.state, databases, demo=settings.mode == "sandbox"))
        if settings.mode == "sandbox":
            _seed(settings.model_copy(update={"database_url": databases.product}), report)
        report.table(_addresses(settings, home.state))
        supervisor.watch()


def _start(supervisor: Supervisor, parts: Parts) -> None:
    """Webserver and daemon load the code once, when they start: the code server has to be there."""
    parts.configure_dagster()
    practice = [parts.sandbox()] if parts.settings.mode == "sandbox" else []
    supervisor.start(*practice, parts.code_server())
    supervisor.start(parts.webserver(), parts.daemon(), parts.console())


def _seed(settings: Settings, report: Report) -> None:
    """Fill an empty installation with a demo."""
    assert settings.database_url
    with engine_for(settings.database_url).connect() as connection:
        if connection.scalar(sa.text("SELECT EXISTS (SELECT FROM locations)")):
            return
    with report.step("Demo: a location, its accounts and appointments"):
        demo.seed(settings)


def _addresses(settings: Settings, state: Path) -> list[tuple[str, str]]:
    rows = [("Console", settings.base_url), ("Dagster UI", settings.dagster_url)]
    if settings.mode == "sandbox":
        rows.append(("Sandbox", f"http://127.0.0.1:{settings.sandbox_port}  (practice Zoom and mailbox)"))
    return [*rows, ("Logs", str(state / "logs")), ("Stop", "Ctrl-C")]
