"""A calendar that leaves Zoom or comes to it: who needs a link by that, who keeps one, and what becomes of accounts."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from core.clock import utcnow
from core.db.models import Appointment, AppointmentRevision, Calendar, Event
from core.errors import Conflict, InvalidInput, StaleState
from core.services.calendars import add_calendar, calendar_by_id
from core.services.cancel import cancel
from core.services.due import isolated_work
from core.services.lease import allocate
from core.services.locations import find_location
from core.services.needed_links import CalendarChange, preview_change
from tests.faults.given import CREATE, TICK, after, book_many, outcomes, settled, wait_until
from tests.world import NUMBER, TEST, World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def links(world: World, *names: str) -> dict[str, str]:
    """The link state of each of these appointments."""
    return {name: world.appointment(name).link for name in names}


def preview(world: World, meeting_location: str, calendar: str = "Video") -> CalendarChange:
    """What a person reads before saving."""
    with world.parts.sessions() as session:
        found = calendar_by_id(session, world.calendar(calendar).id)
        return preview_change(session, found, meeting_location, hours=world.parts.hours, now=utcnow())


def test_away_from_zoom_what_is_not_opened_needs_no_link_and_what_is_keeps_it(world: World) -> None:
    """Who is not due or waits needs none any more; phone appointments were none of it; the preview said so."""
    world.location(accounts=1)
    world.book("OPENED", starts_in=5 * MINUTE)
    world.run()
    world.book("WAITS", starts_in=6 * MINUTE)
    world.book("LATER", starts_in=HOUR)
    world.book("PHONE", calendar="Phone")
    world.allocate()
    foreseen = preview(world, "phone")

    changed = world.edit_calendar(meeting_location="phone")

    assert changed == foreseen == CalendarChange(cease_to_need=2, keep_their_link=1)
    assert links(world, "OPENED", "WAITS", "LATER", "PHONE") == {
        "OPENED": "ready", "WAITS": "not_needed", "LATER": "not_needed", "PHONE": "not_needed",
    }  # fmt: skip
    assert world.appointment("WAITS").reason is None
    assert world.run() == []
    assert len(world.all(Event, kind="link_not_needed")) == 2


def test_back_to_zoom_the_need_comes_back_and_what_is_due_is_opened_at_once(world: World) -> None:
    """What should have had its link by now is not late for it."""
    world.location(accounts=1)
    world.book("A-1", starts_in=5 * MINUTE, booked=utcnow() - HOUR)
    world.book("LATER", starts_in=HOUR)
    world.edit_calendar(meeting_location="phone")
    foreseen = preview(world, "zoom")

    assert world.edit_calendar(meeting_location="zoom") == foreseen == CalendarChange(begin_to_need=2, due_now=1)
    assert [outcome.outcome for outcome in world.run()] == ["ready"]
    assert [each.outcome for each in world.all(AppointmentRevision)] == ["on_time", None]


def test_from_one_place_without_links_to_another_nothing_changes_for_appointments(world: World) -> None:
    """Only Zoom needs links of ours."""
    world.location()
    world.book("PHONE", calendar="Phone")

    changed = world.edit_calendar("Phone", meeting_location="custom", meeting_detail="Front desk, second floor")

    assert changed == CalendarChange()
    assert world.calendar("Phone").meeting_detail == "Front desk, second floor"


def test_what_is_over_needs_no_link_when_its_calendar_comes_to_zoom(world: World) -> None:
    """Only what is still to take place is concerned."""
    world.location()
    world.book("A-1", calendar="Phone", starts_in=5 * MINUTE, minutes=10)

    assert world.edit_calendar("Phone", meeting_location="zoom", now=utcnow() + HOUR) == CalendarChange()


def test_a_call_that_goes_on_is_not_declared_missed_when_its_calendar_comes_to_zoom(world: World) -> None:
    """It began longer ago than a link is opened: it needs none, where another in its first minutes gets one."""
    world.location()
    world.book("CALL", calendar="Phone", starts_in=-20 * MINUTE, minutes=60, booked=utcnow() - HOUR)
    world.book("JUST-BEGUN", calendar="Phone", starts_in=-5 * MINUTE, minutes=60, booked=utcnow() - HOUR)

    changed = world.edit_calendar("Phone", meeting_location="zoom")
    world.run()

    assert changed == CalendarChange(begin_to_need=1, due_now=1)
    assert world.appointment("CALL").status == "booked"
    assert links(world, "CALL", "JUST-BEGUN") == {"CALL": "not_needed", "JUST-BEGUN": "ready"}


def test_a_meeting_that_is_being_made_is_not_opened_yet(world: World) -> None:
    """Its account goes back to the pool at once where nothing was asked of Zoom, and the run finds nothing to do."""
    world.location()
    world.book()
    world.allocate(run_id="slow")

    assert world.edit_calendar(meeting_location="phone") == CalendarChange(cease_to_need=1)

    [lease] = world.leases()
    assert (lease.state, lease.release_reason) == ("released", "not_needed")
    assert world.create("slow") == []
    assert world.appointment().link == "not_needed"
    assert world.messages() == []


def test_a_meeting_that_zoom_is_making_at_that_moment_is_deleted_again(world: World) -> None:
    """No link reaches the client, and the account is free when Zoom has said that the meeting is gone."""
    world.location()
    world.book()
    world.allocate(run_id="slow")
    world.sandbox.fault({"slow": 1500}, times=1, **CREATE)
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(world.create, "slow")
        wait_until(lambda: world.meetings(state="intended"), "the run is about to ask Zoom")
        world.edit_calendar(meeting_location="phone")
        assert [lease.state for lease in world.leases()] == ["closing"]
        run.result()
    world.notify()

    assert settled(world) == ["gone"]
    assert [lease.state for lease in world.leases()] == ["released"]
    assert world.zoom_meetings() == [] and world.messages() == []
    assert world.appointment().link == "not_needed"


def test_while_zoom_is_down_everybody_can_be_called_instead(world: World) -> None:
    """What waits for Zoom to answer is not opened yet: the outage may be why the calendar meets by phone."""
    world.location(accounts=3)
    names = book_many(world, 3)
    world.sandbox.fault({"status": 503}, **CREATE)
    assert set(outcomes(world).values()) == {"tried again soon"}

    assert world.edit_calendar(meeting_location="phone") == CalendarChange(cease_to_need=3)

    world.sandbox.clear_faults()
    assert outcomes(world, now=after(TICK)) == {}
    assert settled(world, later=20 * MINUTE) == ["gone"] * 3
    assert links(world, *names) == dict.fromkeys(names, "not_needed")
    assert {lease.state for lease in world.leases()} == {"released"}


def test_an_appointment_put_aside_is_nobodys_trouble_any_more(world: World) -> None:
    """No isolated run takes it up, and nobody has to look at it."""
    world.location()
    world.book()
    world.sandbox.fault({"status": 400, "body": {"code": 300, "message": "Validation Failed."}}, **CREATE)
    assert outcomes(world) == {"A-1": "put aside"}

    assert world.edit_calendar(meeting_location="phone") == CalendarChange(cease_to_need=1)

    aside = world.appointment()
    assert (aside.link, aside.isolated_at, aside.reason) == ("not_needed", None, None)
    with world.parts.sessions() as session:
        assert isolated_work(session, hours=world.parts.hours, now=utcnow(), limit=10) == []


def test_allocators_and_a_calendar_that_leaves_zoom_agree(world: World) -> None:
    """Whoever comes first at each appointment: none that needs no link holds an account, and all accounts are free."""
    world.location(accounts=6)
    for turn in range(8):
        names = book_many(world, 6, prefix=f"TURN{turn}")
        start = Barrier(3)

        def lease(run_id: str, start: Barrier = start) -> None:
            start.wait()
            for _ in range(3):
                with world.parts.sessions.begin() as session:
                    allocate(session, hours=world.parts.hours, limit=2, run_id=run_id, now=utcnow())

        with ThreadPoolExecutor(2) as pool:
            racing = [pool.submit(lease, f"run-{turn}-{n}") for n in range(2)]
            start.wait()
            changed = world.edit_calendar(meeting_location="phone")
            for each in racing:
                each.result()

        assert changed == CalendarChange(cease_to_need=len(names))
        assert links(world, *names) == dict.fromkeys(names, "not_needed")
        assert {each.state for each in world.leases()} <= {"released"}
        world.edit_calendar(meeting_location="zoom")
        with world.parts.sessions.begin() as session:
            session.execute(sa.update(Appointment).values(status="cancelled", link="ended"))


def test_a_run_and_a_calendar_that_leaves_zoom_agree_at_every_moment(world: World) -> None:
    """Each link is either made, mailed and kept, or not needed; the numbers that were told are what came to be."""
    world.location(accounts=6)
    world.sandbox.configure(latency_ms=30)
    for turn in range(6):
        names = book_many(world, 6, prefix=f"TURN{turn}")
        with ThreadPoolExecutor(1) as pool:
            run = pool.submit(world.run)
            time.sleep(turn * 0.06)  # not for luck: wherever in the run it comes, the rules below hold
            changed = world.edit_calendar(meeting_location="phone")
            run.result()
        found = Counter(links(world, *names).values())
        mailed = {message.recipient for message in world.messages(kind="join_link")}

        assert found == Counter(ready=changed.keep_their_link, not_needed=changed.cease_to_need)
        assert {name for name in names if f"{name.lower()}@clients.test" in mailed} == {
            name for name, link in links(world, *names).items() if link == "ready"
        }
        assert world.leases(state="reserved") == []
        world.edit_calendar(meeting_location="zoom")
        for name in names:
            cancel(
                world.parts.sessions, world.parts.zoom, location="Harbour Clinic", external_id=name, actor=TEST,
                clock=utcnow,
            )  # fmt: skip
        settled(world, later=20 * MINUTE)
    assert world.zoom_meetings() == []
    assert {lease.state for lease in world.leases()} == {"released"}


@pytest.mark.parametrize(
    ("field", "edit"),
    [
        ("meeting_location", {"meeting_location": "skype"}),
        ("meeting_detail", {"meeting_location": "phone", "meeting_detail": None}),
        ("meeting_detail", {"meeting_location": "google_meet"}),
        ("meeting_detail", {"meeting_detail": "+49 30 1234567"}),
        ("default_minutes", {"default_minutes": 0}),
        ("host_email", {"copy_to_host": True}),
        ("host_email", {"host_email": "host"}),
        ("name", {"name": "Video\nBcc: all@clients.test"}),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_field(world: World, field: str, edit: dict[str, object]) -> None:
    """And nothing is changed."""
    world.location()

    with pytest.raises(InvalidInput) as refused:
        world.edit_calendar(**edit)

    assert refused.value.field == field
    assert world.calendar().row_version == 1


def test_only_what_is_named_changes_and_the_timeline_says_what(world: World) -> None:
    """Ids and words only: the host's address stays out of it."""
    world.location()

    world.edit_calendar(name="Talks", copy_to_host=True, host_email="host@harbour-clinic.test", default_minutes=30)

    calendar = world.calendar("Talks")
    assert (calendar.meeting_location, calendar.copy_to_host, calendar.row_version) == ("zoom", True, 2)
    [event] = world.all(Event, kind="calendar_edited")
    assert event.detail == {"calendar_id": calendar.id, "fields": ["name", "copy_to_host", "host_email"]}


