"""Zoom's events arrive: verified, kept once, answered after the commit."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.orm import Session, sessionmaker

from core.db.engine import engine_for
from core.db.models import InboxEvent
from core.settings import SANDBOX_WEBHOOK_SECRET, Settings
from core.zoom.signatures import validation_answer
from tests import zoom_events as zoom
from tests.sandbox_control import SandboxControl
from tests.world import World

ZOOM_LISTENS = 3.0  # seconds
UseSettings = Callable[[Settings], None]


def deliver(web: str, content: dict[str, Any] | bytes, **signing: Any) -> requests.Response:
    """Send *content* as Zoom does."""
    body, headers = zoom.signed(content, **signing)
    return requests.post(f"{web}/webhooks/zoom", data=body, headers=headers, timeout=10)


def kept(sessions: sessionmaker[Session]) -> list[InboxEvent]:
    """The inbox, oldest first."""
    with sessions() as session:
        return list(session.scalars(sa.select(InboxEvent).order_by(InboxEvent.id)))


@contextmanager
def locked_inbox(sessions: sessionmaker[Session]) -> Iterator[None]:
    """Nobody can write into the inbox while the block runs."""
    with sessions.begin() as session:
        session.execute(sa.text("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE"))
        yield


def test_a_signed_event_is_kept(web: str, sessions: sessionmaker[Session]) -> None:
    """With what connects it to Zoom's own log, and an answer that says nothing."""
    answer = deliver(web, zoom.event("meeting.started"))

    assert (answer.status_code, answer.content) == (200, b"")
    [row] = kept(sessions)
    assert (row.event, row.zoom_meeting_id, row.tracking_id) == (
        "meeting.started",
        zoom.MEETING,
        "v=2.0;clid=aw1;rid=WEB_1",
    )


def test_a_doubled_event_is_kept_once_and_answered_like_the_first(web: str, sessions: sessionmaker[Session]) -> None:
    """Also when Zoom signs it anew, and when the twin has other download addresses."""
    contents = [zoom.recording(named="one"), zoom.recording(named="one"), zoom.recording(named="two")]
    answers = [deliver(web, content, at=time.time() - 60 * place) for place, content in enumerate(contents)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len(kept(sessions)) == 1


def test_twins_at_the_same_moment_are_one_event(web: str, sessions: sessionmaker[Session]) -> None:
    """They come from two of Zoom's addresses at once."""
    with ThreadPoolExecutor(16) as senders:
        answers = list(senders.map(lambda number: deliver(web, zoom.recording(named=str(number))), range(32)))

    assert {answer.status_code for answer in answers} == {200}
    assert len(kept(sessions)) == 1


@pytest.mark.parametrize("content", [zoom.event("meeting.of_the_future"), zoom.event("user.deleted", id="U9")])
def test_an_event_that_nobody_knows_is_kept(web: str, sessions: sessionmaker[Session], content: dict[str, Any]) -> None:
    """An error would make Zoom give the endpoint up; perhaps a later version understands it."""
    assert deliver(web, content).status_code == 200
    assert [row.event for row in kept(sessions)] == [content["event"]]


def test_the_old_and_the_new_secret_are_accepted(
    web: str, sessions: sessionmaker[Session], settings: Settings, use_settings: UseSettings
) -> None:
    """While the secret is changed in the Marketplace; the practice Zoom's own is no longer."""
    old, new = SecretStr("the-old-secret-of-zoom"), SecretStr("the-new-secret-of-zoom")
    use_settings(
        settings.model_copy(update={"zoom_webhook_secret_token": new, "zoom_webhook_secret_token_previous": old})
    )

    answers = [
        deliver(web, zoom.event("meeting.started"), secret=old.get_secret_value()),
        deliver(web, zoom.event("meeting.ended"), secret=new.get_secret_value()),
        deliver(web, zoom.event("meeting.created")),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 401]
    assert [row.event for row in kept(sessions)] == ["meeting.started", "meeting.ended"]


def test_the_endpoint_is_validated(
    web: str, sessions: sessionmaker[Session], settings: Settings, use_settings: UseSettings
) -> None:
    """With the secret that signed the question; nothing is kept of it."""
    old, new = SecretStr("the-old-secret-of-zoom"), SecretStr("the-new-secret-of-zoom")
    use_settings(
        settings.model_copy(update={"zoom_webhook_secret_token": new, "zoom_webhook_secret_token_previous": old})
    )
    question = zoom.event("endpoint.url_validation", payload={"plainToken": "qgg8vlvZRS6UYooatFL8Aw"})

    for secret in (old.get_secret_value(), new.get_secret_value()):
        answer = deliver(web, question, secret=secret)

        assert answer.status_code == 200
        assert answer.json() == validation_answer(secret, "qgg8vlvZRS6UYooatFL8Aw")
    assert deliver(web, question, secret="somebody").status_code == 401
    assert kept(sessions) == []


@pytest.mark.parametrize("minutes", [-91, 91])
def test_what_was_signed_long_ago_or_far_ahead_is_refused(
    web: str, sessions: sessionmaker[Session], minutes: int
) -> None:
    """Somebody may have recorded it."""
    answer = deliver(web, zoom.event("meeting.started"), at=time.time() + 60 * minutes)

    assert (answer.status_code, answer.content) == (401, b"")
    assert kept(sessions) == []


def test_zooms_last_retry_is_accepted(web: str) -> None:
    """It comes after 85 minutes, perhaps with the signature of the first try."""
    assert deliver(web, zoom.event("meeting.started"), at=time.time() - 85 * 60).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"x-zm-signature": None},
        {"x-zm-request-timestamp": None},
        {"x-zm-signature": "v0=" + "0" * 64},
        {"x-zm-signature": "v0=\xe9"},
        {"x-zm-request-timestamp": "soon"},
        {"x-zm-request-timestamp": "9" * 400},
    ],
)
def test_an_event_that_is_not_zooms_is_refused_without_a_word(
    web: str, sessions: sessionmaker[Session], change: dict[str, str | None]
) -> None:
    """Missing, wrong or nonsense: the answer is the same and helps nobody to guess."""
    body, headers = zoom.signed(zoom.event("meeting.started"))
    given = {name: value.encode("latin-1") for name, value in {**headers, **change}.items() if value is not None}

    answer = requests.post(f"{web}/webhooks/zoom", data=body, headers=given, timeout=10)

    assert (answer.status_code, answer.content) == (401, b"")
    assert kept(sessions) == []


