"""The Pool page's tabs and the What-if page: what people read there, with the database behind it."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import streamlit as st
from streamlit.testing.v1 import AppTest

from console import pool_data
from console.moments import span
from core.clock import utcnow
from core.db.models import Account, AppointmentRevision, ConnectionPeriod
from core.db.read import pool_history
from core.services.accounts import bench
from core.services.what_if import ask_what_if, compute_what_ifs
from tests.console.conftest import OpenPage, words_of
from tests.world import World

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """What a page keeps for half a minute is not the next test's."""
    st.cache_data.clear()
    yield
    st.cache_data.clear()


def figures(page: AppTest) -> dict[str, str]:
    """The key figures by their labels."""
    return {metric.label: metric.value for metric in page.metric}


def connected_for(world: World, lasts: timedelta) -> None:
    """Every account is connected for so long."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(ConnectionPeriod).values(from_at=utcnow() - lasts))


def held(world: World, *outcomes: tuple[str, str | None]) -> None:
    """An account that is connected for a week and was leased for an hour yesterday; links that came like that."""
    world.location(accounts=2)
    for number, (outcome, cause) in enumerate(outcomes):
        appointment = world.book(f"A-{number}")
        if number == 0:
            world.allocate()
        with world.parts.sessions.begin() as session:
            yesterday = {"due_at": utcnow() - 23 * HOUR, "outcome": outcome, "cause": cause}
            session.execute(
                sa.update(AppointmentRevision)
                .where(AppointmentRevision.appointment_id == appointment.id)
                .values(**yesterday)
            )
    connected_for(world, 7 * 24 * HOUR)
    with world.parts.sessions.begin() as session:
        session.execute(
            sa.text(
                "UPDATE leases SET state = 'released', reserved_at = :begin, ready_at = :begin, live_at = :begin, "
                "released_at = :end, release_reason = 'cooled'"
            ),
            {"begin": utcnow() - 23 * HOUR, "end": utcnow() - 22 * HOUR},
        )


def test_only_the_open_tab_asks_the_database(
    world: World, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The past is dear to read: whoever looks at what is now does not pay for it."""
    held(world, ("on_time", None))
    asked = itertools.count()
    real = pool_history.link_counts
    monkeypatch.setattr(pool_history, "link_counts", lambda *args, **kwargs: (next(asked), real(*args, **kwargs))[1])

    assert "Free now" in figures(open_page("pool"))
    assert next(asked) == 0
    assert "Came on time" in figures(open_page("pool", view="History"))
    assert next(asked) == 2


def test_the_address_names_tab_location_and_stretch(world: World, open_page: OpenPage) -> None:
    """A link to what one sees can be sent to others."""
    world.location(accounts=1)
    world.location("Town Clinic", accounts=3)
    connected_for(world, 7 * 24 * HOUR)
    page = open_page("pool", view="History", location="Town Clinic", range="30 days")

    assert figures(page)["Peak in use"] == "0 of 3"
    assert "highest of 30 days, Europe/Berlin" in words_of(page)


def test_days_of_ones_own_are_kept_in_the_address(world: World, open_page: OpenPage) -> None:
    """Three days on the clocks of the place; the numbers are theirs."""
    held(world, ("on_time", None), ("late", "zoom"))
    page = open_page("pool", view="History", range="Own range")
    assert figures(page)["Came on time"] == "50.0%"

    today = utcnow().astimezone(ZoneInfo("Europe/Berlin")).date()
    days = [(today - timedelta(days=ago)).isoformat() for ago in (6, 4)]
    assert figures(open_page("pool", view="History", range="Own range", days=days))["Came on time"] == "None due"


def test_history_counts_links_with_their_causes_and_use_with_its_peak(world: World, open_page: OpenPage) -> None:
    """Three links became due yesterday: one came, one was late for Zoom, one was missed for want of an account."""
    held(world, ("on_time", None), ("late", "zoom"), ("missed", "capacity"))
    page = open_page("pool", view="History")
    told = words_of(page)

    assert figures(page)["Came on time"] == "33.3%"
    assert figures(page)["Late, failed or missed"] == "2"
    assert figures(page)["Peak in use"] == "1 of 2"
    assert "Of 3 links 33.3% came on time" in told and "1 late, 1 missed" in told
    assert "people were in a meeting for 100%" in told
    assert "Changes are against the 7 days before" in told
    assert "1 appointment · 1.0 h" in told and "never used" in told


