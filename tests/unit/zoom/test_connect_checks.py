"""Who may be connected; each refusal says what to do."""

import pytest

from core.errors import ConnectRefused
from core.services.connect_checks import check_settings, check_user
from core.zoom.payloads import UserSettings, ZoomUser


def user(**changes: object) -> ZoomUser:
    """The right user, with these changes."""
    values = {"id": "u", "account_id": "a", "email": "Seat1@Clinic.test", "type": 2, "status": "active"}
    return ZoomUser.model_validate({**values, **changes})


def test_the_right_user_passes_whatever_the_case_of_the_address() -> None:
    """Zoom keeps addresses as they were typed."""
    check_user(user(), "seat1@clinic.test")
    check_settings(UserSettings(cloud_recording=True, waiting_room=False, sign_in_forced=False))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"email": "else@clinic.test"}, "wrong_user"),
        ({"type": 1}, "not_licensed"),
        ({"type": 99}, "not_licensed"),
        ({"status": "inactive"}, "not_active"),
    ],
)
def test_another_user_or_one_who_cannot_host_is_refused(changes: dict[str, object], reason: str) -> None:
    """A word for programs, a sentence and a next step for people."""
    with pytest.raises(ConnectRefused) as refused:
        check_user(user(**changes), "seat1@clinic.test")

    assert refused.value.reason == reason
    assert refused.value.next_step.endswith(".")


def test_a_wrong_user_is_told_both_addresses() -> None:
    """Whoever is signed in with the wrong account has to see which would be right."""
    with pytest.raises(ConnectRefused, match=r"else@clinic\.test.*seat1@clinic\.test"):
        check_user(user(email="else@clinic.test"), "seat1@clinic.test")


def test_a_wrong_user_is_told_a_few_of_the_free_seats() -> None:
    """The sentence travels in a cookie, which has to stay small."""
    free = [f"seat{number}@clinic.test" for number in range(1, 9)]

    with pytest.raises(ConnectRefused) as refused:
        check_user(user(email="else@clinic.test"), "seat1@clinic.test", free)

    assert refused.value.next_step.endswith("seat2@clinic.test, seat3@clinic.test, seat4@clinic.test, "
                                            "seat5@clinic.test, seat6@clinic.test and 2 more.")  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (UserSettings(cloud_recording=False, waiting_room=False, sign_in_forced=False), "cloud_recording_off"),
        (UserSettings(cloud_recording=True, waiting_room=True, sign_in_forced=False), "waiting_room"),
        (UserSettings(cloud_recording=True, waiting_room=False, sign_in_forced=True), "sign_in_forced"),
    ],
)
def test_settings_that_would_ruin_every_meeting_are_refused(settings: UserSettings, reason: str) -> None:
    """Each names the setting to change."""
    with pytest.raises(ConnectRefused) as refused:
        check_settings(settings)

    assert refused.value.reason == reason
    assert "Settings >" in refused.value.next_step
