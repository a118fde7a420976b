"""A bulk run is killed (SIGKILL) in the middle of its work: the next one finishes it, nothing doubled, nothing lost."""

from datetime import timedelta

from tests.faults.conftest import Start
from tests.faults.given import (
    CLAIM_EXPIRED,
    CREATE,
    TICK,
    after,
    book_many,
    everything_was_made_once,
    outcomes,
    settled,
    wait_until,
)
from tests.world import World

MAIL_CLAIM_EXPIRED = timedelta(seconds=61)


def test_killed_between_create_and_record(world: World, start_run: Start) -> None:
    """The meeting exists and nobody knows: after the claim has expired the next run finds it and sends its link."""
    world.location(accounts=1)
    world.book("A-1")
    world.sandbox.fault({"timeout": 30, "when": "after"}, times=1, **CREATE)
    run = start_run("dies")
    wait_until(world.zoom_meetings, "the meeting is on Zoom")

    run.kill()
    run.wait()

    assert [meeting.state for meeting in world.meetings()] == ["intended"]
    assert outcomes(world) == {}, "its claim has not expired yet"
    assert outcomes(world, now=after(CLAIM_EXPIRED)) == {"A-1": "ready"}
    everything_was_made_once(world, ["A-1"])


def test_killed_before_zoom_did_anything(world: World, start_run: Start) -> None:
    """The next run looks first, finds nothing, and makes it."""
    world.location(accounts=1)
    world.book("A-1")
    fault = world.sandbox.fault({"timeout": 30}, times=1, **CREATE)
    run = start_run("dies")
    wait_until(lambda: fault not in [each["id"] for each in world.sandbox.faults()], "Zoom was asked")

    run.kill()
    run.wait()

    assert outcomes(world, now=after(CLAIM_EXPIRED)) == {"A-1": "ready"}
    everything_was_made_once(world, ["A-1"])
    assert settled(world, later=timedelta(minutes=20)) == ["gone"]


def test_killed_half_way_through_a_bulk_of_thirty(world: World, start_run: Start) -> None:
    """Some are mailed, some recorded, some made, some not even asked for: the next run brings each to its end, once."""
    world.location(accounts=30)
    names = book_many(world, 30)
    world.sandbox.configure(latency_ms=300)
    run = start_run("dies")
    wait_until(lambda: len(world.zoom_meetings()) >= 12, "half of the meetings are on Zoom")

    run.kill()
    run.wait()

    world.sandbox.configure(latency_ms=0)
    half = {meeting.state for meeting in world.meetings()}
    assert {"created", "intended"} <= half, "killed too early or too late to prove anything"
    done = outcomes(world, now=after(CLAIM_EXPIRED))
    assert set(done.values()) == {"ready"}
    everything_was_made_once(world, names)


def test_killed_between_mail_accepted_and_recorded(world: World, start_run: Start) -> None:
    """No mail is lost, at most those in flight come twice, and then under the same Message-ID."""
    world.location(accounts=8)
    names = book_many(world, 8)
    world.sandbox.fault({"slow": 400}, smtp=True)
    run = start_run("dies")
    wait_until(lambda: world.sandbox.mail_count() >= 2, "mails have been accepted")

    run.kill()
    run.wait()

    world.sandbox.clear_faults()
    assert world.notify(now=after(MAIL_CLAIM_EXPIRED)).sent >= 4
    addresses = [f"{name.lower()}@clients.test" for name in names]
    wait_until(lambda: all(world.sandbox.mail(address) for address in addresses), "everybody has the mail")
    for address in addresses:
        mails = world.sandbox.mail(address)
        assert len({mail["message_id"] for mail in mails}) == 1
    assert world.sandbox.mail_count() <= len(names) + 4, "four connections, so four in flight"
    assert {message.status for message in world.messages()} == {"sent"}


def test_an_answer_lost_on_the_way_from_the_mail_server_doubles_one_mail(world: World) -> None:
    """The server has it and we never heard: it is sent again, recognisable as the same."""
    world.location(accounts=3)
    names = book_many(world, 3)
    world.sandbox.fault({"smtp_drop": True}, smtp=True, to_regex="a-2@", times=1)

    outcomes(world)
    world.notify(now=after(TICK))

    counts = {name: len(world.sandbox.mail(f"{name.lower()}@clients.test")) for name in names}
    assert counts == {"A-1": 1, "A-2": 2, "A-3": 1}
    first, second = world.sandbox.mail("a-2@clients.test")
    assert first["message_id"] == second["message_id"]


def test_two_runs_at_once_share_the_work(world: World, start_run: Start) -> None:
    """In two processes, over the same appointments: every one is opened once."""
    world.location(accounts=20)
    names = book_many(world, 20)

    runs = [start_run("one", limit=12), start_run("two", limit=12)]
    assert [run.wait(timeout=40) for run in runs] == [0, 0]

    everything_was_made_once(world, names)
    assert len({lease.appointment_id for lease in world.leases()}) == 20
