"""What a whole run says at its most talkative: enough to follow one appointment, and never a secret."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from core.db.models import Grant
from tests.faults.bulk_run import started
from tests.world import World

CREATE = {"method": "POST", "path_regex": "/users/me/meetings$"}


def tokens(world: World) -> set[str]:
    """All tokens that are stored now, in the clear."""
    kept = [secret for grant in world.all(Grant) for secret in (grant.access_token, grant.refresh_token)]
    return {world.parts.vault.decrypt(secret) for secret in kept if secret is not None}


def passcodes(world: World) -> set[str]:
    """The passcodes of all meetings, and those inside their join links."""
    plain = {world.parts.vault.decrypt(meeting.passcode) for meeting in world.meetings() if meeting.passcode}
    links = [meeting.join_url for meeting in world.meetings() if meeting.join_url]
    return plain | {value for link in links for value in parse_qs(urlsplit(link).query)["pwd"]}


@pytest.fixture
def told(world: World, tmp_path: Path) -> tuple[str, set[str]]:
    """What a run with every kind of trouble wrote at level DEBUG, and every secret it handled."""
    world.location(accounts=6)
    users = {account.email.partition("@")[0]: account.zoom_user_id for account in world.accounts()}
    for number in range(1, 6):
        world.book(f"A-{number}")
    world.sandbox.change_user(users["seat1"], type=4)
    world.sandbox.expire_access_tokens(users["seat2"])
    refused = {"status": 400, "body": {"code": 300, "message": "Validation Failed."}}
    world.sandbox.fault(refused, user_id=users["seat3"], **CREATE)
    world.sandbox.fault({"status": 503}, user_id=users["seat4"], **CREATE)
    world.sandbox.fault({"smtp_code": 550}, smtp=True, times=1)
    before = tokens(world)
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        assert started(world.parts.settings, "run-1", stderr=stderr, LOG_FORMAT="json").wait(timeout=60) == 0
    return log.read_text(), before | tokens(world) | passcodes(world)


def test_no_secret_reaches_the_log(told: tuple[str, set[str]]) -> None:
    """No token, old or new, no passcode, no start link, and no client's address, from us or from any library."""
    log, secrets = told

    assert len(secrets) >= 12 + 3, "the run handled fewer secrets than this test is about"
    assert [secret for secret in secrets if secret in log] == []
    for sign in ("zak=", "pwd=", "Bearer ey", "@clients.test"):
        assert sign not in log


def test_every_line_is_a_fact_with_its_ids(world: World, told: tuple[str, set[str]]) -> None:
    """Whoever looks for an appointment, a lease or a run finds what became of it."""
    log, _ = told
    lines: list[dict[str, Any]] = [json.loads(line) for line in log.splitlines()]

    openings = [line for line in lines if line["event"] == "opening"]
    assert {line["outcome"] for line in openings} == {"ready", "next account", "put aside", "tried again soon"}
    leases = {lease.id: lease.appointment_id for lease in world.leases()}
    for line in openings:
        assert leases[line["lease_id"]] == line["appointment_id"]
        assert line["run_id"] == "run-1"
    mails = [line for line in lines if line["event"] == "mail"]
    assert sorted(line["status"] for line in mails) == ["failed", "sent", "sent"]
    ready = {line["appointment_id"] for line in openings if line["outcome"] == "ready"}
    assert {line["appointment_id"] for line in mails} == ready
    assert {line["run_id"] for line in mails} == {"run-1"}
