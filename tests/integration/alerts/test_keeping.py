"""What is wrong is told once, in words that help, and once more when it is over."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import (
    Account,
    Alert,
    Appointment,
    ConnectionPeriod,
    Event,
    InboxEvent,
    Installation,
    Lease,
    Meeting,
    MeetingInstance,
    Message,
    Recording,
)
from core.services.accounts import bench, release_bench
from core.services.alerts.keep import KeptAlerts
from core.services.alerts.raise_ import clear_alert, raise_alert
from core.services.change_client import change_client
from core.services.pause import pause_allocation, resume_allocation
from core.services.resend import resend
from tests.integration.alerts.given import add, ago, change, conditions, keep, messages, the_alert
from tests.integration.mail.booked import HOST, confirmed, set_calendar
from tests.world import TEST, World

NOTHING = KeptAlerts(0, 0)
REFUSAL = {"status": 400, "body": {"code": 300, "message": "Invalid topic."}}


def test_nothing_wrong_tells_nothing(world: World) -> None:
    """A served appointment, one that is not due and one on the phone are nobody's trouble."""
    world.location(accounts=1)
    world.book("A-1")
    world.book("A-2", starts_in=timedelta(hours=2))
    world.book("P-1", calendar="Phone")
    world.run()

    assert keep(world) == NOTHING
    assert messages(world) == []


def test_a_short_pool_is_one_alert_until_nobody_waits(world: World) -> None:
    """Two hundred who wait at one location need accounts, not two hundred messages; later looks say nothing new."""
    place = world.location(accounts=0)
    for number in range(200):
        world.book(f"A-{number:03}")
    world.allocate()

    assert keep(world) == KeptAlerts(1, 0)
    alert = the_alert(world)
    assert (alert.condition, alert.kind) == (f"pool_short:location:{place.id}", "pool_short")
    assert "200 appointments (A-000, A-001, A-002 and 197 more) at Harbour Clinic wait" in alert.text
    assert "no account is connected" in alert.text and "(Europe/Berlin)" in alert.text
    assert "connect one of its seats" in alert.next_step
    assert keep(world) == NOTHING

    world.connect("Harbour Clinic", [f"more{number}@harbour-clinic.test" for number in range(200)])
    world.allocate()
    assert keep(world) == KeptAlerts(0, 1)
    assert messages(world) == [("pool_short", "raised"), ("pool_short", "cleared")]


def test_an_alert_about_many_names_those_it_stands_for_by_now(world: World) -> None:
    """One was served and another waits: the words follow, and nobody is told again."""
    world.location(accounts=0)
    world.book("A-1")
    world.allocate()
    keep(world)
    world.book("A-2")
    world.allocate()
    change(world, Appointment, world.appointment("A-1").id, status="cancelled", link="ended")

    assert keep(world) == NOTHING
    assert "A-2" in the_alert(world).text and "A-1" not in the_alert(world).text
    assert messages(world) == [("pool_short", "raised")]


def test_five_minutes_before_the_start_it_is_told_again(world: World) -> None:
    """It is another condition, more urgent, beside the first."""
    place = world.location(accounts=0)
    world.book("A-1")
    world.allocate()
    keep(world)

    assert keep(world, after=timedelta(minutes=4, seconds=50)) == NOTHING
    assert keep(world, after=timedelta(minutes=5, seconds=10)) == KeptAlerts(1, 0)
    assert conditions(world) == [f"pool_short:location:{place.id}", f"pool_short_late:location:{place.id}"]


def test_links_that_wait_for_zoom_are_told_at_six_minutes(world: World) -> None:
    """Nothing fails in plain sight while everybody's calls fail, so this is how people learn of it: once for all."""
    world.location(accounts=2)
    world.location("Town Clinic", accounts=1)
    world.book("A-1", starts_in=timedelta(minutes=7))
    world.book("T-1", location="Town Clinic", starts_in=timedelta(minutes=7))
    world.sandbox.fault({"status": 503}, method="POST", path_regex="/meetings$")
    world.run()
    assert keep(world) == NOTHING

    assert keep(world, after=timedelta(minutes=1, seconds=10)) == KeptAlerts(1, 0)
    alert = the_alert(world)
    assert alert.condition == "link_at_risk:zoom_unavailable"
    assert "2 appointments (A-1, T-1) at several locations" in alert.text and "Zoom does not answer" in alert.text


