"""Requests that the OpenAPI document allows, and many that it does not: nothing fails on our side, and every answer is
one that the document names, with the headers, type and body that it says."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from console.api.app import create_api
from console.api.docs.examples import Examples
from console.api.docs.page import operations_of
from core.clock import utcnow
from tests.console.api.conftest import MakeProgram
from tests.console.api.given import Place, filled, furnish
from tests.world import World

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
DOCUMENT: dict[str, Any] = create_api().openapi_schema or {}
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
QUICK, LONG = 8, 80  # requests for each operation, in each mode


class Prober:
    """Sends requests to one installation and keeps what did not go as the document says."""

    def __init__(self, web: str, key: str, place: Place) -> None:
        self.web, self.place = f"{web}/api/v1", place
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {key}"
        self.wrong: list[str] = []
        self.seen: Counter[str] = Counter()

    def probe(self, operation: APIOperation, *, times: int, derandomize: bool) -> None:
        """Send what is generated from the document."""
        for mode in MODES:
            if mode == GenerationMode.NEGATIVE and not (operation.body or operation.path_parameters):
                continue  # there is nothing to do wrong

            @settings(
                max_examples=times,
                derandomize=derandomize,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode), aimed=st.booleans())
            def send(case: Case, aimed: bool) -> None:
                self._send(self._aimed(case) if aimed else case)

            send()

    def tell(self, world: World, operations: Iterable[APIOperation]) -> None:
        """The story of the documentation: each example is about what those before it made."""
        examples, ids = Examples(DOCUMENT, utcnow().date()), dict(self.place.ids)
        for operation in operations:
            answer = self._send(self._example(operation, ids))
            if answer is not None and answer.status_code >= 400:  # not so far yet in the story, but at the place it is
                self._send(self._example(operation, self.place.ids))
            made = examples.sets(operation.method, operation.path)
            if made is not None and answer is not None and answer.status_code < 400:
                ids[made] = (answer.json().get("items") or [answer.json()])[0]["id"]
            world.notify()  # meanwhile mails leave

    def _send(self, case: Case) -> Response | None:
        try:
            answer = case.call_and_validate(base_url=self.web, session=self.session, checks=CHECKS, timeout=20)
        except FailureGroup as failures:
            self.wrong += [f"{case.method} {case.path}: {failure}" for failure in failures.exceptions]
        else:
            self.seen[f"{case.method} {case.path} {answer.status_code // 100}xx"] += 1
            return answer
        return None

    def _example(self, operation: APIOperation, ids: Mapping[str, int]) -> Case:
        request = Examples(DOCUMENT, utcnow().date()).request(operation.method, operation.path)
        body = {} if request.media_type is None else {"body": filled(request.body, ids.__getitem__)}
        return operation.Case(
            path_parameters=_ids(operation.path, ids),
            query=filled(request.query, ids.__getitem__),
            media_type=request.media_type,
            **body,
        )

    def _aimed(self, case: Case) -> Case:
        """*case* with ids of what there is, where it has ids: else everything would end with 404."""
        if case.path_parameters:
            case.path_parameters.update(_ids(case.path, self.place.ids))
        if isinstance(case.body, dict):
            known = {name: self.place.ids.get(name.removesuffix("_id").upper()) for name in case.body}
            case.body.update({name: id_ for name, id_ in known.items() if id_ is not None and name.endswith("_id")})
        return case


def _ids(path: str, ids: Mapping[str, int]) -> dict[str, int]:
    nouns = [
        each.of for each in Examples(DOCUMENT, utcnow().date()).request(next(iter(DOCUMENT["paths"][path])), path).ids
    ]
    return dict(zip(re.findall(r"\{(\w+)\}", path), map(ids.__getitem__, nouns), strict=True))


def probe_everything(web: str, world: World, program: MakeProgram, *, times: int, derandomize: bool) -> None:
    """All operations: what should succeed, what ends something last; then everything else."""
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    place = furnish(world, "Mill Lane", "Antelope")
    prober = Prober(web, program("admin", per_minute=1_000_000).key or "", place)
    listed = [each for group in operations_of(DOCUMENT).values() for each in group]
    operations = {each["operationId"]: schema[each["path"]][each["method"]] for each in listed}
    prober.tell(world, operations.values())
    for operation in operations.values():
        prober.probe(operation, times=times, derandomize=derandomize)

    assert not prober.wrong, f"{len(prober.wrong)}:\n" + "\n\n".join(dict.fromkeys(prober.wrong))
    never = [name for name, each in operations.items() if not prober.seen[f"{each.method.upper()} {each.path} 2xx"]]
    assert not never, f"Every request of these was refused: {never}"


@pytest.mark.timeout(240)
def test_no_request_makes_us_fail_or_say_what_is_not_documented(web: str, world: World, program: MakeProgram) -> None:
    """The same requests with every run."""
    probe_everything(web, world, program, times=QUICK, derandomize=True)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nor_do_many_more(web: str, world: World, program: MakeProgram) -> None:
    """Others with every run."""
    probe_everything(web, world, program, times=LONG, derandomize=False)
