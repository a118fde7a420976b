"""Makes the test's process a process of the product, with its environment, as Dagster's own processes are."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import psycopg
import pytest

from core.db.embedded import url
from core.settings import Settings, get_settings
from core.up.parts import DAGSTER_YAML
from core.wiring import wiring
from orchestration.definitions import defs
from tests.sandbox_process import SandboxControl
from tests.world import World


@pytest.fixture
def world(settings: Settings, sandbox: SandboxControl, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A product on the fresh database, which is also the one that ops and sensors find in their environment."""
    assert settings.database_url and settings.zoom_api_url and settings.zoom_oauth_url
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("STATE_DIR", str(settings.state_dir))
    monkeypatch.setenv("ZOOM_API_URL", settings.zoom_api_url)
    monkeypatch.setenv("ZOOM_OAUTH_URL", settings.zoom_oauth_url)
    monkeypatch.setenv("SMTP_URL", settings.mail_url)
    _forget()
    yield World(wiring().settings, sandbox)
    _forget()


@pytest.fixture
def batches_of_two(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small batches: what two hundred and fifty would do is seen with two."""
    monkeypatch.setenv("BULK_BATCH_SIZE", "2")
    _forget()


def _forget() -> None:
    get_settings.cache_clear()
    wiring.cache_clear()


@dataclass(frozen=True)
class Run:
    """A run that has ended."""

    result: dg.ExecuteInProcessResult | dg.JobExecutionResult

    @property
    def id(self) -> str:
        return self.result.run_id

    @property
    def green(self) -> bool:
        return bool(self.result.success)

    @property
    def steps(self) -> list[str]:
        """The steps that were begun."""
        return [event.step_key for event in self.result.all_events if event.is_step_start and event.step_key]

    @property
    def failures(self) -> dict[str, dg.Failure | Any]:
        """By step, what it failed with: `description` and `metadata`."""
        failed = [event for event in self.result.all_events if event.is_step_failure]
        return {str(event.step_key): event.step_failure_data.user_failure_data for event in failed}

    def metadata(self, step: str) -> dict[str, Any]:
        """What a step shows: of one that went well its output's, of one that failed its failure's."""
        if step in self.failures:
            return dict(self.failures[step].metadata)
        outputs = [each for each in self.result.all_events if each.is_successful_output and each.step_key == step]
        return dict(outputs[0].step_output_data.metadata)

    def numbers(self, step: str) -> dict[str, int]:
        """The numbers among it."""
        return {label: each.value for label, each in self.metadata(step).items() if isinstance(each.value, int)}

    def table(self, step: str, label: str) -> list[dict[str, Any]]:
        """The rows of a table among it."""
        return [dict(record.data) for record in self.metadata(step)[label].records]

    def said(self) -> str:
        """Everything that Dagster keeps of the run, as text."""
        run = self.result.dagster_run
        return repr([run.tags, run.run_config, *self.result.all_events])


@dataclass
class Dagster:
    """Evaluates sensors and executes jobs against one instance, in this process."""

    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)

    def tick(self, sensor: str = "due_appointments_sensor") -> list[dg.RunRequest]:
        """The runs that a sensor requests now; none where it says why not."""
        context = dg.build_sensor_context(instance=self.instance)
        ticked = defs.resolve_sensor_def(sensor).evaluate_tick(context)
        assert ticked.run_requests or ticked.skip_message
        return list(ticked.run_requests or [])

    def run(self, request: dg.RunRequest | str = "open_due_meetings") -> Run:
        """Execute a requested run, or a job without any configuration."""
        if isinstance(request, str):
            request = dg.RunRequest(job_name=request)
        job = defs.resolve_job_def(str(request.job_name))
        result = job.execute_in_process(
            run_config=request.run_config, tags=request.tags, instance=self.instance, raise_on_error=False
        )
        return Run(result)

    def again(self, run: Run, strategy: str = "from failure") -> Run:
        """Re-execute a run as the UI does: `from failure`, or `all steps`."""
        options = dg.ReexecutionOptions(parent_run_id=run.id)
        if strategy == "from failure":
            options = dg.ReexecutionOptions.from_failure(run.id, self.instance)
        first = run.result.dagster_run
        with dg.execute_job(
            dg.reconstructable(BY_NAME[first.job_name]),
            self.instance,
            run_config=first.run_config,
            tags=first.tags,
            reexecution_options=options,
        ) as result:
            return Run(result)

    def leave(self, request: dg.RunRequest, status: dg.DagsterRunStatus) -> None:
        """Let a requested run be on its way, this far."""
        job = defs.resolve_job_def(str(request.job_name))
        self.instance.create_run_for_job(job, run_config=request.run_config, tags=request.tags, status=status)


def _open_meeting() -> dg.JobDefinition:
    return defs.resolve_job_def("open_meeting")


def _open_due_meetings() -> dg.JobDefinition:
    return defs.resolve_job_def("open_due_meetings")


# A re-execution loads its job anew, by the name of a function that makes it.
BY_NAME = {"open_meeting": _open_meeting, "open_due_meetings": _open_due_meetings}


@pytest.fixture
def dagster() -> Iterator[Dagster]:
    """Dagster with a storage of its own that is gone afterwards."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield Dagster(instance)


@pytest.fixture
def installed_dagster(world: World, server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dagster]:
    """Dagster on a PostgreSQL database of its own, configured as in production."""
    name = f"dagster_{uuid4().hex[:8]}"
    with psycopg.connect(host=str(server), user="postgres", dbname="postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        monkeypatch.setenv("DAGSTER_DATABASE_URL", url(server, name, "psycopg2"))
        _forget()
        shutil.copy(DAGSTER_YAML, tmp_path / "dagster.yaml")
        with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
            yield Dagster(instance)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
