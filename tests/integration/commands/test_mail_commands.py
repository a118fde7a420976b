"""Looking at mails, sending them again and correcting a client by the command line."""

from tests.integration.commands.test_commands import Run, as_json, zoompool
from tests.integration.mail.booked import CLIENT, call_off
from tests.world import World

__all__ = ["zoompool"]
HARBOUR = ("-l", "Harbour Clinic")


def test_a_preview_shows_link_and_passcode_only_when_asked(world: World, zoompool: Run) -> None:
    """A terminal remembers what it showed."""
    world.location()
    world.book()
    world.run()
    (meeting,) = world.meetings()
    number = str(world.messages()[0].id)
    status, told = zoompool("messages", "preview", number)
    assert status == 0
    assert f"To: {CLIENT}" in told and "Hello Client of A-1" in told
    assert meeting.join_url not in told

    assert meeting.join_url in zoompool("messages", "preview", number, "--with-link")[1]
    assert "BEGIN:VCALENDAR" in zoompool("messages", "preview", number, "--part", "calendar")[1]
    assert as_json(zoompool("messages", "preview", number, "--json")[1])["kind"] == "join_link"


def test_a_mail_is_sent_again_or_refused_with_a_sentence(world: World, zoompool: Run) -> None:
    """Its number is in the list."""
    world.location()
    world.book()
    world.run()
    (line,) = as_json(zoompool("messages", "list", *HARBOUR, "--appointment", "A-1", "--json")[1])
    status, told = zoompool("messages", "resend", str(line["id"]))
    assert (status, told.strip()) == (0, f"The mail is sent again to {CLIENT}; it leaves within seconds.")
    call_off(world)
    status, told = zoompool("messages", "resend", str(line["id"]))
    assert (status, told.strip()) == (1, "The appointment is cancelled.")
    assert zoompool("messages", "preview", "4711")[0] == 1


def test_a_client_is_corrected_and_what_can_be_sent_again_is_named(world: World, zoompool: Run) -> None:
    """With the command to copy."""
    world.location()
    world.book()
    world.run()
    number = world.messages()[0].id
    change = ("appointments", "change-client", "A-1", *HARBOUR)
    status, told = zoompool(*change, "--client-email", "new@clients.test")
    assert status == 0
    assert f"zoompool messages resend {number} (join_link)" in " ".join(told.split())
    assert world.appointment().client_email == "new@clients.test"

    status, told = zoompool(*change, "--client-zone", "Mars/Olympus")
    assert status == 1 and "client_zone" in told
    assert zoompool(*change)[0] == 1
