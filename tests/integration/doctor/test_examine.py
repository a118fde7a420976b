"""The doctor looks at every part, says what to mend, and is not stopped by a part that is sick."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from pydantic import SecretStr

from core.clock import utcnow
from core.db.models import Account, Grant, InboxEvent, Installation, Message
from core.services.doctor import database
from core.services.doctor.check import Check, Level
from core.services.doctor.examine import examine
from core.services.doctor.outside import examine_mail, examine_oauth, examine_zoom
from core.services.doctor.product import examine_accounts, examine_settings, examine_state
from core.settings import Settings
from core.wiring import Wiring
from tests.world import World

NOWHERE = "http://127.0.0.1:1"
SAFE = "a-secret-of-more-than-sixteen-letters"


def by_part(checks: Any) -> dict[str, Check]:
    """The checks by what they are about."""
    return {check.part: check for check in checks}


def changed(world: World, **values: Any) -> Wiring:
    """The same installation under other settings."""
    return Wiring(world.parts.settings.model_copy(update=values))


def update(world: World, table: Any, **values: Any) -> None:
    """Let every row of a table say something else."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.update(table).values(**values))


def test_a_well_installation_is_well(world: World) -> None:
    """Database, schema, keys, Zoom, mail and connections; the processes of this machine are not running here."""
    world.location(accounts=2)

    found = by_part(examine(world.parts, clock=utcnow))

    well = ("database", "schema", "clocks", "encryption keys", "disk", "Zoom API", "Zoom OAuth", "mail server")
    assert {part: found[part].level for part in well} == dict.fromkeys(well, Level.OK)
    assert (found["accounts"].level, found["accounts"].says) == (Level.OK, "2 connected.")


def test_without_a_database_everything_else_is_still_looked_at(settings: Settings) -> None:
    """One sick part must not hide the others; no finding shows an address with its password."""
    dead = settings.model_copy(update={"database_url": "postgresql+psycopg://me:hidden-password@127.0.0.1:1/none"})

    found = list(examine(Wiring(dead), clock=utcnow))

    assert by_part(found)["database"].level is Level.FAIL
    assert by_part(found)["Zoom API"].level is Level.OK
    assert "hidden-password" not in repr(found)


def test_an_old_schema_is_found(world: World) -> None:
    """With the command that mends it."""
    with world.parts.sessions.begin() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))

    schema = by_part(database.examine_database(world.parts, utcnow))["schema"]

    assert (schema.level, "zoompool migrate" in schema.next_step) == (Level.FAIL, True)


@pytest.mark.parametrize(("apart", "level"), [(0, Level.OK), (5, Level.WARN), (60, Level.FAIL)])
def test_clocks_that_are_apart_are_found(world: World, apart: int, level: Level) -> None:
    """What is due is judged by this machine, what is written by both."""
    checks = database.examine_database(world.parts, lambda: utcnow() + timedelta(seconds=apart))

    assert by_part(checks)["clocks"].level is level


def test_a_key_that_does_not_fit_the_stored_tokens_is_found(world: World) -> None:
    """A restored database with another machine's keys: nothing would work, and nothing would say why."""
    world.location(accounts=1)
    other = changed(world, token_encryption_keys=SecretStr(Fernet.generate_key().decode()))

    check = by_part(database.examine_database(other, utcnow))["encryption keys"]

    assert check.level is Level.FAIL
    assert "Add the key" in check.next_step


@pytest.mark.parametrize(("free", "level"), [(3e9, Level.OK), (1e9, Level.WARN), (1e8, Level.FAIL)])
def test_a_disk_that_fills_up_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, free: float, level: Level
) -> None:
    """A full disk stops the database."""
    usage = database.shutil.disk_usage("/")._replace(free=int(free))
    monkeypatch.setattr(database.shutil, "disk_usage", lambda _: usage)

    assert next(iter(database.examine_disk(world.parts.settings.state_dir))).level is level


