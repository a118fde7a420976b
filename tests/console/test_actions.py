"""Every action of the console, walked as every role: offered to who may, refused to who lost the role meanwhile."""

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from console import who
from console.pages import PAGES
from console.who import Person, allowed_to
from core.clock import utcnow
from core.db.models import Appointment, Event, Lease, Meeting, MeetingInstance, Message
from core.domain.roles import MAY, Permission, Role, one_of
from core.services.api_keys import create_api_key
from core.services.locations import find_location
from core.services.pause import pause_allocation
from tests.console.actions import asking, used_by, writing, zoom_commands, zoom_commands_outside
from tests.console.conftest import UI, words_of
from tests.console.test_health import REFUSED
from tests.faults.given import CREATE
from tests.integration.hooks.given import listen
from tests.integration.hooks.receiver import Receiver, receiving
from tests.world import TEST, World

P = Permission
Fill = Callable[[AppTest], object]
ELSEWHERE = frozenset({2})
ACTOR = "practice (admin)"


def nothing(_: AppTest) -> None:
    """There is nothing to fill in."""


def write(**fields: str) -> Fill:
    """Write something into fields, by their keys."""

    def fill(page: AppTest) -> None:
        for key, value in fields.items():
            page.text_input(key=key).input(value)
        page.run()

    return fill


def new_key(page: AppTest) -> None:
    """A name, and all locations."""
    page.toggle(key="key_everywhere").set_value(True)
    page.text_input(key="key_name").input("booking").run()


def booking(page: AppTest) -> None:
    """Who comes; the rest is filled in."""
    page.text_input(key="book_name").input("A client")
    page.text_input(key="book_email").input("client@clients.test").run()


def later(page: AppTest) -> None:
    """Another length."""
    page.number_input(key="new_minutes").set_value(45).run()


def no_events(page: AppTest) -> None:
    """One event instead of all."""
    page.toggle[-1].set_value(False).run()
    page.multiselect[-1].set_value(["appointment.booked"]).run()


def a_list(page: AppTest) -> None:
    """Seats as a file."""
    page.segmented_control(key="issue_how").set_value("A list").run()
    page.selectbox(key="import_to").select("Harbour Clinic")
    page.file_uploader(key="import_file").set_value(
        ("seats.csv", b"email\nroom9@harbour-clinic.test\n", "text/csv")
    ).run()


@dataclass(frozen=True)
class Action:
    """Something to press on a page: what opens its dialog, what does it, and the function that has to ask before."""

    page: str
    opens: str
    permission: Permission
    asks: str
    fill: Fill = nothing
    does: str = "do_it"
    address: dict[str, str] = field(default_factory=dict)

    @property
    def at_once(self) -> bool:
        """Whether it has no dialog."""
        return self.opens == self.does


def at_once(page: str, key: str, permission: Permission, asks: str, fill: Fill = nothing, **address: str) -> Action:
    """What is done by the first press."""
    return Action(page, key, permission, asks, fill, key, address)