def test_history_tells_what_changed_since_the_stretch_before(world: World, open_page: OpenPage) -> None:
    """Yesterday's missed link is one more than in the day before; what is worse is not drawn as better."""
    held(world, ("on_time", None), ("missed", "capacity"))
    with world.parts.sessions.begin() as session:
        session.execute(
            sa.text("""
                INSERT INTO appointment_revisions
                    (appointment_id, revision, location_id, starts_at, ends_at, due_at, outcome)
                SELECT appointment_id, 2, location_id, starts_at, ends_at, due_at - interval '24 hours', 'on_time'
                FROM appointment_revisions WHERE outcome = 'on_time'""")
        )
    page = open_page("pool", view="History", range="24 hours")
    [bad] = [metric for metric in page.metric if metric.label == "Late, failed or missed"]

    assert (bad.value, bad.delta) == ("1", "+1")
    assert bad.proto.color == bad.proto.MetricColor.RED


def test_what_is_shown_can_be_taken_away_as_a_table(world: World, open_page: OpenPage) -> None:
    """Each chart has its numbers as a file."""
    held(world, ("on_time", None), ("late", "zoom"))
    page = open_page("pool", view="History")
    files = {button.proto.id.split("csv_")[-1].removesuffix(".csv") for button in page.get("download_button")}

    assert files == {
        "accounts-by-state",
        "peak-use",
        "account-hours",
        "links",
        "causes",
        "recording-wait",
        "least-used",
    }


def test_history_without_anything_says_so(world: World, open_page: OpenPage) -> None:
    """A location that nobody has connected an account to has no past."""
    world.location(accounts=0)

    assert "There is no history of that time." in words_of(open_page("pool", view="History"))


def test_history_of_all_locations_begins_at_a_full_hour_of_utc(world: World, open_page: OpenPage) -> None:
    """The hours kept of all together are those of UTC; a location's are those of its own clock, here half past."""
    location = world.location()
    open_page("pool")
    week = utcnow() - timedelta(days=7), utcnow()

    assert pool_data.history(location.id, *week, "Asia/Kolkata").window.since.minute == 30
    assert pool_data.history(None, *week, "Asia/Kolkata").window.since.minute == 0


def test_ahead_says_where_accounts_will_be_short(world: World, open_page: OpenPage) -> None:
    """Three at once tomorrow and two accounts: from ten minutes before them until they have cooled down."""
    world.location(accounts=2)
    for number in range(3):
        appointment = world.book(f"A-{number}", starts_in=20 * HOUR)
    page = open_page("pool", view="Ahead", location="Harbour Clinic")
    told = words_of(page)
    begins, ends = appointment.starts_at - timedelta(minutes=10), appointment.ends_at + timedelta(minutes=5)

    assert "Accounts will be short within 24 hours." in told
    # Its end may lie on the day after.
    assert f"{span(begins, ends, 'Europe/Berlin', now=utcnow())}: 1 account short"[1:] in told
    assert figures(page)["Most booked at once"] == "3"
    assert figures(page)["Shortages"] == "1"


def test_ahead_without_a_shortage_says_that_all_is_well(world: World, open_page: OpenPage) -> None:
    """Two at once and two accounts."""
    world.location(accounts=2)
    for number in range(2):
        world.book(f"A-{number}", starts_in=20 * HOUR)
    told = words_of(open_page("pool", view="Ahead"))

    assert "Every appointment of the next 24 hours should find an account." in told
    assert "2 of 2" in told and "none left" in told


def test_ahead_with_nothing_booked_says_what_would_show(world: World, open_page: OpenPage) -> None:
    """An empty chart would say nothing."""
    world.location(accounts=1)

    assert "Nothing is booked for the next 24 hours." in words_of(open_page("pool", view="Ahead"))


def test_now_names_the_tightest_locations_and_all_states(world: World, open_page: OpenPage) -> None:
    """Where nothing is free comes first; its name leads to its own pool."""
    world.location(accounts=2)
    world.location("Town Clinic", accounts=1)
    with world.parts.sessions.begin() as session:
        town = sa.select(Account.id).where(Account.email.like("%town%")).scalar_subquery()
        session.execute(sa.update(Account).where(Account.id == town).values(connection="needs_reauth"))
    page = open_page("pool")
    [first, second] = [button for button in page.button if str(button.key).startswith("open_")]

    assert (first.label, second.label) == ("**Town Clinic**", "**Harbour Clinic**")
    assert "0 of 1 free" in words_of(page) and "2 of 2 free" in words_of(page)
    assert "1 of 3 accounts cannot be given to anybody now" in words_of(page)
    first.click().run()
    assert page.session_state["location"] == "Town Clinic"
    assert figures(page)["Free now"] == "0 / 1"