def test_zoom_that_cannot_be_reached_is_told_from_an_app_it_does_not_know(world: World) -> None:
    """One is the network's, the other a setting's."""
    [away] = examine_zoom(changed(world, zoom_api_url=NOWHERE).settings, utcnow)
    [oauth_away] = examine_oauth(changed(world, zoom_oauth_url=NOWHERE))
    wrong = changed(world, zoom_client_secret=SecretStr("wrong-secret"))
    found = by_part(examine(wrong, clock=utcnow))["Zoom OAuth"]

    assert (away.level, oauth_away.level) == (Level.FAIL, Level.FAIL)
    assert "DNS" in away.next_step
    assert "ZOOM_CLIENT_SECRET" in found.next_step
    assert "wrong-secret" not in repr(found)


def test_a_mail_server_that_is_away_is_found_and_one_that_is_there_gets_no_mail(world: World) -> None:
    """Only the door is knocked at."""
    [there] = examine_mail(world.parts)
    [away] = examine_mail(changed(world, smtp_url=SecretStr("smtp://me:hidden-password@127.0.0.1:1")))

    assert (there.level, away.level) == (Level.OK, Level.FAIL)
    assert world.sandbox.mail_count() == 0
    assert "hidden-password" not in repr(away)


def test_settings_that_are_allowed_and_unwise_are_told() -> None:
    """Production without alerts, with a sender of an example domain, and an old secret that is still accepted."""
    settings = Settings(
        _env_file=None,
        mode="production",
        database_url="postgresql+psycopg://db/zoompool",
        public_base_url="https://zoom.quantixone.test",
        zoom_client_id="client",
        zoom_client_secret=SAFE,
        zoom_webhook_secret_token=SAFE,
        zoom_webhook_secret_token_previous=SAFE,
        token_encryption_keys=Fernet.generate_key().decode(),
        session_secret=SAFE,
        oidc_issuer="https://login.quantixone.test",
        oidc_client_id="console",
        oidc_client_secret=SAFE,
        smtp_url="smtps://me:password@mail.test:465",
    )

    told = [check.next_step for check in examine_settings(settings)]

    assert len(told) == 3
    assert {word for step in told for word in step.split()} >= {"ALERT_URLS.", "MAIL_FROM"}
    assert SAFE not in repr(list(examine_settings(settings)))


def test_what_somebody_paused_or_stopped_is_told(world: World) -> None:
    """It is easy to forget, and nothing else looks wrong."""
    now = utcnow()
    update(
        world,
        Installation,
        allocation_paused_at=now,
        allocation_paused_reason="maintenance",
        deletion_stopped_at=now,
        deletion_stopped_reason="a recording is gone",
    )

    found = by_part(examine_state(world.parts, utcnow))

    assert "maintenance" in found["allocation"].says
    assert "a recording is gone" in found["deletion"].says


def test_events_and_mails_that_pile_up_are_found(world: World) -> None:
    """Somebody should be at work on them and is not."""
    long_ago = utcnow() - timedelta(minutes=5)
    world.location(accounts=1)
    world.book()
    world.allocate(run_id="run")
    world.create("run")
    update(world, Message, next_attempt_at=long_ago)
    with world.parts.sessions.begin() as session:
        session.add(InboxEvent(key="one", event="meeting.started", event_at=long_ago, received_at=long_ago))

    found = by_part(examine_state(world.parts, utcnow))

    assert found["events from Zoom"].level is Level.FAIL
    assert found["messages"].level is Level.FAIL


def test_accounts_that_need_a_person_are_counted(world: World) -> None:
    """A dead connection, and permissions that this version needs and an older consent did not give."""
    world.location(accounts=2)
    update(world, Account, connection="needs_reauth")
    update(world, Grant, scopes="meeting:write:meeting")

    none, scopes = examine_accounts(world.parts, utcnow, each=False)

    assert "None is connected" in none.says
    assert "2 lack permissions" in scopes.says
    assert "seat1@harbour-clinic.test" in scopes.next_step


def test_zoom_is_asked_about_each_account_when_told_to(world: World) -> None:
    """One lost its licence, one its consent, one is well."""
    world.location(accounts=3)
    unlicensed, revoked, well = (each.email for each in world.accounts())
    world.sandbox.change_user(unlicensed, type=1)
    world.sandbox.revoke_consent(revoked)

    found = by_part(examine_accounts(world.parts, utcnow, each=True))

    assert {email: found[email].level for email in (unlicensed, revoked, well)} == {
        unlicensed: Level.FAIL,
        revoked: Level.FAIL,
        well: Level.OK,
    }