def test_a_failed_link_is_told_with_its_appointment_and_stands_on_its_timeline(world: World) -> None:
    """One at a time each gets its own alert, also while an earlier one is open; neither name nor address is in it."""
    world.location(accounts=2)
    world.sandbox.fault(REFUSAL, method="POST", path_regex="/meetings$")
    first = world.book("A-1")
    world.run()
    keep(world)
    second = world.book("A-2")
    world.run()

    assert keep(world) == KeptAlerts(1, 0)
    assert conditions(world) == [f"link_failed:appointment:{first.id}", f"link_failed:appointment:{second.id}"]
    alert = world.all(Alert)[0]
    assert alert.appointment_id == first.id
    assert alert.text.startswith("Appointment A-1 at Harbour Clinic could not get a link: Zoom refuses")
    assert "Client of" not in alert.text and "@" not in alert.text + alert.next_step
    assert [each.detail for each in world.all(Event, kind="alert_raised", appointment_id=first.id)] == [
        {"alert": "link_failed"}
    ]


def test_many_failed_links_at_once_are_one_alert(world: World) -> None:
    """Twelve for the same cause at one location; when the last of them has been seen to, it is over."""
    place = world.location(accounts=12)
    world.sandbox.fault(REFUSAL, method="POST", path_regex="/meetings$")
    for number in range(12):
        world.book(f"A-{number:02}")
    world.run()

    assert keep(world) == KeptAlerts(1, 0)
    assert conditions(world) == [f"link_failed:location:{place.id}:zoom_rejected"]
    with world.parts.sessions.begin() as session:
        few = sa.select(Appointment.id).order_by(Appointment.id).limit(10)
        session.execute(sa.update(Appointment).where(Appointment.id.in_(few)).values(link="ready"))
    assert keep(world) == NOTHING
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Appointment).values(link="ready"))
    assert keep(world) == KeptAlerts(0, 1)


def test_missed_links_are_one_alert_a_location_and_cause(world: World) -> None:
    """In bulk, as they are missed; an hour after the last of them would have ended, it is over."""
    place = world.location(accounts=0)
    for number in range(3):
        world.book(f"A-{number}", starts_in=timedelta(minutes=1))
    world.allocate()
    late = utcnow() + timedelta(minutes=17)
    world.allocate(now=late)

    keep(world, after=timedelta(minutes=17))
    assert conditions(world) == [f"link_missed:location:{place.id}:capacity"]
    assert "3 appointments (A-0, A-1, A-2) at Harbour Clinic were never opened: no account was free" in (
        the_alert(world).text
    )
    assert keep(world, after=timedelta(minutes=95)).cleared == 1


def test_a_link_mail_that_is_not_accepted_is_told_at_eight_minutes(world: World) -> None:
    """And is over when the mail server has it."""
    world.location(accounts=1)
    booked = world.book("A-1", starts_in=timedelta(minutes=9, seconds=30))
    world.sandbox.fault({"smtp_code": 451}, smtp=True)
    world.run()

    assert keep(world) == NOTHING
    assert keep(world, after=timedelta(minutes=1, seconds=35)) == KeptAlerts(1, 0)
    assert conditions(world) == [f"link_mail_late:appointment:{booked.id}"]
    world.sandbox.clear_faults()
    world.notify(now=utcnow() + timedelta(minutes=1, seconds=40))
    assert keep(world, after=timedelta(minutes=1, seconds=45)) == KeptAlerts(0, 1)


def test_a_refused_link_mail_is_told_at_once(world: World) -> None:
    """Nobody needs to wait for eight minutes to learn that an address is wrong; a later mail to it settles that."""
    world.location(accounts=1)
    booked = world.book("A-1")
    world.sandbox.fault({"smtp_code": 550}, smtp=True, times=1)
    world.run()

    assert keep(world) == KeptAlerts(1, 0)
    assert conditions(world) == [f"link_mail_refused:appointment:{booked.id}"]
    [mail] = world.messages(kind="join_link")
    again = {column.name: getattr(mail, column.name) for column in Message.__table__.columns if column.name != "id"}
    add(world, Message(**{**again, "dedupe_key": "resend:1", "status": "sent"}))
    assert keep(world) == KeptAlerts(0, 1)


