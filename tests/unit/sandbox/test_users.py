"""`/users/me` and its settings."""

from tests.sandbox_process import SandboxControl
from tests.unit.sandbox.conftest import Wire, code_of


def test_me_has_what_a_connection_is_judged_by(host: Wire) -> None:
    """Ids, e-mail, type, status and verified come in Zoom's types."""
    me = host.call("GET", "/users/me").json()

    assert isinstance(me["id"], str)
    assert isinstance(me["account_id"], str)
    assert (me["email"], me["type"], me["status"], me["verified"]) == ("host@demo.example", 2, "active", 1)


def test_without_a_token_nothing_is_told(nobody: Wire) -> None:
    """Missing and made-up tokens are both 401/124."""
    assert code_of(nobody.call("GET", "/users/me")) == (401, 124)
    assert code_of(nobody.as_user("made-up").call("GET", "/users/me")) == (401, 124)


def test_a_user_level_token_must_say_me(host: Wire) -> None:
    """Even one's own id is refused."""
    own_id = host.call("GET", "/users/me").json()["id"]

    assert code_of(host.call("GET", f"/users/{own_id}")) == (400, 4711)


def test_every_answer_carries_a_tracking_id(host: Wire, nobody: Wire) -> None:
    """Refusals too, and no two are alike."""
    answers = [host.call("GET", "/users/me"), host.call("GET", "/meetings/1"), nobody.call("GET", "/users/me")]

    assert len({answer.headers["x-zm-trackingid"] for answer in answers}) == 3


def test_settings_show_what_an_administrator_locked(host: Wire, sandbox: SandboxControl) -> None:
    """A forced waiting room is seen where Zoom shows it."""
    assert host.call("GET", "/users/me/settings").json()["in_meeting"]["waiting_room"] is False
    sandbox.change_user("host@demo.example", locked={"waiting_room": True, "meeting_authentication": True})

    assert host.call("GET", "/users/me/settings").json()["in_meeting"]["waiting_room"] is True
    security = host.call("GET", "/users/me/settings", params={"option": "meeting_security"}).json()
    assert security["meeting_security"]["waiting_room"] is True
    forced = host.call("GET", "/users/me/settings", params={"option": "meeting_authentication"}).json()
    assert forced["meeting_authentication"] is True


def test_settings_can_be_changed_field_by_field(host: Wire, sandbox: SandboxControl) -> None:
    """Turning cloud recording off leaves its neighbours alone."""
    sandbox.change_user("host@demo.example", settings={"recording": {"cloud_recording": False}})
    recording = host.call("GET", "/users/me/settings").json()["recording"]

    assert recording["cloud_recording"] is False
    assert recording["local_recording"] is True


def test_a_user_who_left_the_account_can_do_nothing(host: Wire, sandbox: SandboxControl) -> None:
    """His token dies with him."""
    sandbox.delete_user("host@demo.example")

    assert code_of(host.call("GET", "/users/me")) == (401, 124)


def test_an_unknown_path_is_refused_in_zooms_shape(host: Wire) -> None:
    """404 with code and message, not a page."""
    assert code_of(host.call("GET", "/no/such/thing")) == (404, 2300)
