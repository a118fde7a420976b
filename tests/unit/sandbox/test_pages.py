"""The sandbox's own pages as a browser gets them."""

import html
import smtplib
from email.message import EmailMessage

import pytest
import requests

from tests.sandbox_process import SandboxControl
from tests.unit.sandbox.conftest import Wire


def _get(wire: Wire, path: str) -> requests.Response:
    return requests.get(wire.process.url + path, timeout=10)


def _post(wire: Wire, path: str) -> requests.Response:
    return requests.post(wire.process.url + path, timeout=10)


def _status(sandbox: SandboxControl) -> str:
    return str(sandbox.meetings()[0]["state"])


def test_the_first_page_shows_everything_and_that_it_is_a_sandbox(host: Wire, sandbox: SandboxControl) -> None:
    """Accounts, meetings with their links, mails and the badge."""
    sandbox.create_user("free@demo.example")
    meeting = host.created(topic="Intake <b>")
    page = _get(host, "/").text

    assert 'class="badge">Sandbox' in page
    assert "Intake &lt;b&gt;" in page
    assert html.escape(meeting["join_url"]) in page
    assert page.count(">connected<") == 1 and page.count(">not connected<") == 1
    assert "The mailbox is empty" in page


def test_an_empty_sandbox_says_so(nobody: Wire) -> None:
    """No table of nothing."""
    page = _get(nobody, "/").text

    assert "No meetings yet" in page and "No accounts yet" in page


def test_a_mail_is_shown_without_running_it(nobody: Wire, sandbox: SandboxControl) -> None:
    """Its HTML sits escaped in a sandboxed frame that runs no scripts and fetches nothing from outside."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@demo.example", "b@demo.example", "<script>subject</script>"
    mail.set_content("Join https://zoom.example/j/1 now")
    mail.add_alternative('<p onclick="x">"Hi"</p><script>bad()</script>', subtype="html")
    with smtplib.SMTP("127.0.0.1", nobody.process.smtp_port, timeout=10) as server:
        server.send_message(mail)
    number = sandbox.mail()[0]["number"]
    page = _get(nobody, f"/mail/{number}")

    assert "<script>bad" not in page.text and "<script>subject" not in page.text
    assert "&lt;script&gt;bad()" in page.text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert 'href="https://zoom.example/j/1"' in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert f'href="/mail/{number}"' in _get(nobody, "/").text
    assert _get(nobody, "/mail/999999").status_code == 404


def test_a_guest_starts_a_meeting_that_lets_him(host: Wire, sandbox: SandboxControl) -> None:
    """Looking at the link starts nothing; the button does, and the meeting can be ended again."""
    meeting = host.created(settings={"join_before_host": True})
    path = f"/j/{meeting['id']}"

    assert "This is a practice meeting" in _get(host, path).text
    assert _status(sandbox) == "waiting"
    assert _post(host, path + "/join").status_code == 200
    assert _status(sandbox) == "started"
    _post(host, path + "/end")
    assert _status(sandbox) == "waiting"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"join_before_host": False}, "the host will let you in"),
        ({"join_before_host": True, "waiting_room": True}, "the host will let you in"),
        ({"join_before_host": True, "jbh_time": 10}, "This meeting opens at 09:50 UTC"),
    ],
)
def test_a_guest_waits_where_he_must(
    host: Wire, sandbox: SandboxControl, settings: dict[str, object], sentence: str
) -> None:
    """For the host, or for the ten minutes before the start; the host himself may begin at any time."""
    meeting = host.created(settings=settings)
    refused = _post(host, f"/j/{meeting['id']}/join")

    assert refused.status_code == 409
    assert sentence in refused.text
    assert _status(sandbox) == "waiting"
    _post(host, f"/s/{meeting['id']}/start")
    assert _status(sandbox) == "started"


def test_a_guest_of_a_busy_host_is_told(host: Wire, sandbox: SandboxControl) -> None:
    """Zoom lets a host be in one meeting at a time."""
    first, second = (host.created(settings={"join_before_host": True}) for _ in range(2))
    sandbox.start_meeting(first["id"])

    assert "another meeting in progress" in _post(host, f"/j/{second['id']}/join").text


def test_the_link_of_a_deleted_meeting_leads_nowhere(host: Wire, sandbox: SandboxControl) -> None:
    """404 in words."""
    meeting = host.created(settings={"join_before_host": True})
    sandbox.delete_meeting(meeting["id"])

    assert _get(host, f"/j/{meeting['id']}").status_code == 404
    assert "No such meeting" in _post(host, f"/j/{meeting['id']}/join").text
    assert _get(host, "/j/123").status_code == 404


def test_pages_ask_nothing_of_the_outside(host: Wire) -> None:
    """Style and script come from the sandbox itself."""
    assert _get(host, "/static/sandbox.css").status_code == 200
    assert _get(host, "/static/sandbox.js").status_code == 200
    assert "https://" not in _get(host, "/").text


def test_a_life_is_led_by_buttons(host: Wire, sandbox: SandboxControl) -> None:
    """Each button is there when it makes sense, and does what it says."""
    meeting = host.created(settings={"join_before_host": True, "auto_recording": "cloud"})["id"]

    def press(action: str, **fields: str) -> str:
        path = f"/meetings/{meeting}/{action}"
        assert f'action="{path}"' in _get(host, "/").text
        return requests.post(host.process.url + path, data=fields, timeout=10).text

    assert "Inside: Guest" in press("join")
    first = sandbox.join(meeting, "Ann <b>")
    assert "Inside: Guest" in press("leave", user_id=first)
    assert "Recording of" in press("end")
    assert "completed, 2 files" in press("finish-recording")
    assert f"/meetings/{meeting}/finish-recording" not in _get(host, "/").text
    assert "No meetings yet" in press("delete")


def test_an_account_is_used_and_taken_away_by_buttons(host: Wire, sandbox: SandboxControl) -> None:
    """By hand, and by removing the app."""
    user = sandbox.users()[0]["id"]
    _post(host, f"/users/{user}/use-by-hand")

    assert sandbox.meetings()[0]["source"] == "web_portal" and _status(sandbox) == "started"
    assert f"/users/{user}/use-by-hand" not in _get(host, "/").text
    assert ">not connected<" in _post(host, f"/users/{user}/revoke-consent").text


def test_a_button_pressed_too_late_says_so(host: Wire, sandbox: SandboxControl) -> None:
    """On the page itself."""
    meeting = host.created()["id"]
    refused = _post(host, f"/meetings/{meeting}/join")

    assert (refused.status_code, "the host will let you in" in refused.text) == (409, True)
    assert _post(host, "/meetings/1/end").status_code == 409