A1 = {"id": "A-1", "location_id": "1"}
BECAUSE = write(why="because")
# In this order: what ends something comes after what needs it.
ACTIONS = [
    Action("appointment", "book", P.BOOK, "booking_form._book", booking, "book_it"),
    Action("appointment", "Start as host_1", P.START_AS_HOST, "host_link.start", address=A1),
    Action("appointment", "Send again_1", P.BOOK, "mails._send_again", address=A1),
    Action("appointment", "Change client_1", P.BOOK, "mails._change_client", write(client_name="x1"), address=A1),
    Action("appointment", "Move_1", P.MOVE, "appointment_actions._move", BECAUSE, address=A1),
    Action("appointment", "Reschedule_1", P.BOOK, "appointment_actions._reschedule", later, address=A1),
    Action("appointment", "Cancel_1", P.BOOK, "appointment_actions._cancel", address=A1),
    at_once("appointment", "Retry_4", P.RETRY, "appointment_actions._retry", id="A-4", location_id="1"),
    Action("connections", "issue_seats", P.ISSUE_SEATS, "seat_actions._issue", write(issue_email="r@harbour.test")),
    Action("connections", "issue_seats", P.ISSUE_SEATS, "seat_actions._issue_list", a_list),
    Action("connections", "Free now_2", P.FREE, "connection_dialogs._free", BECAUSE),
    Action("connections", "Quarantine_2", P.QUARANTINE, "connection_dialogs._quarantine", BECAUSE),
    Action("connections", "Release_2", P.QUARANTINE, "connection_dialogs._release"),
    Action("connections", "Disconnect_3", P.DISCONNECT, "connection_dialogs._run"),
    Action("connections", "Disconnect now_4", P.DISCONNECT, "connection_dialogs._run",
           write(confirm="seat4@harbour-clinic.test")),
    Action("connections", "Move seat_5", P.ISSUE_SEATS, "seat_actions._move"),
    Action("connections", "Take back seat_6", P.ISSUE_SEATS, "seat_actions._take_back"),
    Action("calendars", "add_calendar", P.EDIT_CALENDARS, "calendar_actions._add", write(new_calendar_name="New")),
    Action("calendars", "edit_calendar_1", P.EDIT_CALENDARS, "calendar_actions._edit",
           write(calendar_1_1_name="Video room")),
    Action("locations", "add_location", P.EDIT_LOCATIONS, "location_actions._add", write(new_location_name="New")),
    Action("locations", "edit_location_1", P.EDIT_LOCATIONS, "location_actions._edit",
           write(location_1_1_name="Harbour")),
    Action("hooks", "add_hook", P.MANAGE_HOOKS, "hook_actions._add", write(hook_url="http://127.0.0.1:9/")),
    at_once("hooks", "ping_1", P.MANAGE_HOOKS, "hook_actions._sent"),
    at_once("hooks", "resend_{hook}", P.MANAGE_HOOKS, "hook_actions._sent", hook="1"),
    Action("hooks", "events_1", P.MANAGE_HOOKS, "hook_actions._change", no_events),
    Action("hooks", "rotate_1", P.MANAGE_HOOKS, "hook_actions._rotate"),
    Action("hooks", "disable_1", P.MANAGE_HOOKS, "hook_actions._change"),
    Action("hooks", "enable_2", P.MANAGE_HOOKS, "hook_actions._change"),
    Action("hooks", "remove_2", P.MANAGE_HOOKS, "hook_actions._remove"),
    Action("api_keys", "create_key", P.MANAGE_API_KEYS, "key_actions._create", new_key),
    Action("api_keys", "revoke_{key}", P.MANAGE_API_KEYS, "key_actions._revoke"),
    at_once("pool", "Pause_do", P.PAUSE, "pausing._do", write(Pause_why="because"), location="Harbour Clinic"),
    at_once("pool", "Resume_do", P.PAUSE, "pausing._do", write(Resume_why="over"), location="Hill Clinic"),
    at_once("health", "2_Resume_do", P.PAUSE, "pausing._do", write(**{"2_Resume_why": "over"})),
    at_once("health", "Pause_do", P.PAUSE, "pausing._do", write(Pause_why="because")),
    at_once("health", "retry_{failed}", P.RETRY, "health_actions.retry_button"),
    at_once("health", "resend_{mail}", P.BOOK, "health_actions.resend_button"),
    at_once("health", "resend_{hook}", P.MANAGE_HOOKS, "health_actions.resend_button"),
    at_once("what_if", "compute", P.ASK_WHAT_IF, "what_if._compute"),
    at_once("sandbox", "join_{meeting}", P.DRIVE_SANDBOX, "practice_buttons.command"),
    at_once("sandbox", "start_1", P.DRIVE_SANDBOX, "practice_lives._time_button"),
    at_once("sandbox", "use_by_hand", P.DRIVE_SANDBOX, "practice_buttons.command"),
]  # fmt: skip
# Not pressed here: a component's answer, which Streamlit's own test runner cannot give; the way out; and the routes,
# which test_sign_in.py asks over HTTP.
ELSEWHERE_TESTED = {"copying.copied", "who.sign_out", "zoom_oauth._consent_page"}
# These show something and change nothing.
READING = {"ui.show", "connection_detail.find", "mails._preview"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A booking system that is told."""
    with receiving() as found:
        yield found


@pytest.fixture
def names(world: World, receiver: Receiver) -> dict[str, str]:
    """Something of everything at Harbour Clinic; what numbers have that are not known before."""
    world.location(accounts=6)
    world.location("Hill Clinic", accounts=1)
    for external_id in ("A-1", "A-2"):
        world.book(external_id)
        world.run()
    world.book("A-3")
    world.sandbox.fault({"smtp_code": 550}, times=1, smtp=True)
    world.run()
    world.book("A-4", starts_in=timedelta(minutes=9))
    world.sandbox.fault(REFUSED, times=1, **CREATE)
    world.run()
    listen(world, receiver.address)
    listen(world, "http://127.0.0.1:9/old", disabled=True)
    now = utcnow()
    with world.parts.sessions.begin() as session:
        [meeting] = session.scalars(sa.select(Meeting).where(Meeting.account_id == 2))
        session.add(
            MeetingInstance(
                location_id=1, meeting_id=meeting.id, zoom_uuid="instance==", started_at=now, last_sign_at=now,
                ended_at=now, ended_by="event",
            )
        )  # fmt: skip
        held = sa.update(Lease).where(Lease.account_id == 2)
        session.execute(held.values(state="processing", live_at=now, ended_at=now))
        over = sa.update(Appointment).where(Appointment.external_id == "A-2")
        session.execute(over.values(status="completed", link="ended"))
        session.execute(sa.update(Appointment).where(Appointment.external_id == "A-4").values(isolation_claimed=1))
        hook = Message(
            location_id=1, endpoint_id=1, dedupe_key="hook:1:1", channel="hook", kind="appointment.booked", priority=3,
            recipient=receiver.address, payload={"type": "appointment.booked"}, status="failed", reason="in_vain",
            next_attempt_at=now, give_up_at=now, message_id="1",
        )  # fmt: skip
        session.add(hook)
        session.flush()
        hill = find_location(session, "Hill Clinic")
        pause_allocation(session, location=hill, reason="Fire", actor=TEST, role="operations", now=now)
        key = create_api_key(session, name="old", access="book", locations=None, actor=TEST, now=now)
        made = {"hook": hook.id, "key": key.key.public_id}
    [made["mail"]] = [message.id for message in world.messages(channel="mail", status="failed")]
    made |= {"failed": world.appointment("A-4").id, "meeting": world.meetings()[0].zoom_meeting_id}
    return {name: str(value) for name, value in made.items()}


def visit(page: str, role: Role, address: dict[str, str]) -> AppTest:
    """A page as somebody of a role sees it; a host has the first location."""
    seen = AppTest.from_file(UI, default_timeout=60)
    seen.session_state["practice_role"], seen.session_state["practice_locations"] = role, [1]
    seen.switch_page(f"app_pages/{page}.py")
    for key, value in address.items():
        seen.query_params[key] = value
    seen.run()
    assert not seen.exception, seen.exception
    return seen


def offered(page: AppTest) -> set[str]:
    """The keys of all buttons, and the entries of menus as the buttons they stand for."""
    entries = {f"{entry}_{menu.key.rpartition('_')[2]}" for menu in page.get("menu_button") for entry in menu.options}
    return entries | {button.key for button in page.button if button.key}


def press(page: AppTest, key: str) -> None:
    """A button, or an entry of a menu."""
    if any(button.key == key for button in page.button):
        page.button(key=key).click().run()
    else:
        entry, _, number = key.rpartition("_")
        page.menu_button(key=f"actions_{number}").click(entry).run()
    assert not page.exception, page.exception


class Lost:
    """Somebody who had the role when the page was drawn, and has lost it, or the location, when he presses."""

    def __init__(self, action: Action) -> None:
        without = [role for role in Role if action.permission not in MAY[role]]
        self.person = Person("Mara Lind", without[0] if without else Role.HOST, ELSEWHERE)
        self._drawn = next(page.permission for page in PAGES if page.file == action.page)
        self.asked: set[str] = set()
        self.said = (
            f"{one_of(self.person.role)} may not {action.permission}." if without else "a location that is not yours"
        )

    def require(self, permission: Permission, location_id: int | None = None) -> Person:
        """Stands in for `who.require`; notes which functions led here."""
        if permission is self._drawn and location_id is None:
            return Person("Mara Lind", Role.ADMIN, None)
        for frame in inspect.stack(0)[1:]:
            self.asked.add(f"{Path(frame.filename).stem}.{frame.function}")
        return allowed_to(self.person, permission, location_id)


@contextmanager
def lost(action: Action) -> Iterator[Lost]:
    """The role is lost in here."""
    found = Lost(action)
    with pytest.MonkeyPatch.context() as patch:
        for module in [module for name, module in sys.modules.items() if name.startswith("console.")]:
            if getattr(module, "require", None) is who.require and module is not who:
                patch.setattr(module, "require", found.require)
        patch.setattr(who, "require", found.require)
        yield found


def state(world: World) -> list[object]:
    """What an action could change: the timeline, what is to be sent, the practice Zoom."""
    with world.parts.sessions() as session:
        counts = [session.scalar(sa.select(sa.func.count()).select_from(table)) for table in (Event, Message)]
    zoom = world.sandbox
    return [*counts, zoom.faults(), zoom.webhook_rules(), zoom.config()["clock_offset_seconds"], str(zoom.meetings())]


@pytest.mark.parametrize("page", sorted({action.page for action in ACTIONS}))
def test_each_action_is_offered_to_who_may_refused_to_who_lost_it_and_written_down(
    world: World, names: dict[str, str], page: str
) -> None:
    """The dialog was open when the role was taken away: nothing happens, and a sentence says why. For who may, the same
    press does it, and the timeline names the person."""
    actions = [action for action in ACTIONS if action.page == page]
    permission = next(each.permission for each in PAGES if each.file == page)
    for address in unique(action.address for action in actions):
        for role in [role for role in Role if permission in MAY[role]]:
            there = offered(visit(page, role, address))
            for action in actions:
                if action.address == address and action.opens != "Release_2":  # not quarantined yet
                    key = action.opens.format(**names)
                    assert (key in there) == (action.permission in MAY[role]), f"{role}: {key}"

    for action in actions:
        seen = visit(page, Role.ADMIN, action.address)
        does = action.does.format(**names)
        if not action.at_once:
            press(seen, action.opens.format(**names))
        action.fill(seen)
        before, told = state(world), len(world.all(Event))
        with lost(action) as somebody:
            press(seen, does)
        assert somebody.said.lower() in words_of(seen).lower(), action
        assert state(world) == before, action
        assert action.asks in somebody.asked, action

        press(seen, does)
        if action.permission is P.DRIVE_SANDBOX:
            assert state(world) != before, action
        else:
            assert ACTOR in [event.actor for event in world.all(Event)[told:]], (action, words_of(seen))


def unique(addresses: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Each once."""
    found: list[dict[str, str]] = []
    for address in addresses:
        if address not in found:
            found.append(address)
    return found


def test_whoever_copies_a_link_was_asked_too(world: World, names: dict[str, str]) -> None:
    """The button is the browser's; what it tells us counts only from who may see the appointment."""
    copies = Action("appointment", "", P.SEE_APPOINTMENTS, "copying.copied")
    for somebody in (ACTOR, None):

        def script() -> None:
            from console.copying import copied

            copied(1, 1, "link")

        with lost(copies) if somebody is None else nullcontext():
            page = AppTest.from_function(script).run()
        assert not page.exception
        assert [event.actor for event in world.all(Event, kind="link_copied")] == [ACTOR]
    assert "a location that is not yours" in words_of(page)


def test_no_action_is_missing_here() -> None:
    """Whatever names a service that writes for an actor is pressed above, and nothing else asks for a permission."""
    pressed = {action.asks for action in ACTIONS}

    assert writing() == pressed - {"practice_buttons.command"} | ELSEWHERE_TESTED
    assert asking() - used_by(writing()) == READING | {"practice_buttons.command"}
    assert zoom_commands_outside({"command", "button"}) == set()
    assert len(zoom_commands()) == 6


def test_every_permission_to_change_something_is_pressed() -> None:
    """But for connecting, which is a link to one of the routes."""
    changing = {each for each in Permission if not each.name.startswith("SEE_")}

    assert changing - {action.permission for action in ACTIONS} == {P.CONNECT}