def test_a_refused_confirmation_is_told_at_once_and_settled_by_a_later_mail(world: World) -> None:
    """The address is corrected and the mail sent again; a copy to the host would not have settled it."""
    world.location(accounts=1)
    set_calendar(world, copy_to_host=True, host_email=HOST)
    booked = confirmed(world)
    world.sandbox.fault({"smtp_code": 550}, smtp=True, to_regex="a-1@")
    world.notify()
    world.notify()

    assert keep(world) == KeptAlerts(1, 0)
    assert conditions(world) == [f"mail_refused:appointment:{booked.id}"]
    with world.parts.sessions.begin() as session:
        [alert] = session.scalars(sa.select(Alert))
        assert "correct the address there, then send the mail again" in alert.next_step
        done = change_client(session, booked.id, client_email="new@clients.test", actor=TEST, now=utcnow())
        resend(session, done.offer[0].message_id, actor=TEST, now=utcnow())
    assert keep(world) == KeptAlerts(0, 1)


def test_a_copy_that_is_refused_is_no_alert(world: World) -> None:
    """Its answer stands with the appointment's mails; no client waits for it."""
    world.location(accounts=1)
    set_calendar(world, copy_to_host=True, host_email=HOST)
    world.book()
    world.sandbox.fault({"smtp_code": 550}, smtp=True, to_regex="front-desk@")
    world.run()
    world.notify()

    assert [each.status for each in world.messages(to_host=True)] == ["failed"]
    assert keep(world) == NOTHING


def test_a_mail_server_that_is_down_for_all_is_one_alert(world: World) -> None:
    """Six locations, six mails, one cause."""
    for number in range(6):
        world.location(f"Clinic {number}", accounts=1)
        world.book(f"A-{number}", location=f"Clinic {number}", starts_in=timedelta(minutes=7))
    world.sandbox.fault({"smtp_code": 451}, smtp=True)
    world.run()

    assert keep(world, after=timedelta(seconds=61)) == KeptAlerts(1, 0)
    assert conditions(world) == ["link_mail_late:many"]


def test_a_meeting_that_will_not_be_recorded_is_told(world: World) -> None:
    """The link was sent all the same; somebody may record by hand."""
    world.location(accounts=1)
    booked = world.book("A-1")
    world.run()
    change(world, Meeting, world.meetings()[0].id, recorded=False)

    keep(world)

    assert conditions(world) == [f"not_recorded:appointment:{booked.id}"]


def test_an_account_that_lost_its_access_is_told_with_what_is_at_risk(world: World) -> None:
    """The appointment that hangs on it, and those for which there is no other account."""
    world.location(accounts=1)
    world.book("A-1")
    world.book("A-2")
    world.run()
    [account] = world.accounts()
    change(world, Account, account.id, connection="needs_reauth")

    keep(world)

    [alert] = world.all(Alert, kind="needs_attention")
    assert (alert.condition, alert.account_id) == (f"needs_attention:account:{account.id}", account.id)
    assert alert.text == (
        "Account seat1 at Harbour Clinic cannot be used: Zoom no longer accepts our access. At risk: A-1, A-2."
    )
    change(world, Account, account.id, connection="connected")
    keep(world)
    assert world.all(Alert, kind="needs_attention", cleared_at=None) == []


def test_a_bench_by_a_fault_is_told_and_one_by_a_person_is_not(world: World) -> None:
    """Who ordered it knows it."""
    world.location(accounts=2)
    faulty, spared = world.accounts()
    with world.parts.sessions.begin() as session:
        bench(session, faulty.id, reason="waiting_room", until=None, actor="system", now=ago(minutes=1))
        bench(session, spared.id, reason="by_hand", until=None, actor="console", now=ago(minutes=1))

    keep(world)

    assert conditions(world) == [f"needs_attention:account:{faulty.id}"]
    assert "Zoom forces a waiting room" in the_alert(world).text
    with world.parts.sessions.begin() as session:
        release_bench(session, faulty.id, actor="console", now=utcnow())
    assert keep(world) == KeptAlerts(0, 1)


def test_a_meeting_that_zoom_does_not_let_go_is_told_after_half_an_hour(world: World) -> None:
    """Its account is free for nobody meanwhile, and trying again may never help."""
    world.location(accounts=1)
    world.book("A-1")
    world.run()
    [meeting] = world.meetings()
    change(world, Meeting, meeting.id, state="deleting", deletion_wanted_at=ago(minutes=29), next_attempt_at=utcnow())
    assert keep(world) == NOTHING

    change(world, Meeting, meeting.id, deletion_wanted_at=ago(minutes=31))
    assert keep(world) == KeptAlerts(1, 0)
    assert conditions(world) == [f"needs_attention:account:{meeting.account_id}"]
    assert "has not gone from Zoom" in the_alert(world).text
    change(world, Meeting, meeting.id, state="gone", gone_at=utcnow())
    assert keep(world) == KeptAlerts(0, 1)


