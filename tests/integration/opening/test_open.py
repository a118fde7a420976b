"""The main job on real input: what is due gets its meeting, its link and its mail."""

from datetime import timedelta

from tests.world import World


def test_a_due_appointment_gets_its_link_on_the_appointment_and_in_the_mail(world: World) -> None:
    """Lease, meeting with cloud recording, join link, mail."""
    world.location(accounts=1)
    world.book("A-1")

    outcomes = world.run()

    assert [each.outcome for each in outcomes] == ["ready"]
    assert world.appointment("A-1").link == "ready"
    [lease] = world.leases()
    [meeting] = world.meetings()
    [on_zoom] = world.zoom_meetings()
    assert (lease.state, meeting.state, meeting.zoom_meeting_id) == ("ready", "created", str(on_zoom["id"]))
    assert on_zoom["settings"]["auto_recording"] == "cloud"
    assert on_zoom["agenda"] == meeting.reference
    [mail] = world.sandbox.wait_for_mail("a-1@clients.test")
    assert meeting.join_url in mail["text"]
    assert world.parts.vault.decrypt(meeting.passcode) in mail["text"]
    assert [message.status for message in world.messages()] == ["sent"]


def test_no_link_exists_before_it_is_due(world: World) -> None:
    """Ten minutes before the start, not earlier."""
    world.location(accounts=1)
    world.book("A-1", starts_in=timedelta(minutes=11))

    assert world.run() == []
    assert world.appointment("A-1").link == "not_due"
    assert world.zoom_meetings() == []


def test_a_phone_appointment_gets_none(world: World) -> None:
    """Only calendars that meet on Zoom need a link."""
    world.location(accounts=1)
    world.book("A-1", calendar="Phone")

    assert world.run() == []
    assert world.appointment("A-1").link == "not_needed"
