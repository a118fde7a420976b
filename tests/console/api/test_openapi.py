"""The OpenAPI document says of every operation what it is called, who may call it and how it can end."""

from typing import Any

import pytest

from console.api.app import create_api

DOCUMENT: dict[str, Any] = create_api().openapi_schema or {}
OPERATIONS = [
    pytest.param(method, path, operation, id=operation["operationId"])
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
]


def test_it_is_version_3_1_and_asks_for_a_key() -> None:
    """Everywhere."""
    assert DOCUMENT["openapi"].startswith("3.1") and DOCUMENT["security"] == [{"key": []}]


def test_the_names_of_operations_are_unique_and_tidy() -> None:
    """Programs are generated from them."""
    names = [operation["operationId"] for _, _, operation in (each.values for each in OPERATIONS)]

    assert len(names) == len(set(names))
    assert all(name.isalpha() and name[0].islower() for name in names)


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_an_operation_is_described(method: str, path: str, operation: dict[str, Any]) -> None:
    """In words, with every way in which it can be refused."""
    answers = operation["responses"]

    assert operation["summary"] and operation["description"] and len(operation["tags"]) == 1
    assert operation["x-access"] in ("read", "book", "admin")
    assert any(status.startswith("2") for status in answers)
    assert {"401", "403", "404", "422", "429", "500", "503"} <= set(answers)
    assert all("$ref" in answer for status, answer in answers.items() if not status.startswith("2"))


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_a_write_takes_an_idempotency_key_and_more_than_a_key_that_reads(
    method: str, path: str, operation: dict[str, Any]
) -> None:
    """All that is not about appointments and their mails is for admins alone; the booking systems' addresses, too."""
    if method == "get":
        assert operation["x-access"] == ("admin" if operation["tags"] == ["Outgoing webhooks"] else "read")
        return
    assert "idempotency-key" in {each["name"].lower() for each in operation.get("parameters", ())}
    about_appointments = path.split("/")[1] in ("appointments", "messages")
    assert operation["x-access"] == ("book" if about_appointments else "admin")


@pytest.mark.parametrize(
    ("name", "schema"), sorted(DOCUMENT["components"]["schemas"].items()), ids=sorted(DOCUMENT["components"]["schemas"])
)
def test_objects_refuse_what_they_do_not_know(name: str, schema: dict[str, Any]) -> None:
    """Except problems, which may say more."""
    assert schema["description"]
    if "properties" in schema and name not in ("Problem", "ProblemBody", "FieldProblem"):
        assert schema["additionalProperties"] is False
