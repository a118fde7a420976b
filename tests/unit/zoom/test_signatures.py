"""Whether an event is Zoom's."""

from datetime import UTC, datetime, timedelta

import pytest

from core.zoom.signatures import signature_of, signed_by, validation_answer

SECRET = "test_secret_token_123"
TIMESTAMP = "1767225600"
NOW = datetime.fromtimestamp(int(TIMESTAMP), UTC)
BODY = (
    b'{"event":"meeting.ended","event_ts":1767225600123,"payload":{"account_id":"acc1","object":{"id":"91234567890",'
    b'"uuid":"4444AAAiAAAAAiAiAiiAii==","host_id":"host1","topic":"Intake","type":2,"start_time":"2026-01-01T00:00:00Z",'
    b'"timezone":"UTC","duration":30,"end_time":"2026-01-01T00:29:00Z"}}}'
)
SIGNATURE = "v0=403f8e353f33f0cb8f9ec5230d00f507a4ee2580eca15bd6d22f2a91ab64a7f2"


def test_zooms_signature_is_computed_over_the_raw_body() -> None:
    """A vector computed elsewhere."""
    assert signature_of(SECRET, TIMESTAMP, BODY) == SIGNATURE


def test_the_endpoint_proves_itself_with_the_encrypted_token() -> None:
    """A vector computed elsewhere."""
    assert validation_answer(SECRET, "qgg8vlvZRS6UYooatFL8Aw") == {
        "plainToken": "qgg8vlvZRS6UYooatFL8Aw",
        "encryptedToken": "2b5cfb77819cee95afa1a1521bcd4b88c3aacdd939430efc23bc041cbecf816e",
    }


@pytest.mark.parametrize("secrets", [(SECRET,), (SECRET, "the previous one"), ("the new one", SECRET)])
def test_any_of_the_secrets_will_do_and_it_is_said_which(secrets: tuple[str, ...]) -> None:
    """While Zoom changes from one to the other, both are in use."""
    assert signed_by(secrets, timestamp=TIMESTAMP, signature=SIGNATURE, body=BODY, now=NOW) == SECRET


@pytest.mark.parametrize(
    ("away", "accepted"),
    [
        (timedelta(minutes=-90), True),
        (timedelta(minutes=90), True),
        (timedelta(minutes=-90, seconds=-1), False),
        (timedelta(minutes=90, seconds=1), False),
    ],
)
def test_a_signature_is_good_for_ninety_minutes(away: timedelta, accepted: bool) -> None:
    """Zoom's last retry comes after 85, and nobody knows whether it is signed anew. Both ways: clocks differ."""
    signer = signed_by([SECRET], timestamp=TIMESTAMP, signature=SIGNATURE, body=BODY, now=NOW + away)

    assert (signer == SECRET) is accepted


@pytest.mark.parametrize("timestamp", [None, "", "soon", "1.5", "-1767225600", " 1767225600", "१७६७२२५६००", "9" * 5000])
def test_a_timestamp_that_is_none_is_refused(timestamp: str | None) -> None:
    """Whatever is in the header, even correctly signed, nothing breaks."""
    signature = signature_of(SECRET, timestamp or "", BODY)

    assert signed_by([SECRET], timestamp=timestamp, signature=signature, body=BODY, now=NOW) is None


@pytest.mark.parametrize("signature", [None, "", "v0=", SIGNATURE.upper(), SIGNATURE[1:], SIGNATURE + "0", "é\udc80"])
def test_a_signature_that_is_none_is_refused(signature: str | None) -> None:
    """Whatever is in the header, nothing breaks."""
    assert signed_by([SECRET], timestamp=TIMESTAMP, signature=signature, body=BODY, now=NOW) is None


def test_one_changed_byte_is_refused() -> None:
    """Of the body, or of the time it was signed at."""
    changed = BODY.replace(b"meeting.ended", b"meeting.endet")
    later = str(int(TIMESTAMP) + 1)

    assert signed_by([SECRET], timestamp=TIMESTAMP, signature=SIGNATURE, body=changed, now=NOW) is None
    assert signed_by([SECRET], timestamp=later, signature=SIGNATURE, body=BODY, now=NOW) is None


def test_without_secrets_nobody_is_believed() -> None:
    """An empty list lets nobody in."""
    assert signed_by([], timestamp=TIMESTAMP, signature=SIGNATURE, body=BODY, now=NOW) is None
