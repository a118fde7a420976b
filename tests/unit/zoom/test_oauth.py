"""The addresses, challenges and refusals of Zoom's OAuth."""

from urllib.parse import parse_qs, urlsplit

import pytest

from core.errors import NeedsReauth, ZoomError, ZoomRateLimited, ZoomRejected, ZoomUnavailable
from core.settings import Settings
from core.zoom.oauth import REQUIRED_SCOPES, ZoomOAuth, _refusal, challenge_of, missing_scopes, new_verifier
from tests.unit.zoom.answers import answer


def test_the_authorize_address_names_state_redirect_and_an_s256_challenge() -> None:
    """Without the method Zoom would compare the verifier with the challenge as plain text."""
    oauth = ZoomOAuth(Settings(_env_file=None, public_base_url="https://pool.example"))

    address = urlsplit(oauth.authorize_url("the state", "the-challenge"))

    assert address.path == "/oauth/authorize"
    assert parse_qs(address.query) == {
        "response_type": ["code"],
        "client_id": ["sandbox-client"],
        "redirect_uri": ["https://pool.example/oauth/zoom/callback"],
        "state": ["the state"],
        "code_challenge": ["the-challenge"],
        "code_challenge_method": ["S256"],
    }


def test_the_challenge_is_that_of_rfc_7636() -> None:
    """The example of RFC 7636, appendix B."""
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_verifiers_have_an_allowed_length_and_differ() -> None:
    """43 to 128 characters."""
    assert 43 <= len(new_verifier()) <= 128
    assert new_verifier() != new_verifier()


def test_granular_and_classic_scopes_both_satisfy() -> None:
    """Older apps hold the classic ones; what is missing is named as a new app needs it."""
    classic = "user:read meeting:read meeting:write recording:read recording:write"

    assert missing_scopes(" ".join(REQUIRED_SCOPES)) == []
    assert missing_scopes(classic) == []
    assert missing_scopes(classic.replace("recording:read", "")) == [
        "cloud_recording:read:list_recording_files",
        "cloud_recording:read:list_user_recordings",
    ]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"reason": "Invalid Token!", "error": "invalid_grant"}, NeedsReauth),
        (400, {"reason": "Token is revoked. (4,741)", "error": "invalid_request"}, NeedsReauth),
        (401, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}, ZoomRejected),
        (400, {"reason": "unsupported grant type", "error": "unsupported_grant_type"}, ZoomRejected),
        (500, {"reason": "oops", "error": "server_error"}, ZoomUnavailable),
        (400, "<html>gateway</html>", ZoomUnavailable),
        (200, "<html>sign in</html>", ZoomUnavailable),
        (429, {"reason": "slow", "error": "too_many"}, ZoomRateLimited),
    ],
)
def test_a_dead_grant_is_told_from_an_outage_and_from_a_wrong_secret(
    status: int, body: object, expected: type[ZoomError]
) -> None:
    """A wrong client secret must not send a thousand people to reconnect."""
    assert type(_refusal(answer(status, body))) is expected