def test_now_lists_the_accounts_that_need_a_person(world: World, open_page: OpenPage) -> None:
    """Which, why, for how long and what to do; nothing of it while all are well."""
    world.location(accounts=2)
    assert "Needs attention" not in words_of(open_page("pool"))
    first, _ = world.accounts()
    with world.parts.sessions.begin() as session:
        bench(session, first.id, reason="waiting_room", until=None, actor="test", now=utcnow() - 3 * HOUR)
    told = words_of(open_page("pool"))

    assert "**Needs attention** :gray[· 1 account]" in told and "for 3 h" in told
    assert "Zoom forces a waiting room on this account. Switch it off in the account's Zoom settings" in told


def test_now_leads_with_who_waits(world: World, open_page: OpenPage) -> None:
    """Before the figures: how many wait, and for each why and until when."""
    world.location(accounts=1)
    for number in (1, 2, 3):
        world.book(f"A-{number}")
    world.run()
    page = open_page("pool")
    texts = [str(each.value) for each in page.main if hasattr(each, "value")]
    [waits] = [place for place, text in enumerate(texts) if "2 appointments wait for a link" in text]

    assert "An account should be free about" in " ".join(texts[waits : waits + 8])
    assert waits < texts.index("0 / 1")
    assert "Free next" in words_of(page) and "free about" in words_of(page)


def test_figures_tell_what_changed_within_an_hour(world: World, open_page: OpenPage) -> None:
    """One of two accounts was given away now, two were free an hour ago."""
    world.location(accounts=2)
    connected_for(world, 7 * 24 * HOUR)
    world.book("A-1")
    world.run()
    page = open_page("pool")

    changes = {metric.label: metric.delta for metric in page.metric}
    assert (changes["Free now"], changes["In use"]) == ("-1", "+1")


def test_a_what_if_that_no_run_takes_says_where_to_look(world: World, open_page: OpenPage) -> None:
    """At first it tells what happens next; after minutes, what may be wrong."""
    place = world.location(accounts=1)
    with world.parts.sessions.begin() as session:
        ask_what_if(session, place.id, actor="console", now=utcnow())
    page = open_page("what_if")
    assert page.button(key="compute").label == "Computing"
    with world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE what_if_results SET requested_at = requested_at - INTERVAL '3 minutes'"))

    assert "no run has taken it yet" in words_of(page.run())


def test_what_if_is_asked_for_by_a_button_and_shows_what_a_run_computed(world: World, open_page: OpenPage) -> None:
    """The page never computes; pressed once, the button waits for the run like everybody else."""
    place = world.location(accounts=1)
    for number in range(3):
        world.book(f"A-{number}", starts_in=72 * HOUR)
    page = open_page("what_if")
    assert "Nothing is computed for this location yet." in words_of(page)

    page.button(key="compute").click().run()
    assert page.button(key="compute").disabled
    with world.parts.sessions.begin() as session:
        assert not ask_what_if(session, place.id, actor="somebody else", now=utcnow())
    about = {"hours": world.parts.hours, "cooldown": timedelta(minutes=5), "run_id": "run", "clock": utcnow}
    compute_what_ifs(world.parts.sessions, **about)
    told = words_of(page.run())

    assert "3 accounts will be enough" in told and "2 accounts more than there are" in told
    assert "With 1, 2 links (2 missed) would not come on time." in told
    assert "There was no link." in told
    assert not page.button(key="compute").disabled


def test_a_what_if_that_failed_says_what_to_do(world: World, open_page: OpenPage) -> None:
    """And can be asked for again."""
    place = world.location(accounts=1)
    with world.parts.sessions.begin() as session:
        ask_what_if(session, place.id, actor="console", now=utcnow())
        session.execute(sa.text("UPDATE what_if_results SET failed_at = :now"), {"now": utcnow()})
    page = open_page("what_if")

    assert "failed" in words_of(page) and "Press Compute now once more." in words_of(page)
    assert not page.button(key="compute").disabled