def test_the_signature_is_looked_at_before_the_body(web: str) -> None:
    """Who is not Zoom does not learn what we understand."""
    assert deliver(web, b"{", secret="somebody").status_code == 401


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"event":"meeting.started"}', b"\xff", b"[" * 100_000])
def test_what_is_signed_but_malformed_is_refused(web: str, sessions: sessionmaker[Session], body: bytes) -> None:
    """Sending it again would not help."""
    answer = deliver(web, body)

    assert answer.status_code == 400
    assert answer.json()["error"]
    assert kept(sessions) == []


@pytest.mark.parametrize("token", [None, 7, "half a \ud800"])
def test_a_validation_without_a_token_is_malformed(web: str, token: object) -> None:
    """There is nothing to encrypt."""
    assert deliver(web, zoom.event("endpoint.url_validation", payload={"plainToken": token})).status_code == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_events_are_posted(web: str, method: str) -> None:
    """The address exists, for one method."""
    answer = requests.request(method, f"{web}/webhooks/zoom", timeout=10)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_long_day_of_recordings_fits(web: str, sessions: sessionmaker[Session]) -> None:
    """150 files with addresses as long as Zoom's stay well below the limit of a body."""
    content = zoom.recording(files=150)

    assert len(zoom.signed(content)[0]) > 150_000
    assert deliver(web, content).status_code == 200
    assert len(kept(sessions)) == 1


def test_nobody_is_answered_before_the_commit(web: str, sessions: sessionmaker[Session]) -> None:
    """Neither the event that is being written nor those that wait for the next transaction."""
    with ThreadPoolExecutor(8) as senders:
        with locked_inbox(sessions):
            answers = [senders.submit(deliver, web, zoom.event("meeting.started", uuid=f"{n}==")) for n in range(8)]
            early: set[Future[requests.Response]] = wait(answers, timeout=1).done
        assert not early
        assert {answer.result().status_code for answer in answers} == {200}

    assert len(kept(sessions)) == 8