def test_a_bench_that_ends_by_itself_clears_by_itself(world: World) -> None:
    """A day's quota is whole again at midnight, whoever looks."""
    world.location(accounts=1)
    [account] = world.accounts()
    until = utcnow() + timedelta(hours=2)
    with world.parts.sessions.begin() as session:
        bench(session, account.id, reason="quota_spent", until=until, actor="system", now=ago(minutes=1))

    assert keep(world) == KeptAlerts(1, 0)
    assert keep(world, after=timedelta(hours=3)) == KeptAlerts(0, 1)


def test_an_account_used_by_hand_is_not_told_and_one_that_drains_for_a_day_is(world: World) -> None:
    """The first ends by itself; the second is stuck."""
    world.location(accounts=2)
    by_hand, drains = world.accounts()
    change(world, Account, by_hand.id, busy_elsewhere_since=ago(hours=1))
    change(world, Account, drains.id, connection="draining")
    [period] = world.all(ConnectionPeriod, account_id=drains.id)
    change(world, ConnectionPeriod, period.id, status="draining", from_at=ago(hours=23))
    assert keep(world) == NOTHING

    keep(world, after=timedelta(hours=2))

    assert conditions(world) == [f"needs_attention:account:{drains.id}"]


@pytest.fixture
def recording(world: World) -> Recording:
    """A recording that is sought, of a meeting whose account is held for another hour."""
    world.location(accounts=1)
    booked = world.book("A-1")
    world.run()
    [lease], [meeting] = world.leases(), world.meetings()
    change(world, Lease, lease.id, state="processing", hold_until=utcnow() + timedelta(hours=1))
    return add(
        world,
        Recording(
            location_id=booked.location_id,
            meeting_id=meeting.id,
            appointment_id=booked.id,
            account_id=lease.account_id,
            zoom_uuid="uuid-1",
            sought_since=utcnow(),
        ),
    )


def test_a_recording_that_does_not_come_is_told_until_it_is_attached(world: World, recording: Recording) -> None:
    """Its alert is the same through overdue and given up: one message, and one when it came after all."""
    assert keep(world) == NOTHING
    assert keep(world, after=timedelta(minutes=61)) == KeptAlerts(1, 0)
    assert conditions(world) == [f"recording_overdue:recording:{recording.id}"]

    change(world, Recording, recording.id, outcome="gave_up", final_at=utcnow())
    assert keep(world, after=timedelta(hours=72)) == NOTHING
    change(world, Recording, recording.id, outcome="attached")
    assert keep(world, after=timedelta(hours=73)) == KeptAlerts(0, 1)


def test_a_recording_that_is_empty_is_told_before_its_time(world: World, recording: Recording) -> None:
    """There is nothing to wait for."""
    change(world, Recording, recording.id, outcome="failed", reason="empty", final_at=utcnow())

    keep(world)

    assert "is empty or far too short" in the_alert(world).text


def test_a_meeting_that_overruns_is_told_after_ten_minutes(world: World) -> None:
    """And is over when its lease goes on."""
    world.location(accounts=1)
    booked = world.book("A-1", minutes=30)
    world.run()
    [lease] = world.leases()
    change(world, Lease, lease.id, state="live", live_at=utcnow())
    ends_in = booked.ends_at - utcnow()

    assert keep(world, after=ends_in + timedelta(minutes=9)) == NOTHING
    assert keep(world, after=ends_in + timedelta(minutes=11)) == KeptAlerts(1, 0)
    assert conditions(world) == [f"overrun:appointment:{booked.id}"]
    change(world, Lease, lease.id, state="processing")
    assert keep(world, after=ends_in + timedelta(minutes=12)) == KeptAlerts(0, 1)


@pytest.fixture
def held(world: World) -> MeetingInstance:
    """A meeting that began fifty minutes ago, as we know by asking only."""
    world.location(accounts=1)
    booked = world.book("A-1")
    world.run()
    [meeting] = world.meetings()
    return add(
        world,
        MeetingInstance(
            location_id=booked.location_id,
            meeting_id=meeting.id,
            zoom_uuid="uuid-1",
            started_at=ago(minutes=50),
            last_sign_at=ago(minutes=1),
        ),
    )


