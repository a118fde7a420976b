"""What goes to Zoom, what comes back, and whether it can be used."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from core.errors import AccountUnfit
from core.zoom.payloads import MeetingRequest, ZoomMeeting, ZoomRecording, ZoomUser, judge, new_passcode

GOOD = {
    "auto_recording": "cloud",
    "join_before_host": True,
    "waiting_room": False,
    "meeting_authentication": False,
}


def meeting(**settings: Any) -> ZoomMeeting:
    """A meeting as Zoom answers, with these settings changed."""
    body = {"id": 91234567890, "join_url": "https://zoom.example/j/91234567890?pwd=s", "settings": {**GOOD, **settings}}
    return ZoomMeeting.model_validate(body)


def request(**changes: Any) -> MeetingRequest:
    """A request for a meeting."""
    values = {
        "topic": "Consultation",
        "agenda": "zp:i:1",
        "starts_at": datetime(2026, 3, 1, 10, tzinfo=UTC),
        "minutes": 30,
        "passcode": "abcDEF2345",
    }
    return MeetingRequest(**{**values, **changes})


def test_the_request_works_with_no_host_in_the_meeting() -> None:
    """Everything that would keep guests out, or leave the meeting unrecorded, is switched off by name."""
    payload = request().payload()

    assert payload["type"] == 2
    assert payload["timezone"] == "UTC"
    assert payload["password"] == "abcDEF2345"
    assert payload["default_password"] is False
    expected = {"auto_recording": "cloud", "join_before_host": True, "jbh_time": 0, "waiting_room": False}
    expected |= {"meeting_authentication": False, "use_pmi": False, "approval_type": 2, "email_notification": False}
    assert payload["settings"].items() >= expected.items()


def test_the_start_is_sent_in_utc_whatever_zone_it_came_in() -> None:
    """Without Z Zoom would read it in the zone of the account."""
    starts_at = datetime(2026, 3, 1, 11, tzinfo=timezone(timedelta(hours=2)))

    assert request(starts_at=starts_at).payload()["start_time"] == "2026-03-01T09:00:00Z"


def test_a_long_topic_is_cut_to_what_zoom_takes() -> None:
    """200 characters, not bytes."""
    assert len(request(topic="ü" * 300).payload()["topic"]) == 200


def test_unknown_and_missing_fields_do_no_harm() -> None:
    """The documented schema leaves out uuid, host_id and status, and Zoom adds fields without notice."""
    read = ZoomMeeting.model_validate({"id": 1, "join_url": "u", "status": "paused", "settings": {"new": 1}, "x": {}})

    assert (read.id, read.uuid, read.status, read.started) == ("1", None, "paused", False)


def test_a_user_of_an_unknown_type_is_read_and_is_not_licensed() -> None:
    """No set of values is closed."""
    user = ZoomUser.model_validate({"id": "u", "account_id": 7, "email": "a@b.test", "type": 77, "status": "odd"})

    assert (user.account_id, user.licensed, user.active) == ("7", False, False)


def test_secrets_do_not_show_when_printed() -> None:
    """Join links hold the passcode, and whatever is printed ends in a log some day."""
    read = ZoomMeeting.model_validate({"id": 1, "join_url": "https://z/j/1?pwd=hidden1", "password": "hidden2"})

    assert "hidden" not in f"{read!r} {read} {request(passcode='hidden3')!r}"


def test_the_start_url_is_not_even_read() -> None:
    """It makes anybody the host."""
    read = ZoomMeeting.model_validate({"id": 1, "join_url": "u", "start_url": "https://z/s/1?zak=secret"})

    assert "secret" not in str(read.model_dump())


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"waiting_room": True}, "waiting_room"),
        ({"meeting_authentication": True}, "sign_in_forced"),
        ({"join_before_host": False}, "no_join_before_host"),
    ],
)
def test_a_meeting_that_guests_cannot_enter_makes_its_account_unfit(changed: dict[str, bool], reason: str) -> None:
    """Locked settings override the request without a word."""
    with pytest.raises(AccountUnfit) as refused:
        judge(meeting(**changed))

    assert refused.value.reason == reason
    assert "admin portal" in refused.value.next_step


@pytest.mark.parametrize(("said", "recorded"), [("cloud", True), ("none", False), ("local", False), (None, False)])
def test_a_dropped_recording_is_told_but_not_refused(said: str | None, recorded: bool) -> None:
    """A link without a recording is better than no link; the caller decides."""
    made = meeting(auto_recording=said)

    judge(made)

    assert made.recorded is recorded


def test_passcodes_fit_the_strictest_policies_and_differ() -> None:
    """Ten letters and digits, with both."""
    made = {new_passcode() for _ in range(500)}

    assert len(made) == 500
    assert all(len(each) == 10 and each.isalnum() and each.isascii() for each in made)
    assert all(any(c.isdigit() for c in each) and any(c.isalpha() for c in each) for each in made)


def test_a_recording_is_read_whatever_zoom_leaves_out() -> None:
    """Captions and timelines have no id, and what is not known yet is an empty text."""
    read = ZoomRecording.model_validate(
        {
            "uuid": "a/b==",
            "id": 91234567890,
            "duration": "",
            "auto_delete_date": "",
            "recording_files": [
                {"id": "f1", "file_type": "MP4", "file_size": 7, "recording_end": "", "status": "odd", "new": 1},
                {"file_type": "TIMELINE", "recording_start": "2026-01-01T10:00:10Z", "recording_end": ""},
                {},
            ],
        }
    )

    assert (read.id, read.duration, read.share_url, read.passcode) == ("91234567890", None, None, None)
    assert [file.key for file in read.recording_files] == ["f1", "TIMELINE:2026-01-01T10:00:10+00:00", ":"]
    assert [file.recording_end for file in read.recording_files] == [None, None, None]


def test_the_secrets_of_a_recording_do_not_show_when_printed() -> None:
    """Links, passcodes and download addresses are for those who may see the recording."""
    secret = {"share_url": "hidden1", "password": "hidden2", "recording_play_passcode": "hidden3"}
    files = [{"id": "f1", "play_url": "hidden4", "download_url": "hidden5"}]
    read = ZoomRecording.model_validate({"uuid": "u==", "id": 1, **secret, "recording_files": files})

    assert read.passcode == "hidden2"
    assert "hidden" not in f"{read!r} {read}"
