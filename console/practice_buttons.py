"""The buttons of the page Sandbox: each gives the practice Zoom one command, and says that it did."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from console.look import plain
from console.page import explained
from console.practice_zoom import PracticeZoom
from console.who import require
from core.domain.roles import Permission

SAID = "sandbox_said"
JSON = dict[str, Any]
CREATE = {"method": "POST", "path_regex": "/meetings$"}
HOLD_ON = 20  # seconds without an answer: longer than we wait


@dataclass(frozen=True)
class Misbehaviour:
    """Something that Zoom or the mail server can be told to do wrong."""

    label: str
    effect: JSON
    match: JSON = field(default_factory=dict)


FAULTS = (
    Misbehaviour("429 Too many requests", {"status": 429, "retry_after": 5}),
    Misbehaviour("503 on every call", {"status": 503}),
    Misbehaviour(
        "400 on creating a meeting", {"status": 400, "body": {"code": 300, "message": "Validation Failed."}}, CREATE
    ),
    Misbehaviour("No answer, nothing was made", {"timeout": HOLD_ON, "when": "before"}, CREATE),
    Misbehaviour("No answer, but it was made", {"timeout": HOLD_ON, "when": "after"}, CREATE),
    Misbehaviour("Slow by three seconds", {"slow": 3000}),
    Misbehaviour("HTML instead of JSON", {"html": True}),
    Misbehaviour("Mail refused for good (550)", {"smtp_code": 550}, {"smtp": True}),
    Misbehaviour("Mail deferred (451)", {"smtp_code": 451}, {"smtp": True}),
)
WEBHOOKS: tuple[tuple[str, JSON], ...] = (
    ("Lose", {"effect": "lose"}),
    ("Send a minute late", {"effect": "late", "seconds": 60}),
    ("Send twice", {"effect": "double", "copies": 2}),
    ("Hold back", {"effect": "hold"}),
)
# The label, what it has done, and what the practice Zoom is told besides.
ACTIONS: dict[str, tuple[str, str, JSON]] = {
    "join": ("Join", "Somebody came into {0}.", {"name": "Guest", "force": True}),
    "leave": ("Leave", "Somebody left {0}.", {}),
    "finish-recording": ("Finish recording", "The recording of {0} is processed.", {}),
    "end": ("End it for everybody", "Everybody was put out of {0}.", {}),
    "delete": ("Delete it in Zoom's portal", "Somebody deleted {0} in Zoom's portal.", {}),
}
CLOCK: tuple[tuple[str, float], ...] = (
    ("1 minute ahead", 60),
    ("10 minutes ahead", 600),
    ("1 hour ahead", 3600),
    ("Real time", 0),
)


def show_said() -> None:
    """What the last button did."""
    if said := st.session_state.pop(SAID, None):
        st.success(plain(said), icon=":material/check_circle:")


def command(
    label: str, key: str, said: str, do: Callable[[], None], *, location_id: int | None = None, **look: Any
) -> None:
    """A button that gives a command. Asked for once more when it is pressed: may this person?"""
    if st.button(label, key=key, **look):
        with explained():
            require(Permission.DRIVE_SANDBOX, location_id)
            do()
            st.session_state[SAID] = said
            st.rerun()


def meeting_command(
    zoom: PracticeZoom, meeting: JSON, action: str, named: str, location_id: int | None, *, primary: bool = False
) -> None:
    """The button of something that people could do in *meeting*, which is *named* to people."""
    number, (label, said, values) = meeting["id"], ACTIONS[action]
    command(
        label,
        f"{action}_{number}",
        said.format(named),
        lambda: zoom.act(number, action, **values),
        location_id=location_id,
        type="primary" if primary else "secondary",
    )


def by_hand(zoom: PracticeZoom, users: list[str], homes: dict[str, int]) -> None:
    """An account used by its people, past us; *homes* has the locations of those that are seats of ours."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        email = st.selectbox("Whose account", users, key="sandbox_user")
        command(
            "Start a meeting by hand",
            "use_by_hand",
            f"{email} is in a meeting of their own.",
            lambda: zoom.use_by_hand(email),
            location_id=homes.get(email),
            disabled=not email,
        )


def misbehaviour(zoom: PracticeZoom) -> None:
    """The buttons for what goes wrong, for the next calls or webhooks, or for all until it is ended."""
    how_many = st.segmented_control(
        "How often", ["Once", "3 times", "Until ended"], default="Once", key="sandbox_times"
    )
    times = {"Once": 1, "3 times": 3}.get(how_many or "Once")
    often = (how_many or "Once").lower()
    st.markdown(":small[:gray[Calls and mails]]")
    with st.container(horizontal=True, gap="small"):
        for number, fault in enumerate(FAULTS):
            command(
                fault.label,
                f"fault_{number}",
                f"{fault.label}: {often}.",
                lambda fault=fault: zoom.misbehave(fault.match, fault.effect, times),  # type: ignore[misc]
            )
    st.markdown(":small[:gray[Webhooks]]")
    with st.container(horizontal=True, gap="small"):
        for number, (label, rule) in enumerate(WEBHOOKS):
            command(
                label,
                f"webhook_{number}",
                f"{label}, webhooks: {often}.",
                lambda rule=rule: zoom.mislead(rule, times),  # type: ignore[misc]
            )


def clock_buttons(zoom: PracticeZoom) -> None:
    """The practice Zoom's own clock, from the real time."""
    with st.container(horizontal=True, gap="small"):
        for label, ahead in CLOCK:
            command(
                label,
                f"clock_{ahead:.0f}",
                f"The practice Zoom's clock: {label.lower()}.",
                lambda ahead=ahead: zoom.set_clock(ahead),  # type: ignore[misc]
            )
