"""Rescheduling: the old link is dead and its account free at once; the new time gets one mail at the right moment."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Appointment, AppointmentRevision, Event, Message
from core.errors import Conflict, InvalidInput, MeetingInProgress, NotFound, StaleState
from core.services.reschedule import Rescheduled, reschedule
from core.services.vacate import Vacated
from tests.integration.booking.test_cancelling import cancelled, entered, opened, settled
from tests.world import TEST, World

HOUR = timedelta(hours=1)
CLIENT = "a-1@clients.test"
SOON = timedelta(minutes=8)
MINUTE = timedelta(minutes=1)


def moved(
    world: World,
    starts_at: datetime | None = None,
    *,
    by: timedelta = HOUR,
    ends_at: datetime | None = None,
    **said: Any,
) -> Rescheduled:
    """Reschedule as a person at the console would, by default to an hour later and as long as before."""
    parts, booked = world.parts, world.appointment("A-1")
    starts_at = starts_at or booked.starts_at + by
    return reschedule(
        parts.sessions,
        parts.zoom,
        location="Harbour Clinic",
        external_id="A-1",
        starts_at=starts_at,
        ends_at=ends_at or starts_at + (booked.ends_at - booked.starts_at),
        actor=TEST,
        hours=parts.hours,
        clock=utcnow,
        **said,
    )


def in_(delay: timedelta) -> datetime:
    """That long from now, as bookings are written."""
    return (utcnow() + delay).replace(microsecond=0)


def revisions(world: World) -> list[AppointmentRevision]:
    """The history of the appointment."""
    return world.all(AppointmentRevision)


def test_before_the_link_was_opened_only_the_time_changes(world: World) -> None:
    """No call to Zoom, no mail: nobody has heard of it by us."""
    world.location()
    booked = world.book("A-1", starts_in=HOUR)

    done = moved(world)

    assert (done.changed, done.revision, done.account) == ("start", 2, Vacated())
    assert world.sandbox.stats()["answers"] == {}
    assert world.messages() == []
    first, second = revisions(world)
    assert (first.outcome, second.outcome) == ("rescheduled", None)
    assert second.starts_at == booked.starts_at + HOUR
    assert second.due_at == second.starts_at - timedelta(minutes=10)
    assert len(world.all(Event, kind="appointment_rescheduled")) == 1


def test_an_opened_link_dies_its_account_is_free_and_the_client_hears_of_it(world: World) -> None:
    """At once: the meeting is gone, another appointment has the account, one notice leaves."""
    opened(world)

    assert moved(world).account.free

    assert world.zoom_meetings() == []
    [lease] = world.leases()
    assert (lease.state, lease.release_reason, lease.revision) == ("released", "rescheduled", 1)
    appointment = world.appointment("A-1")
    assert (appointment.status, appointment.link, appointment.revision) == ("booked", "not_due", 2)
    world.book("A-2")
    assert [outcome.outcome for outcome in world.run()] == ["ready"]
    _, notice = world.sandbox.wait_for_mail(CLIENT, count=2)
    assert notice["subject"].startswith("New time: your appointment is on")
    assert "The link we sent you before no longer works." in notice["text"]
    assert "10 minutes before the appointment begins" in notice["text"]
    assert "America/New_York" in notice["text"]


def test_the_new_time_gets_a_new_link_ten_minutes_before(world: World) -> None:
    """Not earlier; and its mail says that it replaces the first."""
    opened(world)
    moved(world)
    world.notify()
    new_start = world.appointment("A-1").starts_at

    assert world.run(now=new_start - timedelta(minutes=10, seconds=1)) == []
    [outcome] = world.run(now=new_start - timedelta(minutes=10))

    assert outcome.outcome == "ready"
    _, _, new = world.sandbox.wait_for_mail(CLIENT, count=3)
    assert "replaces the one we sent you before" in new["text"]
    assert new["subject"].startswith("Your link to join on"), "the notice has told the new time"
    assert [lease.revision for lease in world.leases()] == [1, 2]
    assert [each.outcome for each in revisions(world)] == ["on_time", "on_time"]


def test_moved_into_the_next_ten_minutes_one_mail_says_both(world: World) -> None:
    """It is due at once, so the new link and the new time leave together."""
    opened(world)

    assert moved(world, in_(SOON)).changed == "start"
    assert [outcome.outcome for outcome in world.run()] == ["ready"]

    _, new = world.sandbox.wait_for_mail(CLIENT, count=2)
    assert new["subject"].startswith("New time: your link to join on")
    assert "this is its new time" in new["text"] and "replaces the one we sent you before" in new["text"]
    world.notify(now=utcnow() + 2 * MINUTE)
    assert [(message.kind, message.status, message.reason) for message in world.messages()] == [
        ("join_link", "sent", None),
        ("moved", "dropped", "link_sent"),
        ("join_link", "sent", None),
    ]
    second = revisions(world)[1]
    assert second.outcome == "on_time", "due from the move on, not from before it"


def test_moved_into_the_next_ten_minutes_without_a_free_account_the_notice_goes_ahead(world: World) -> None:
    """The old link is dead, and nobody can say when there will be a new one."""
    opened(world)
    moved(world, in_(SOON))
    world.book("A-2", starts_in=MINUTE)
    world.allocate()

    world.notify()
    assert world.sandbox.mail_count() == 1, "the link itself may still be on its way"
    world.notify(now=utcnow() + 2 * MINUTE)
    _, notice = world.sandbox.wait_for_mail(CLIENT, count=2)
    assert "no longer works" in notice["text"] and "before the appointment begins" not in notice["text"]


def test_a_link_that_had_not_left_needs_no_notice(world: World) -> None:
    """Its mail is withdrawn; nobody knows a time to be corrected."""
    world.location()
    world.book("A-1")
    world.allocate(run_id="run")
    world.create("run")

    moved(world)
    world.notify()

    assert [(message.kind, message.status, message.reason) for message in world.messages()] == [
        ("join_link", "dropped", "moved")
    ]
    assert world.sandbox.mail_count() == 0


def test_moved_twice_before_the_first_notice_left_one_notice_leaves(world: World) -> None:
    """The client reads the last time only."""
    opened(world)
    moved(world)
    moved(world)
    world.notify()

    world.sandbox.wait_for_mail(CLIENT, count=2)
    kinds = [(message.kind, message.revision, message.status) for message in world.messages()]
    assert kinds == [("join_link", 1, "sent"), ("moved", 2, "dropped"), ("moved", 3, "sent")]


def test_cancelled_after_a_notice_the_client_is_told_of_that_too(world: World) -> None:
    """Whoever has a time from us has to know that it does not hold, link or no link."""
    opened(world)
    moved(world)
    world.notify()
    with world.parts.sessions.begin() as session:  # as if the only mail ever sent had been the notice
        session.execute(sa.update(Message).where(Message.kind == "join_link").values(status="dropped"))

    cancelled(world)
    world.notify()

    notice = world.sandbox.mail(CLIENT)[-1]
    assert notice["subject"].startswith("Cancelled")
    assert "no longer works" not in notice["text"], "no link was sent"


def test_the_same_time_again_changes_nothing(world: World) -> None:
    """A caller that got no answer may ask again."""
    opened(world)
    first = moved(world)

    again = moved(world, first.starts_at, ends_at=first.ends_at)

    assert (again.changed, again.revision) == ("nothing", 2)
    assert len(revisions(world)) == 2
    assert len(world.all(Event, kind="appointment_rescheduled")) == 1


def test_another_end_alone_leaves_the_link(world: World) -> None:
    """The meeting stays, also while people are inside; what counts from the end counts from the new one."""
    meeting = opened(world)
    world.sandbox.start_meeting(meeting)
    booked = world.appointment("A-1")
    longer = booked.ends_at + timedelta(minutes=15)

    done = moved(world, booked.starts_at, ends_at=longer)

    assert (done.changed, done.revision) == ("end", 1)
    assert world.appointment("A-1").ends_at == revisions(world)[0].ends_at == longer
    [lease] = world.leases()
    assert lease.state == "ready" and lease.look_at is not None
    assert [meeting["state"] for meeting in world.zoom_meetings()] == ["started"]


def test_a_link_that_waits_to_leave_may_do_so_until_the_new_end(world: World) -> None:
    """It is of use for as long as the appointment lasts."""
    world.location()
    booked = world.book("A-1")
    world.allocate(run_id="run")
    world.create("run")
    longer = booked.ends_at + HOUR

    moved(world, booked.starts_at, ends_at=longer)

    assert [message.give_up_at for message in world.messages()] == [longer]


def test_while_people_are_inside_nothing_is_changed(world: World) -> None:
    """Whoever moves it has to decide to end their meeting first."""
    meeting = opened(world)
    world.sandbox.start_meeting(meeting)

    with pytest.raises(MeetingInProgress):
        moved(world)

    assert world.appointment("A-1").revision == 1
    assert len(revisions(world)) == 1
    assert [lease.state for lease in world.leases()] == ["ready"]


def test_told_to_the_meeting_is_ended_and_its_recording_awaited(world: World) -> None:
    """The old lease goes on under the first revision, and the new time gets an account of its own."""
    meeting = opened(world)
    world.connect("Harbour Clinic", ["seat2@harbour-clinic.test"], zoom_account="harbour-clinic")
    world.sandbox.start_meeting(meeting)

    done = moved(world, in_(SOON), end_meeting=True)
    world.run()

    assert done.account == Vacated(free=False, held=True)
    assert [(lease.revision, lease.state) for lease in world.leases()] == [(1, "ready"), (2, "ready")]
    assert sorted(meeting["state"] for meeting in world.zoom_meetings()) == ["waiting", "waiting"]
    assert world.appointment("A-1").link == "ready"


def test_a_meeting_that_did_not_end_is_ended_by_asking_again(world: World) -> None:
    """The meeting of the new time, whoever is in it by then, is not meant."""
    meeting = opened(world)
    world.connect("Harbour Clinic", ["seat2@harbour-clinic.test"], zoom_account="harbour-clinic")
    world.sandbox.start_meeting(meeting)
    world.sandbox.fault({"status": 503}, method="PUT", path_regex="/status$")
    first = moved(world, in_(SOON), end_meeting=True)
    assert first.account.still_inside
    world.run()
    [new] = [each["id"] for each in world.zoom_meetings() if each["id"] != meeting]
    world.sandbox.start_meeting(new)
    world.sandbox.clear_faults()

    again = moved(world, first.starts_at, ends_at=first.ends_at, end_meeting=True)

    assert (again.changed, again.account.still_inside) == ("nothing", False)
    assert {each["id"]: each["state"] for each in world.zoom_meetings()} == {meeting: "waiting", new: "started"}


def test_what_was_tried_out_is_not_deleted_before_its_recording_is_final(world: World) -> None:
    """The old lease goes through processing."""
    opened(world)
    entered(world, left=True)

    assert moved(world).account == Vacated(free=False, held=True)

    assert len(world.zoom_meetings()) == 1
    assert [lease.state for lease in world.leases()] == ["ready"]


def test_while_zoom_is_down_the_old_account_is_closing_and_the_new_time_does_not_wait_for_it(world: World) -> None:
    """The closing lease is of the old revision; the new one is leased another account."""
    opened(world)
    world.connect("Harbour Clinic", ["seat2@harbour-clinic.test"], zoom_account="harbour-clinic")
    outage = world.sandbox.fault({"status": 503}, path_regex="/v2/meetings/")

    assert not moved(world, in_(SOON)).account.free
    world.run()

    assert [(lease.revision, lease.state) for lease in world.leases()] == [(1, "closing"), (2, "ready")]
    world.sandbox.remove_fault(outage)
    assert settled(world, later=timedelta(minutes=2)) == ["gone"]
    assert [(lease.revision, lease.state) for lease in world.leases()] == [(1, "released"), (2, "ready")]


def test_what_stood_in_the_way_of_the_old_link_is_forgotten(world: World) -> None:
    """Put aside, failed, escalated: none of that is of the new time."""
    world.location()
    booked = world.book("A-1")
    with world.parts.sessions.begin() as session:
        session.execute(
            sa.update(Appointment)
            .where(Appointment.id == booked.id)
            .values(
                link="failed", reason="zoom_rejected", reason_detail="x", attempts=3, isolated_at=utcnow(),
                isolation=1, next_attempt_at=utcnow(), escalated_at=utcnow(),
            )
        )  # fmt: skip

    moved(world, in_(SOON))

    now = world.appointment("A-1")
    assert (now.link, now.reason, now.reason_detail, now.attempts) == ("not_due", None, None, 0)
    assert (now.isolated_at, now.next_attempt_at, now.escalated_at) == (None, None, None)
    assert [outcome.outcome for outcome in world.run()] == ["ready"]


def test_a_missed_appointment_may_be_moved_to_a_later_time(world: World) -> None:
    """The first time stays missed in the figures."""
    world.location(accounts=0)
    booked = world.book("A-1")
    world.allocate(now=booked.starts_at + timedelta(minutes=15))
    assert world.appointment("A-1").status == "missed"

    moved(world)

    assert (world.appointment("A-1").status, world.appointment("A-1").link) == ("booked", "not_due")
    assert [each.outcome for each in revisions(world)] == ["missed", None]


def test_a_phone_appointment_needs_no_link_at_its_new_time_either(world: World) -> None:
    """Nothing is opened, nothing is mailed."""
    world.location()
    world.book("A-1", calendar="Phone")

    moved(world, in_(SOON))

    assert world.appointment("A-1").link == "not_needed"
    assert world.run() == []
    assert world.messages() == []


def test_where_the_calendar_meets_by_then_decides_about_the_new_link(world: World) -> None:
    """An opened link stayed when the calendar left Zoom; the new time gets none, and the client hears of the first."""
    opened(world)
    world.edit_calendar(meeting_location="phone")

    moved(world, in_(SOON))
    world.notify()

    assert world.appointment("A-1").link == "not_needed"
    notice = world.sandbox.mail(CLIENT)[-1]
    assert "no longer works" in notice["text"] and "comes by e-mail" not in notice["text"]


@pytest.mark.parametrize(
    ("starts_in", "minutes", "field"),
    [(-HOUR, 30, "starts_at"), (HOUR, -5, "ends_at"), (HOUR, 25 * 60, "ends_at")],
)
def test_a_time_that_cannot_be_used_is_refused_by_field(
    world: World, starts_in: timedelta, minutes: int, field: str
) -> None:
    """Nothing is changed."""
    opened(world)
    start = in_(starts_in)

    with pytest.raises(InvalidInput) as refused:
        moved(world, start, ends_at=start + timedelta(minutes=minutes))

    assert refused.value.field == field
    assert world.appointment("A-1").link == "ready"


def test_an_end_in_the_past_is_refused(world: World) -> None:
    """An appointment that runs is not shortened to before now."""
    world.location()
    start = in_(-timedelta(minutes=20))
    world.book("A-1", starts_in=-timedelta(minutes=20), minutes=60, booked=utcnow() - HOUR)

    with pytest.raises(InvalidInput, match="ends_at"):
        moved(world, start, ends_at=in_(-timedelta(minutes=5)))


def test_what_is_cancelled_or_over_is_not_moved(world: World) -> None:
    """There is nothing to move any more."""
    opened(world)
    cancelled(world)

    with pytest.raises(Conflict, match="cancelled"):
        moved(world)
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Appointment).values(status="completed"))
    with pytest.raises(Conflict, match="over"):
        moved(world)


def test_who_has_seen_an_older_revision_is_told_so(world: World) -> None:
    """Two people moved it at the same time; the second decides anew."""
    world.location()
    world.book("A-1", starts_in=HOUR)
    moved(world, expected_revision=1)

    with pytest.raises(StaleState):
        moved(world, expected_revision=1)


def test_what_does_not_exist_is_not_found(world: World) -> None:
    """The answer says where to look."""
    world.location()

    with pytest.raises(NotFound, match="no appointment A-1"):
        reschedule(
            world.parts.sessions, world.parts.zoom, location="Harbour Clinic", external_id="A-1",
            starts_at=in_(HOUR), ends_at=in_(2 * HOUR), actor=TEST, hours=world.parts.hours, clock=utcnow,
        )  # fmt: skip