def received(world: World, **how_long_ago: float) -> None:
    """An event came so long ago."""
    at = ago(**how_long_ago)
    add(world, InboxEvent(key=f"event:{at}", event="meeting.started", event_at=at, received_at=at, applied_at=at))


def test_events_that_do_not_come_are_told_until_one_comes(world: World, held: MeetingInstance) -> None:
    """The meeting's start should have been told to us: the last event is older than it."""
    received(world, hours=3)

    assert keep(world) == KeptAlerts(1, 0)
    assert conditions(world) == ["webhooks_silent"]
    received(world, seconds=5)
    assert keep(world) == KeptAlerts(0, 1)


@pytest.mark.parametrize("last_minutes_ago", [20, 40])
def test_one_event_that_was_lost_is_no_silence(world: World, held: MeetingInstance, last_minutes_ago: int) -> None:
    """Others came after it: of late, or before half an hour in which nothing had to come."""
    received(world, minutes=last_minutes_ago)

    assert keep(world) == NOTHING


def test_a_quiet_night_is_no_silence(world: World) -> None:
    """Nothing was held, so nothing had to come; nor does a meeting that merely goes on have anything to tell."""
    received(world, hours=9)
    assert keep(world) == NOTHING


def test_a_long_meeting_that_was_told_is_no_silence(world: World, held: MeetingInstance) -> None:
    """Its start came as an event; since then it has nothing to tell."""
    change(world, MeetingInstance, held.id, events=1)
    received(world, minutes=50)

    assert keep(world) == NOTHING


def test_a_pause_of_an_hour_is_told_until_somebody_resumes_it(world: World) -> None:
    """Of a location and of all: a forgotten one is remembered before anybody has to wait for it."""
    place = world.location()
    who = {"actor": "Sam", "role": "operations", "reason": "Zoom's maintenance"}
    with world.parts.sessions.begin() as session:
        pause_allocation(session, location=place, now=ago(minutes=61), **who)
        pause_allocation(session, location=None, now=ago(minutes=59), **who)
    keep(world)
    assert conditions(world) == [f"still_paused:location:{place.id}"]
    assert the_alert(world).text.startswith("The opening of links has been paused at Harbour Clinic since ")

    keep(world, after=timedelta(minutes=2))
    assert conditions(world) == [f"still_paused:location:{place.id}", "still_paused:all"]
    with world.parts.sessions.begin() as session:
        resume_allocation(session, location=place, now=utcnow(), **who)
        resume_allocation(session, location=None, now=utcnow(), **who)
    keep(world, after=timedelta(minutes=3))
    assert conditions(world) == []


def test_stopped_deletion_is_told_until_somebody_lets_it_go_on(world: World) -> None:
    """A recording was lost; that is nothing to find out by chance."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Installation).values(deletion_stopped_at=utcnow(), deletion_stopped_reason="lost"))
    assert keep(world) == KeptAlerts(1, 0)
    assert conditions(world) == ["deletion_stopped"]

    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Installation).values(deletion_stopped_at=None))
    assert keep(world) == KeptAlerts(0, 1)


def test_a_condition_raised_by_hand_is_told_once_and_may_come_again(world: World) -> None:
    """Two who find it at the same time raise one; after its end it is a new one, with messages of its own."""

    def raise_it() -> bool:
        with world.parts.sessions.begin() as session:
            return raise_alert(
                session, "reconcile:9", kind="reconcile", text="Thirty meetings.", next_step="Look.", now=utcnow()
            )

    def clear_it() -> bool:
        with world.parts.sessions.begin() as session:
            return clear_alert(session, "reconcile:9", now=utcnow())

    assert [raise_it(), raise_it(), clear_it(), clear_it(), raise_it()] == [True, False, True, False, True]
    assert messages(world) == [("reconcile", what) for what in ("raised", "cleared", "raised")]
    assert keep(world) == NOTHING  # what keeping does not know is not its to clear


def test_two_sensors_at_once_raise_once(world: World) -> None:
    """The second one's alert meets the first one's, which is not committed yet."""
    world.location(accounts=0)
    world.book("A-1")
    world.allocate()
    with ThreadPoolExecutor(4) as pool:
        kept = [each.result() for each in [pool.submit(keep, world) for _ in range(4)]]

    assert sum(each.raised for each in kept) == 1
    assert messages(world) == [("pool_short", "raised")]
