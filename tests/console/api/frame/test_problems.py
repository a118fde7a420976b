"""Every error is an RFC 9457 problem: it names the field, says what to do, and gives an id to quote."""

from typing import Any

import pytest
import requests

from tests.console.api.conftest import Program
from tests.console.api.frame.conftest import Writer

MEMBERS = {"type", "title", "status", "detail", "next_step", "id", "errors"}


def is_a_problem(answer: requests.Response, status: int, kind: str) -> dict[str, Any]:
    """The problem, which has all its members."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.text
    body: dict[str, Any] = answer.json()
    assert set(body) >= MEMBERS and (body["status"], body["type"]) == (status, kind)
    return body


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["name"]),
        ({"name": "x" * 51}, ["name"]),
        ({"name": "a", "colour": "red", "size": "big"}, ["size", "colour"]),
        ({"name": "a\0b"}, ["name"]),
        ({"name": "\ud800"}, ["name"]),
        ([], ["body"]),
        (None, ["body"]),
    ],
)
def test_fields_at_fault_are_named(caller: Program, body: Any, fields: list[str]) -> None:
    """All of them, as the caller knows them, and unknown ones too."""
    problem = is_a_problem(caller.post("/things", body), 422, "invalid_input")

    assert [each["field"] for each in problem["errors"]] == fields
    assert problem["next_step"]


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b"NaN"])
def test_what_is_not_json_is_told_so(caller: Program, body: bytes) -> None:
    """Whatever is wrong with it."""
    answer = caller.send("POST", "/things", data=body, headers={"Content-Type": "application/json"})

    assert answer.status_code in (400, 422)
    is_a_problem(answer, answer.status_code, answer.json()["type"])


def test_a_body_without_its_type_is_not_read(caller: Program) -> None:
    """The sentence names the header that is missing."""
    problem = is_a_problem(caller.send("POST", "/things", data=b'{"name": "a"}'), 422, "invalid_input")

    assert "Content-Type: application/json" in problem["next_step"]


def test_a_refusal_of_the_product_keeps_its_words(caller: Program, writer: Writer) -> None:
    """What happened, and what to do."""
    writer.refuse = "unusable"
    problem = is_a_problem(caller.post("/things", {"name": "a"}), 422, "invalid_input")

    assert problem["errors"] == [{"field": "name", "message": "Bad."}]
