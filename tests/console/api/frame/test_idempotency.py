"""`Idempotency-Key`: a write that is sent again is answered again, and done once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from core.clock import utcnow
from core.db.models import Event, IdempotencyKey
from tests.console.api.conftest import MakeProgram, Program
from tests.console.api.frame.conftest import Writer

PATHS = ["/things", "/things/1/stop"]


def done(sessions: sessionmaker[Session]) -> list[Any]:
    """What was written, and by whom."""
    with sessions() as session:
        found = session.scalars(sa.select(Event).where(Event.kind == "thing").order_by(Event.id))
        return [(event.detail["name"], event.actor) for event in found]


@pytest.mark.parametrize("path", PATHS)
def test_the_same_again_is_answered_again_and_done_once(
    caller: Program, sessions: sessionmaker[Session], path: str
) -> None:
    """However its JSON is written; the second answer says that it is one."""
    first = caller.post(path, {"name": "a", "size": 2}, once="k-1")
    again = caller.send(
        "POST",
        path,
        headers={"Content-Type": "application/json", "Idempotency-Key": "k-1"},
        data=b'{ "size": 2,\n "name": "a" }',
    )

    assert (first.status_code, first.json()) == (201, {"name": "made a", "size": 1})
    assert (again.status_code, again.content, again.headers["Idempotent-Replayed"]) == (201, first.content, "true")
    assert "Idempotent-Replayed" not in first.headers
    assert done(sessions) == [("a", "key:booking system")]


@pytest.mark.parametrize("path", PATHS)
def test_without_the_header_it_is_done_again(caller: Program, sessions: sessionmaker[Session], path: str) -> None:
    """Nobody asked for anything else, and nothing is kept."""
    assert {caller.post(path, {"name": "a"}).status_code for _ in range(2)} == {201}
    assert len(done(sessions)) == 2
    with sessions() as session:
        assert session.scalars(sa.select(IdempotencyKey)).all() == []


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("other", "body"), [("", {"name": "b"}), ("?x=1", {"name": "a"})])
def test_the_same_key_for_another_write_is_refused(
    caller: Program, sessions: sessionmaker[Session], path: str, other: str, body: dict[str, Any]
) -> None:
    """With 422, and nothing of it is done."""
    caller.post(path, {"name": "a"}, once="k-1")
    answer = caller.post(path + other, body, once="k-1")

    assert (answer.status_code, answer.json()["type"]) == (422, "idempotency_key_reused")
    assert [name for name, _ in done(sessions)] == ["a"]


def test_keys_of_two_callers_are_two_keys(
    caller: Program, program: MakeProgram, sessions: sessionmaker[Session]
) -> None:
    """Nobody gets, or learns of, another's answer."""
    caller.post("/things", {"name": "a"}, once="k-1")
    answer = program("book", name="other").post("/things", {"name": "b"}, once="k-1")

    assert answer.json()["name"] == "made b"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("refusal", "status", "kept"),
    [
        ("conflict", 409, True),
        ("gone", 404, True),
        ("unusable", 422, False),
        ("busy", 429, False),
        ("broken", 500, False),
    ],
)
def test_refusals_are_kept_unless_trying_again_may_help(
    caller: Program, writer: Writer, sessions: sessionmaker[Session], path: str, refusal: str, status: int, kept: bool
) -> None:
    """A kept one is given again, letter by letter; nothing of what was refused stays."""
    writer.refuse = refusal
    first = caller.post(path, {"name": "a"}, once="k-1")
    assert done(sessions) == []
    writer.refuse = None
    again = caller.post(path, {"name": "a"}, once="k-1")

    assert first.status_code == status
    assert first.headers["Content-Type"] == "application/problem+json"
    assert (again.status_code, again.content == first.content) == ((status, True) if kept else (201, False))
    assert again.headers["Content-Type"] == ("application/problem+json" if kept else "application/json")
    assert len(done(sessions)) == (0 if kept else 1)


def test_a_mistake_of_ours_has_an_id_and_no_trace(
    caller: Program, writer: Writer, capfd: pytest.CaptureFixture[str]
) -> None:
    """The id leads to the log, where the trace is."""
    writer.refuse = "broken"
    answer = caller.post("/things", {"name": "a"})

    assert answer.status_code == 500 and "hidden facts" not in answer.text and "Traceback" not in answer.text
    assert answer.json()["id"] in "".join(capfd.readouterr())


@pytest.mark.parametrize("path", PATHS)
def test_a_malformed_body_uses_no_key_up(caller: Program, sessions: sessionmaker[Session], path: str) -> None:
    """It is mended and sent again under the same one."""
    assert caller.post(path, {"name": "a", "colour": "red"}, once="k-1").status_code == 422
    assert caller.post(path, {"name": "a"}, once="k-1").status_code == 201


@pytest.mark.parametrize("path", PATHS)
def test_twins_at_the_same_moment_are_done_once(
    caller: Program, writer: Writer, sessions: sessionmaker[Session], path: str
) -> None:
    """The second waits for the first or is told that it runs; either way it is done once."""
    with ThreadPoolExecutor(8) as senders:
        answers = list(senders.map(lambda _: caller.post(path, {"name": "a"}, once="k-1"), range(8)))

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json().get("type", "still_running") for answer in answers} == {"still_running"}
    assert len(done(sessions)) == 1


def test_a_write_that_is_under_way_is_not_begun_again(
    caller: Program, writer: Writer, sessions: sessionmaker[Session]
) -> None:
    """409 with when to come again; then the first one's answer."""
    writer.go.clear()
    with ThreadPoolExecutor(1) as other:
        first = other.submit(caller.post, "/things/1/stop", {"name": "a"}, once="k-1")
        assert writer.begun.wait(10)
        early = caller.post("/things/1/stop", {"name": "a"}, once="k-1")
        writer.go.set()
        assert first.result().status_code == 201

    assert (early.status_code, early.json()["type"], early.headers["Retry-After"]) == (409, "still_running", "2")
    assert caller.post("/things/1/stop", {"name": "a"}, once="k-1").content == first.result().content


@pytest.mark.parametrize(("age", "status", "times"), [(59, 409, 0), (61, 201, 1)])
def test_what_a_dead_process_began_is_taken_over_after_a_minute(
    caller: Program, sessions: sessionmaker[Session], age: int, status: int, times: int
) -> None:
    """Our operations may be begun twice; a request never takes that long."""
    caller.post("/things/1/stop", {"name": "a"}, once="k-1")
    with sessions.begin() as session:
        session.execute(sa.delete(Event).where(Event.kind == "thing"))
        session.execute(
            sa.update(IdempotencyKey).values(status=None, answer=None, created_at=utcnow() - timedelta(seconds=age))
        )

    assert caller.post("/things/1/stop", {"name": "a"}, once="k-1").status_code == status
    assert len(done(sessions)) == times


def test_answers_are_not_readable_in_the_database(caller: Program, sessions: sessionmaker[Session]) -> None:
    """They name people."""
    caller.post("/things", {"name": "Ann"}, once="k-1")
    with sessions() as session:
        [row] = session.scalars(sa.select(IdempotencyKey))

    assert row.answer is not None and b"Ann" not in row.answer


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb", "\xe9"])
def test_a_key_is_short_and_printable(caller: Program, sessions: sessionmaker[Session], key: str) -> None:
    """Named as the field at fault."""
    answer = caller.send("POST", "/things", {"name": "a"}, headers={"Idempotency-Key": key.encode("latin-1")})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].lower() == "idempotency-key"
    assert done(sessions) == []