def test_while_nothing_can_be_written_zoom_is_told_in_time_to_come_again(
    web: str, sessions: sessionmaker[Session]
) -> None:
    """It does not listen for longer than three seconds; what it sends again later is kept."""
    with locked_inbox(sessions):
        start = time.monotonic()
        answer = deliver(web, zoom.event("meeting.started"))
        took = time.monotonic() - start

    assert (answer.status_code, answer.json()) == (503, {"error": "The event was not stored."})
    assert took < ZOOM_LISTENS
    assert deliver(web, zoom.event("meeting.started")).status_code == 200
    assert len(kept(sessions)) == 1


def test_a_database_that_is_down_is_no_answer(web: str, settings: Settings, use_settings: UseSettings) -> None:
    """Not 200, and no word of where it is."""
    nowhere = "postgresql+psycopg://nobody:hidden@127.0.0.1:1/none"
    use_settings(settings.model_copy(update={"database_url": nowhere}))

    answer = deliver(web, zoom.event("meeting.started"))

    assert (answer.status_code, answer.json()) == (503, {"error": "The event was not stored."})
    engine_for(nowhere).dispose()


def test_one_event_that_the_database_refuses_does_not_take_others_along(
    web: str, sessions: sessionmaker[Session]
) -> None:
    """Those that shared its transaction are committed without it."""
    with sessions.begin() as session:
        session.execute(sa.text("ALTER TABLE inbox ADD CONSTRAINT strict CHECK (zoom_uuid <> 'bad==')"))

    with ThreadPoolExecutor(8) as senders:
        with locked_inbox(sessions):  # they gather
            names = [f"{number}==" for number in range(7)] + ["bad=="]
            answers = [senders.submit(deliver, web, zoom.event("meeting.started", uuid=name)) for name in names]
            wait(answers, timeout=1)
        statuses = [answer.result().status_code for answer in answers]

    assert statuses == [200] * 7 + [503]
    assert sorted(str(row.zoom_uuid) for row in kept(sessions)) == names[:7]


def test_no_connection_is_held_between_events(web: str, sessions: sessionmaker[Session]) -> None:
    """However many come at once, one transaction writes at a time, and none stays open."""
    with ThreadPoolExecutor(16) as senders:
        list(senders.map(lambda n: deliver(web, zoom.event("meeting.started", uuid=f"{n}==")), range(64)))

    assert sessions.kw["bind"].pool.checkedout() == 0


def test_logs_keep_what_the_events_hold_to_themselves(
    web: str, sessions: sessionmaker[Session], capfd: pytest.CaptureFixture[str]
) -> None:
    """No passcode, no download token, no name and no signature, whether it is kept, refused or not written."""
    deliver(web, zoom.recording())
    deliver(web, zoom.recording(), secret="somebody")
    deliver(web, {**zoom.recording(), "event_ts": "hidden-time"})
    with locked_inbox(sessions):
        deliver(web, zoom.recording(named="other", files=3))

    said = "".join(capfd.readouterr())
    assert "webhook_refused" in said and "webhook_not_kept" in said
    for secret in ("hidden", "Ann", "v0=", "sandbox-webhook-secret", "webhook_download"):
        assert secret not in said


def test_the_practice_zoom_and_the_endpoint_understand_each_other(
    web: str, world: World, sandbox: SandboxControl, sessions: sessionmaker[Session]
) -> None:
    """It validates the address, and a whole meeting's events arrive, each delivered twice and kept once."""
    world.location(accounts=1)
    world.book()
    world.run()
    [meeting] = world.meetings()
    sandbox.subscribe(f"{web}/webhooks/zoom", SANDBOX_WEBHOOK_SECRET)
    sandbox.double_webhooks()

    assert sandbox.validate_webhook_url()["valid"] is True
    sandbox.join(str(meeting.zoom_meeting_id), force=True)
    sandbox.end_meeting(str(meeting.zoom_meeting_id))
    sandbox.finish_recording(str(meeting.zoom_meeting_id))
    delivered = sandbox.wait_for_webhooks()

    rows = kept(sessions)
    assert {"meeting.started", "meeting.participant_joined", "meeting.ended", "recording.completed"} <= {
        row.event for row in rows
    }
    assert {row.zoom_meeting_id for row in rows} == {str(meeting.zoom_meeting_id)}
    assert (delivered["delivered"], delivered["failed"]) == (2 * len(rows), 0)
