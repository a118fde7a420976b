"""`zoompool people`: who signs in, what each may do by hand, and what is refused in words."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from core.clock import utcnow
from core.db.models import Event, Person
from core.domain.roles import Role
from core.errors import NotAllowed, SignInNeeded
from core.services.people import Admitted, admit
from core.settings import Settings
from tests.integration.commands.test_commands import Run, as_json, north, zoompool  # noqa: F401 - fixtures
from tests.world import World

ADMIN, HOST = 1, 2
Come = Callable[[str], Admitted]


@pytest.fixture
def come(world: World, settings: Settings) -> Come:
    """Somebody opens a page with the sign-in of a minute ago; what we make of it."""
    signing_in = settings.model_copy(
        update={"oidc_issuer": "https://login.test", "session_secret": SecretStr("0123456789abcdef0123456789abcdef")}
    )

    issued = int((utcnow() - timedelta(minutes=1)).timestamp())

    def come_(subject: str) -> Admitted:
        roles = {"anna": "admin", "hana": "host"}
        claims = {"iss": "https://login.test", "sub": subject, "name": subject.capitalize(), "roles": roles[subject]}
        with world.parts.sessions.begin() as session:
            return admit(session, claims | {"iat": issued, "locations": ["North"]}, signing_in, now=utcnow())

    return come_


@pytest.fixture
def people(north: Run, come: Come) -> Run:  # noqa: F811
    """Anna, an admin, and Hana, a host of North, have signed in once."""
    assert [come("anna").id, come("hana").id] == [ADMIN, HOST]
    return north


def events(world: World, kind: str) -> list[tuple[str, int]]:
    """By whom and about whom."""
    with world.parts.sessions() as session:
        found = session.scalars(sa.select(Event).where(Event.kind == kind)).all()
    return [(event.actor, event.detail["person"]) for event in found]


def test_before_anybody_signed_in_it_says_so(north: Run) -> None:  # noqa: F811
    """Instead of an empty table."""
    assert north("people", "list") == (0, "Nobody has signed in yet.\n")
    assert as_json(north("people", "list", "--json")[1]) == []


def test_everybody_is_listed_with_role_and_locations(people: Run) -> None:
    """And where the role is from."""
    anna, hana = as_json(people("people", "list", "--json")[1])

    assert (anna["name"], anna["role"], anna["from"], anna["locations"]) == ("Anna", "admin", "claim", "all")
    assert (hana["name"], hana["role"], hana["from"], hana["locations"]) == ("Hana", "host", "claim", "North")
    assert "Hana" in people("people", "list")[1]


def test_a_role_by_hand_counts_at_once_and_is_written_down(people: Run, world: World, come: Come) -> None:
    """A role that sees everything takes the locations away; a host gets those that are named, and no others."""
    assert people("people", "set-role", str(HOST), "operations") == (0, "Hana is operations from now on.\n")
    assert (come("hana").role, come("hana").locations) == (Role.OPERATIONS, None)

    assert people("people", "set-role", str(HOST), "host", "-l", "North")[0] == 0
    assert come("hana").locations is not None and len(come("hana").locations or ()) == 1
    assert "sees nothing yet: give a location" in people("people", "set-role", str(HOST), "host")[1]
    assert come("hana").locations == frozenset()
    assert events(world, "person_role_set") == [("command line", HOST)] * 3


def test_without_a_role_the_claims_count_again(people: Run, world: World, come: Come) -> None:
    """From the next sign-in on; until then there is none."""
    people("people", "set-role", str(HOST), "operations")
    status, printed = people("people", "set-role", str(HOST))

    assert (status, printed) == (0, "Hana gets the role of the next sign-in, and has none until then.\n")
    with pytest.raises(NotAllowed, match="has no role here yet"):
        come("hana")
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(Person).values(signed_in_at=utcnow() - timedelta(hours=1)))
    assert come("hana").role is Role.HOST


def test_who_is_disabled_is_out_until_enabled(people: Run, world: World, come: Come) -> None:
    """With the sign-in that one has."""
    assert people("people", "disable", str(HOST)) == (0, "Hana is not let in any more.\n")
    with pytest.raises(NotAllowed, match="Hana is not let in any more"):
        come("hana")
    assert as_json(people("people", "list", "--json")[1])[1]["disabled_at"]

    assert people("people", "enable", str(HOST)) == (0, "Hana is let in again.\n")
    assert come("hana").role is Role.HOST
    assert events(world, "person_disabled") == events(world, "person_enabled") == [("command line", HOST)]


def test_signing_somebody_out_ends_the_sign_ins_there_are(people: Run, world: World, come: Come) -> None:
    """A new one counts."""
    assert people("people", "sign-out", str(HOST)) == (0, "Hana has to sign in again.\n")
    with pytest.raises(SignInNeeded, match="signed out"):
        come("hana")
    assert events(world, "person_signed_out") == [("command line", HOST)]


@pytest.mark.parametrize("words", [("disable", str(ADMIN)), ("set-role", str(ADMIN), "support")])
def test_the_last_admin_may_go_and_that_is_said(people: Run, come: Come, words: tuple[str, ...]) -> None:
    """Somebody has to be able to lock out a stolen admin; whoever has the command line makes another one."""
    status, printed = people("people", *words)

    assert status == 0
    assert "No admin is left who can sign in; zoompool people set-role N admin makes one." in printed
    assert "No admin is left" not in people("people", "set-role", str(HOST), "admin")[1]
    assert come("hana").role is Role.ADMIN


WRONG = [
    (("set-role", "1", "gardener"), 2, "'gardener' is not one of 'host', 'support', 'operations', 'engineer'"),
    (("set-role", "1", "host", "-l", "Nowhere"), 1, "There is no location named Nowhere"),
    (("set-role", "1", "admin", "-l", "North"), 1, "Only a host has locations of his own"),
    (("set-role", "9", "admin"), 1, "There is no person 9. See who there is: zoompool people list."),
    (("disable", "9"), 1, "There is no person 9."),
    (("enable", "9"), 1, "There is no person 9."),
    (("sign-out", "9"), 1, "There is no person 9."),
    (("disable", "Anna"), 2, "unable to parse string as an integer"),
    (("disable", "0"), 2, "person"),
    (("disable", str(2**63)), 2, "person"),
    (("disable",), 2, "Missing argument 'person'"),
]


def test_what_cannot_be_is_a_sentence(people: Run, world: World, come: Come) -> None:
    """Nothing has changed after all of them."""
    for words, status, said in WRONG:
        found, printed = people("people", *words)

        assert found == status, words
        assert said in " ".join(printed.replace("│", " ").split()), words
        assert "Traceback" not in printed
    assert (come("anna").role, come("hana").role) == (Role.ADMIN, Role.HOST)
    assert not events(world, "person_role_set") and not events(world, "person_disabled")
