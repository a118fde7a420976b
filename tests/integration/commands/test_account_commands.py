"""Accounts and seats on the command line: out of the pool and back, disconnected, taken back, moved."""

import pytest

from core.clock import utcnow
from core.db.models import Seat
from core.services.locations import add_location
from tests.integration.commands.test_commands import Run, as_json, zoompool
from tests.integration.connections.given import account
from tests.world import TEST, World

__all__ = ["zoompool"]

EMAIL = "seat1@harbour-clinic.test"
HERE = ("-l", "Harbour Clinic")


@pytest.fixture(autouse=True)
def clinic(world: World) -> None:
    """A location with one account, leased to A-1."""
    world.location()
    world.book()
    world.run()


def test_an_account_is_taken_out_and_put_back(zoompool: Run, world: World) -> None:
    """For some hours, or until somebody releases it."""
    status, printed = zoompool("accounts", "quarantine", EMAIL, *HERE, "--reason", "camera broken", "--hours", "2")
    assert status == 0 and "is out of the pool until" in printed
    assert account(world).bench_reason == "camera broken"

    assert zoompool("accounts", "release", EMAIL, *HERE, "--reason", "mended")[1] == f"{EMAIL} is back in the pool.\n"
    assert zoompool("accounts", "release", EMAIL, *HERE)[1] == f"{EMAIL} was not out of the pool.\n"


def test_its_timeline_says_why_it_was_chosen(zoompool: Run, world: World) -> None:
    """For people in a sentence, for programs as numbers."""
    assert "the only one free" in zoompool("accounts", "show", EMAIL, *HERE)[1]

    rows = as_json(zoompool("accounts", "show", EMAIL, *HERE, "--json")[1])
    [granted] = [row for row in rows if row["what"] == "lease_granted"]
    assert (granted["appointment"], granted["why"]["free_accounts"]) == ("A-1", 1)


def test_disconnecting_one_in_use_drains_it(zoompool: Run, world: World) -> None:
    """And says so."""
    status, printed = zoompool("accounts", "disconnect", EMAIL, *HERE, "--reason", "contract ends")

    assert status == 0 and "after its last meeting" in printed
    assert account(world).connection == "draining"


def test_disconnecting_now_says_what_breaks_before_and_after(zoompool: Run, world: World) -> None:
    """Without a confirmation nothing happens."""
    status, printed = zoompool("accounts", "disconnect", EMAIL, *HERE, "--now")
    assert status == 1
    assert "Its join link stops working." in printed and "Confirm it with A-1." in printed

    status, printed = zoompool("accounts", "disconnect", EMAIL, *HERE, "--now", "--confirm", "A-1", "--json")
    assert as_json(printed) == {"email": EMAIL, "connection": "disconnected", "revoked": True}
    assert world.zoom_meetings() == []


def test_a_seat_in_use_is_neither_taken_back_nor_moved(zoompool: Run, world: World) -> None:
    """At rest it is; in the new location it waits to be connected."""
    with world.parts.sessions.begin() as session:
        add_location(session, name="Hill Clinic", zone="UTC", actor=TEST, now=utcnow())
    assert zoompool("seats", "take-back", EMAIL, *HERE)[0] == 1

    zoompool("appointments", "cancel", "A-1", *HERE)
    status, printed = zoompool("seats", "move", EMAIL, "--from", "Harbour Clinic", "--to", "Hill Clinic")
    assert status == 0 and "zoompool accounts connect" in printed
    assert zoompool("seats", "take-back", EMAIL, "-l", "Hill Clinic", "--reason", "over")[0] == 0
    assert all(seat.taken_back_at for seat in world.all(Seat))