def test_the_same_again_changes_nothing(world: World) -> None:
    """No version, no line."""
    world.location()

    world.edit_calendar(meeting_location="Zoom", default_minutes=30)

    assert world.calendar().row_version == 1
    assert world.all(Event, kind="calendar_edited") == []


def test_a_number_belongs_to_its_place(world: World) -> None:
    """It is not taken along to Zoom, and stays where only the name changes."""
    world.location()

    world.edit_calendar("Phone", name="Calls")
    assert world.calendar("Calls").meeting_detail == NUMBER
    world.edit_calendar("Calls", meeting_location="zoom")
    assert world.calendar("Calls").meeting_detail is None


@pytest.mark.parametrize(("calendar", "detail"), [("Phone", None), ("Phone", "ask at the desk"), ("Video", "old room")])
def test_what_was_kept_before_numbers_were_looked_at_is_no_obstacle(
    world: World, calendar: str, detail: str | None
) -> None:
    """The calendar gets its new name all the same; where it meets is asked for once that is edited."""
    world.location()
    with world.parts.sessions.begin() as session:
        session.get_one(Calendar, world.calendar(calendar).id).meeting_detail = detail

    world.edit_calendar(calendar, name="Talks")

    assert world.calendar("Talks").meeting_detail == detail
    if calendar == "Phone":
        with pytest.raises(InvalidInput):
            world.edit_calendar("Talks", meeting_location="phone", meeting_detail=detail)


def test_who_decides_on_what_has_changed_since_is_told(world: World) -> None:
    """He looks again and decides anew."""
    world.location()
    seen = world.calendar()
    world.edit_calendar(name="Talks")

    with pytest.raises(StaleState):
        world.edit_calendar("Talks", default_minutes=60, expected_version=seen.row_version)
    assert world.calendar("Talks").default_minutes == 30


def test_a_name_is_taken_whatever_its_case_and_at_the_same_moment_too(world: World) -> None:
    """Two people who add it at once: one has it, the other reads why not."""
    world.location()
    with pytest.raises(Conflict, match="named phone already"):
        world.edit_calendar(name="phone")

    def add(_: int) -> bool:
        try:
            with world.parts.sessions.begin() as session:
                place = find_location(session, "Harbour Clinic")
                add_calendar(session, location=place, name="Talks", meeting_location="zoom", actor=TEST, now=utcnow())
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(add, range(4))) == [False, False, False, True]
