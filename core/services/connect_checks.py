"""What has to be true of a Zoom user before it is connected; each refusal says what to do."""

from collections.abc import Sequence

from core.errors import ConnectRefused
from core.zoom.oauth import missing_scopes
from core.zoom.payloads import UserSettings, ZoomUser

BEGIN_AGAIN = "Go back to Connections and press Connect again."
NAMED = 5


def check_scopes(granted: str) -> None:
    """Refuse a grant that lacks a permission; *granted* is Zoom's list, separated by spaces."""
    if missing := missing_scopes(granted):
        raise ConnectRefused(
            "scopes_missing",
            f"The Zoom app was not given every permission it needs; missing: {', '.join(missing)}.",
            next_step="Add these scopes to the app in Zoom's Marketplace (Scopes), then connect again.",
        )


def check_user(user: ZoomUser, expected: str, free: Sequence[str] = ()) -> None:
    """Refuse another user than the seat's, and one who cannot host with a licence.

    Args:
        expected: the seat's address.
        free: the addresses of the location's seats that can be connected.
    """
    if user.email.casefold() != expected.casefold():
        raise _wrong_user(user.email.casefold(), expected, [each for each in free if each != expected.casefold()])
    if not user.active:
        raise ConnectRefused(
            "not_active",
            f"The Zoom user {user.email} is not active ({user.status}).",
            next_step="Activate the user in Zoom's admin portal (User Management > Users), then connect again.",
        )
    if not user.licensed:
        raise ConnectRefused(
            "not_licensed",
            f"The Zoom user {user.email} has no licence, so its meetings cannot be recorded in the cloud.",
            next_step="Assign a licence in Zoom's admin portal (User Management > Users), then connect again.",
        )


def _wrong_user(signed_in: str, expected: str, others: Sequence[str]) -> ConnectRefused:
    step = f"Sign out at zoom.us, or use a private window, and connect again signed in as {expected}."
    if signed_in in others:
        step = f"Press Connect beside {signed_in}, which is a seat as well. Or: {step}"
    elif others:
        more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
        step += f" The location's other seats that are not connected: {', '.join(others[:NAMED])}{more}."
    return ConnectRefused(
        "wrong_user",
        f"Zoom was signed in as {signed_in}, but this seat is {expected}. Only issued seats can be connected, "
        "no personal accounts.",
        next_step=step,
    )


def check_settings(settings: UserSettings) -> None:
    """Refuse settings with which guests would not get in, or nothing would be recorded."""
    if not settings.cloud_recording:
        raise ConnectRefused(
            "cloud_recording_off",
            "Cloud recording is switched off for this Zoom user.",
            next_step="Switch on Settings > Recording > Cloud recording for the user in Zoom, then connect again.",
        )
    if settings.waiting_room:
        raise ConnectRefused(
            "waiting_room",
            "This Zoom user has the waiting room on: guests would wait for a host who never comes.",
            next_step="Switch off (and unlock) Settings > Meeting > Security > Waiting Room, then connect again.",
        )
    if settings.sign_in_forced:
        raise ConnectRefused(
            "sign_in_forced",
            "This Zoom user lets only signed-in people join: clients without a Zoom login would stay outside.",
            next_step="Switch off Settings > Meeting > Security > “Only authenticated users can join”, "
            "then connect again.",
        )
