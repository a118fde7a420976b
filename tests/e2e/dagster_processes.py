"""The whole product running as a user starts it, and Dagster told what to do as its pages do it: by GraphQL."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psutil
import requests

from tests.bench.installation import Installation, installation
from tests.e2e.leftovers import until

JSON = dict[str, Any]
ENDED = ("SUCCESS", "FAILURE", "CANCELED")
SENSOR = {"repositoryName": "__repository__", "repositoryLocationName": "zoompool"}

RUNS = """query ($filter: RunsFilter) { runsOrError(filter: $filter) { __typename ... on Runs { results {
    runId jobName status parentRunId stepKeysToExecute creationTime startTime endTime tags { key value } } } } }"""
FAILURES = """query ($run: ID!) { runOrError(runId: $run) { ... on Run { eventConnection { events { __typename
    ... on ExecutionStepFailureEvent { stepKey failureMetadata { description metadataEntries { label
        ... on TableMetadataEntry { table { records } } } } } } } } } }"""
AGAIN = """mutation ($with: ReexecutionParams) { launchRunReexecution(reexecutionParams: $with) { __typename
    ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
SENSOR_STATE = """query ($sensor: SensorSelector!) { sensorOrError(sensorSelector: $sensor) {
    ... on Sensor { sensorState { id status } } } }"""
STOP = "mutation ($id: String) { stopSensor(id: $id) { __typename } }"
START = "mutation ($sensor: SensorSelector!) { startSensor(sensorSelector: $sensor) { __typename } }"


@dataclass(frozen=True)
class Run:
    """A run as Dagster's pages show it."""

    id: str
    job: str
    status: str
    parent: str | None
    steps: list[str]
    created: float
    tags: dict[str, str]


@dataclass(frozen=True)
class Failure:
    """What a failed step says."""

    step: str
    description: str
    tables: dict[str, list[JSON]]


class Dagster:
    """Dagster's webserver at *url*."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, query: str, **variables: Any) -> Any:
        """The answer to a GraphQL query or mutation: its first and only field."""
        answer = requests.post(f"{self._url}/graphql", json={"query": query, "variables": variables}, timeout=30)
        body = answer.json()
        assert "errors" not in body, body["errors"]
        [field] = body["data"].values()
        return field

    def runs(self, **matching: Any) -> list[Run]:
        """Runs by Dagster's own filter (pipelineName, tags, statuses, createdAfter), latest first."""
        found = self.ask(RUNS, filter=matching)
        assert found["__typename"] == "Runs", found
        return [
            Run(
                id=each["runId"],
                job=each["jobName"],
                status=each["status"],
                parent=each["parentRunId"],
                steps=each["stepKeysToExecute"] or [],
                created=each["creationTime"],
                tags={tag["key"]: tag["value"] for tag in each["tags"]},
            )
            for each in found["results"]
        ]

    def run(self, run_id: str) -> Run:
        """One run as it stands now."""
        [run] = self.runs(runIds=[run_id])
        return run

    def ended(self, run_id: str, *, seconds: float) -> Run:
        """A run when it has ended."""
        until(lambda: self.run(run_id).status in ENDED, seconds, f"run {run_id} ends")
        return self.run(run_id)

    def failure(self, run_id: str) -> Failure:
        """What the one failed step of a run says."""
        events = self.ask(FAILURES, run=run_id)["eventConnection"]["events"]
        [event] = [each for each in events if each["__typename"] == "ExecutionStepFailureEvent"]
        shown = event["failureMetadata"]
        tables = {each["label"]: each["table"]["records"] for each in shown["metadataEntries"] if "table" in each}
        return Failure(
            event["stepKey"],
            shown["description"],
            {label: [json.loads(record) for record in records] for label, records in tables.items()},
        )

    def execute_from_failure(self, run_id: str) -> str:
        """Press Re-execute from failure on a run; returns the id of the new one."""
        wish = {"parentRunId": run_id, "strategy": "FROM_FAILURE", "useParentRunTags": True}
        launched = self.ask(AGAIN, **{"with": wish})
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return str(launched["run"]["runId"])

    @contextmanager
    def switched_off(self, name: str) -> Iterator[None]:
        """Switch a sensor off as a person does on its page, and on again."""
        sensor = {**SENSOR, "sensorName": name}
        assert self.ask(STOP, id=self.ask(SENSOR_STATE, sensor=sensor)["sensorState"]["id"])
        try:
            yield
        finally:
            assert self.ask(START, sensor=sensor)["__typename"] == "Sensor"


@dataclass(frozen=True)
class Product:
    """Everything that runs, and the ways to ask it."""

    installation: Installation
    dagster: Dagster

    @property
    def code_server(self) -> psutil.Process:
        """The process whose children are the runs."""
        [server] = [each for each in psutil.Process().children() if "orchestration.definitions" in each.cmdline()]
        return server

    @property
    def daemon(self) -> psutil.Process:
        """The process that ticks the sensors and starts the runs."""
        [daemon] = [each for each in psutil.Process().children() if "dagster._daemon" in each.cmdline()]
        return daemon

    def run_workers(self) -> list[psutil.Process]:
        """The processes of the runs that are under way."""
        workers = []
        for each in self.code_server.children():
            with suppress(psutil.NoSuchProcess):  # a run that has just ended
                if "spawn_main" in " ".join(each.cmdline()):
                    workers.append(each)
        return workers


@contextmanager
def running(**environment: str) -> Iterator[Product]:
    """Start everything with shipped settings but for *environment*, and leave nothing behind."""
    with installation(**environment) as parts:
        # Ctrl-C is meant for the tests, which end what they have started; the supervisor would only make a note of it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        parts.sandbox.configure(latency_ms=0)
        yield Product(parts, Dagster(parts.settings.dagster_url))
        parts.world.parts.engine.dispose()  # while its server still runs
