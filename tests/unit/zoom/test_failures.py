"""Zoom's answers become our errors by status and code."""

from datetime import UTC, datetime

import pytest

from core.errors import (
    AccountUnfit,
    MeetingLive,
    NeedsReauth,
    TokenRefused,
    ZoomError,
    ZoomNotFound,
    ZoomRateLimited,
    ZoomRejected,
    ZoomUnavailable,
)
from core.zoom.failures import TABLE, failure
from tests.unit.zoom.answers import answer, refusal

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
HOST_CAP = (
    "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this particular "
    "user. You may resume these requests at GMT 00:00:00."
)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, 124, TokenRefused),
        (401, 201, TokenRefused),
        (401, 999, TokenRefused),
        (400, 124, ZoomRejected),
        (400, 4711, NeedsReauth),
        (401, 4700, NeedsReauth),
        (404, 3001, ZoomNotFound),
        (400, 3001, ZoomNotFound),
        (404, 999, ZoomRejected),
        (400, 3002, MeetingLive),
        (400, 300, ZoomRejected),
        (404, 300, ZoomRejected),
        (400, 3000, ZoomRejected),
        (404, 3301, ZoomNotFound),
        (400, 3309, ZoomRejected),
        (400, 12702, ZoomRejected),
    ],
)
def test_status_and_code_choose_the_error(status: int, code: int, expected: type[ZoomError]) -> None:
    """The same code can mean two things under two statuses, and an unknown 404 is no proof that a meeting is gone."""
    error = failure(refusal(status, code), changes=True, now=NOW)

    assert type(error) is expected


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 3161, "licence_gone"),
        (404, 1001, "user_gone"),
        (400, 1010, "user_gone"),
        (400, 1120, "user_gone"),
        (400, 200, "no_permission"),
        (200, 200, "no_permission"),
        (403, 3306, "no_recording_permission"),
        (403, 3336, "no_recording_permission"),
    ],
)
def test_an_unfit_account_is_named_with_its_reason(status: int, code: int, reason: str) -> None:
    """What is wrong with one Zoom user is no fault of the request; HTTP 200 can carry an error, too."""
    error = failure(refusal(status, code), changes=True, now=NOW)

    assert isinstance(error, AccountUnfit)
    assert error.reason == reason
    assert error.until is None


def test_the_text_of_a_message_changes_nothing() -> None:
    """Zoom may answer in the language of the account."""
    error = failure(refusal(404, 3001, "Встреча не существует."), changes=True, now=NOW)

    assert type(error) is ZoomNotFound


def test_every_error_carries_what_support_asks_for() -> None:
    """Status, code and tracking id are on the error, and a sentence says what to do."""
    error = failure(refusal(400, 3161), changes=True, now=NOW)

    assert error is not None
    assert (error.status, error.code, error.tracking_id) == (400, 3161, "track-1")
    assert "Assign a licence" in str(error)


@pytest.mark.parametrize("entry", TABLE.values())
def test_every_entry_of_the_table_says_what_to_do_next(entry: tuple[object, str, str]) -> None:
    """No error leaves a person without a next step."""
    _, happened, next_step = entry

    assert happened.endswith(".")
    assert next_step.endswith(".")


def test_the_fields_of_a_validation_error_are_told() -> None:
    """Code 300 says which field is wrong only in its list."""
    body = {"code": 300, "message": "Validation Failed.", "errors": [{"field": "topic", "message": "Too long."}]}

    error = failure(answer(400, body), changes=True, now=NOW)

    assert "Too long." in str(error)


@pytest.mark.parametrize(
    ("status", "body", "changes", "maybe_done"),
    [
        (500, {"code": 500, "message": "Internal error."}, True, True),
        (500, {"code": 500, "message": "Internal error."}, False, False),
        (502, "<html>Bad gateway</html>", True, True),
        (201, "<html>Hello</html>", True, True),
        (200, "[]", False, False),
        (403, "<html>Blocked</html>", True, False),
        (302, "", True, False),
    ],
)
def test_what_is_no_answer_of_zoom_is_an_outage(status: int, body: object, changes: bool, maybe_done: bool) -> None:
    """After such an answer a change may have taken effect, unless the gateway refused it."""
    error = failure(answer(status, body), changes=changes, now=NOW)

    assert isinstance(error, ZoomUnavailable)
    assert error.maybe_done is maybe_done


@pytest.mark.parametrize("response", [answer(204), answer(200, {"id": 1}), answer(201, {"message": "a topic"})])
def test_a_success_is_no_error(response: object) -> None:
    """204 has no body, and a body without a code is a success."""
    assert failure(response, changes=True, now=NOW) is None  # type: ignore[arg-type]


def test_a_429_says_when_to_ask_again() -> None:
    """The header wins; without any the time is left open."""
    limited = failure(answer(429, {"code": 429, "message": "Slow."}, Retry_After="30"), changes=True, now=NOW)
    silent = failure(answer(429, {"code": 429, "message": "Slow."}), changes=True, now=NOW)
    gateway = failure(answer(429, "<html>"), changes=True, now=NOW)

    assert isinstance(limited, ZoomRateLimited)
    assert limited.retry_at == datetime(2026, 3, 1, 9, 30, 30, tzinfo=UTC)
    assert isinstance(silent, ZoomRateLimited)
    assert silent.retry_at is None
    assert isinstance(gateway, ZoomRateLimited)


def test_the_hundredth_meeting_of_a_host_benches_only_this_host_until_midnight() -> None:
    """The cap of a host comes as a 429 like any other; only its text tells."""
    error = failure(answer(429, {"code": 429, "message": HOST_CAP}), changes=True, now=NOW)

    assert isinstance(error, AccountUnfit)
    assert error.reason == "quota_spent"
    assert error.until == datetime(2026, 3, 2, tzinfo=UTC)
