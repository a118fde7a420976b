"""Which parts make the whole, and how each is started, asked and stopped."""

import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.db.embedded import PATIENCE, answers, server_command
from core.db.embedded_home import Home
from core.settings import SANDBOX_CLIENT_ID, Settings
from core.up.databases import Databases
from core.up.part import Part
from core.up.probes import HOST, accepts_connections, daemon_beats, http_ok

ROOT = Path(__file__).parents[2]
WORKSPACE = ROOT / "workspace.yaml"
DAGSTER_YAML = ROOT / "orchestration" / "dagster.yaml"
# So that somebody who watches sees the whole life of an appointment in five minutes.
QUICK = {"cooldown": "30", "no_show_grace": "120", "rejoin_grace": "30"}
PROCESSING_SECONDS, NO_SHOW_EVERY = "20", "5"
# SIGTERM lets the code server finish the runs in flight, which take seconds; a hung one must not hold up the stop.
DRAIN_PATIENCE = 20.0


def postgresql(home: Home) -> Part:
    """The embedded server, for its owner. Its data is made here if there is none."""
    return Part(
        "PostgreSQL",
        server_command(home, {}, "18"),
        ready=lambda: answers(home),
        log=home.log,
        stop_signal=signal.SIGINT,  # the fast shutdown; SIGTERM would wait for every client to leave
        patience=30,
        start_patience=PATIENCE,
        run_as=home.run_as,
    )


@dataclass(frozen=True)
class Parts:
    """The parts beside the database. *state* is the absolute path of the state folder.

    *demo*: the practice Zoom holds meetings by its own clock, and what nobody has set is short.
    """

    settings: Settings
    state: Path
    databases: Databases
    demo: bool = False

    @property
    def dagster_home(self) -> Path:
        """Where Dagster looks for its configuration."""
        return (self.settings.dagster_home or self.state / "dagster").resolve()

    def exported(self) -> dict[str, str]:
        """What the parts have to know and cannot find out from `.env`."""
        return {
            "DATABASE_URL": self.databases.product,
            "DAGSTER_DATABASE_URL": self.databases.dagster,
            "DAGSTER_HOME": str(self.dagster_home),
            "DAGSTER_GRPC_PORT": str(self.settings.dagster_grpc_port),
            "STATE_DIR": str(self.state),
            **(self._quick() if self.demo else {}),
            "PYTHONUNBUFFERED": "1",  # the last words of a part that dies reach its log
        }

    def _quick(self) -> dict[str, str]:
        """Short waits, where nobody has set his own."""
        return {name.upper(): seconds for name, seconds in QUICK.items() if name not in self.settings.model_fields_set}

    def configure_dagster(self) -> None:
        """Put our configuration where Dagster looks for it; a DAGSTER_HOME of somebody's own keeps its own."""
        self.dagster_home.mkdir(parents=True, exist_ok=True)
        target = self.dagster_home / "dagster.yaml"
        if self.settings.dagster_home is None or not target.exists():
            shutil.copyfile(DAGSTER_YAML, target)

    def sandbox(self) -> Part:
        """The practice Zoom and its mailbox. It tells the console of what happens in meetings."""
        settings = self.settings
        options = ["--host", HOST, "--port", str(settings.sandbox_port), "--smtp-port", str(settings.sandbox_smtp_port)]
        options += ["--state", str(self.state / "sandbox.sqlite"), "--plan", settings.zoom_plan]
        if settings.zoom_client_id != SANDBOX_CLIENT_ID:
            options += ["--client-id", settings.zoom_client_id]
            options += ["--client-secret", settings.zoom_client_secret.get_secret_value()]
        if settings.public_base_url:
            options += ["--redirect-uri", settings.redirect_uri]
        options += ["--webhook-url", f"http://{HOST}:{settings.console_port}/webhooks/zoom"]
        options += ["--webhook-secret", settings.webhook_secrets[0]]
        if self.demo:
            options += ["--autopilot", "--no-show-every", NO_SHOW_EVERY, "--processing-seconds", PROCESSING_SECONDS]
        return self._python("Sandbox", "core.sandbox", *options, ready=http_ok(settings.sandbox_port, "/healthz"))

    def code_server(self) -> Part:
        """Dagster's view of our code; the runs are its children."""
        port = self.settings.dagster_grpc_port
        options = ["api", "grpc", "-m", "orchestration.definitions", "-h", HOST, "-p", str(port)]
        # It listens only once the definitions are loaded, and ends when they cannot be.
        ready = accepts_connections(port)
        return self._python("Dagster code server", "dagster", *options, ready=ready, patience=DRAIN_PATIENCE)

    def webserver(self) -> Part:
        """The Dagster UI."""
        port = self.settings.dagster_port
        options = ["-h", HOST, "-p", str(port), "-w", str(WORKSPACE)]
        return self._python("Dagster UI", "dagster_webserver", *options, ready=http_ok(port, "/server_info"))

    def daemon(self) -> Part:
        """What ticks sensors and starts runs; asked for its heartbeat through the webserver."""
        ready = daemon_beats(self.settings.dagster_port, since=time.time())
        return self._python("Dagster daemon", "dagster._daemon", "run", "-w", str(WORKSPACE), ready=ready)

    def console(self) -> Part:
        """Pages, webhooks and the API."""
        return self._python("Console", "console.app", ready=http_ok(self.settings.console_port, "/healthz"))

    def _python(self, name: str, module: str, *options: str, ready: Callable[[], bool], patience: float = 10.0) -> Part:
        # By module and this very interpreter: the scripts beside it need not be on the PATH, and name it in a first
        # line that has no room for a path with a space.
        command = [sys.executable, "-m", module, *options]
        log = self.state / "logs" / f"{name.lower().replace(' ', '-')}.log"
        return Part(name, command, ready=ready, log=log, environment=self.exported(), patience=patience)
