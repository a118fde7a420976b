"""OAuth of the practice Zoom: consent, codes, rotation and revocation."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.sandbox_process import SandboxControl
from tests.unit.sandbox.conftest import CALLBACK, Wire, code_of

EMAIL = "seat@demo.example"


@pytest.fixture(autouse=True)
def seat(nobody: Wire, sandbox: SandboxControl) -> None:
    """A practice user who may be asked for consent."""
    sandbox.create_user(EMAIL)


def refusal(answer: requests.Response) -> tuple[int, str]:
    """The status and error of the token endpoint, whose body holds exactly reason and error."""
    assert answer.json().keys() == {"reason", "error"}
    return answer.status_code, answer.json()["error"]


def test_allowing_leads_back_with_a_code_and_the_state_unchanged(nobody: Wire, sandbox: SandboxControl) -> None:
    """The callback receives code and state."""
    location = sandbox.authorize(nobody.authorize_url(), EMAIL)

    query = parse_qs(urlsplit(location).query)
    assert location.startswith(CALLBACK + "?")
    assert query["state"] == ["a state & more"]
    assert len(query["code"]) == 1


def test_denying_leads_back_with_access_denied(nobody: Wire, sandbox: SandboxControl) -> None:
    """A refusal is an answer too, and carries the state."""
    location = sandbox.authorize(nobody.authorize_url(), EMAIL, allow=False)

    assert parse_qs(urlsplit(location).query) == {"error": ["access_denied"], "state": ["a state & more"]}


def test_a_code_becomes_a_pair_that_works(nobody: Wire) -> None:
    """The token answer has Zoom's fields, and its access token names the user who consented."""
    answer = nobody.exchange(nobody.code(EMAIL))

    pair = answer.json()
    assert answer.status_code == 200
    assert pair["token_type"] == "bearer"
    assert pair["expires_in"] == 3600
    assert "meeting:write:meeting" in pair["scope"].split()
    assert len(pair["access_token"]) > 255 < len(pair["refresh_token"])
    assert nobody.as_user(pair["access_token"]).call("GET", "/users/me").json()["email"] == EMAIL


def test_a_code_is_good_once(nobody: Wire) -> None:
    """The second exchange is refused."""
    code = nobody.code(EMAIL)
    nobody.exchange(code)

    assert refusal(nobody.exchange(code)) == (400, "invalid_grant")


def test_a_code_dies_after_five_minutes(nobody: Wire, sandbox: SandboxControl) -> None:
    """At five minutes by the sandbox's clock the code is worthless."""
    code = nobody.code(EMAIL)
    sandbox.configure(clock_offset_seconds=300)

    assert refusal(nobody.exchange(code)) == (400, "invalid_grant")


def test_the_verifier_must_fit_the_challenge(nobody: Wire) -> None:
    """PKCE S256 is checked, and a wrong verifier uses the code up."""
    assert refusal(nobody.exchange(nobody.code(EMAIL), code_verifier="x" * 43)) == (400, "invalid_grant")


def test_without_a_method_the_challenge_is_plain(nobody: Wire) -> None:
    """Zoom's default method is plain: the challenge is the verifier itself."""
    code = nobody.code(EMAIL, code_challenge_method="", code_challenge="p" * 43)

    assert nobody.exchange(code, code_verifier="p" * 43).status_code == 200


def test_the_redirect_address_must_be_the_same_at_the_exchange(nobody: Wire) -> None:
    """Another redirect_uri is a mismatch."""
    answer = nobody.exchange(nobody.code(EMAIL), redirect_uri="http://127.0.0.1:8501/elsewhere")

    assert refusal(answer) == (400, "invalid_request")


def test_only_the_registered_client_gets_tokens(nobody: Wire) -> None:
    """A wrong secret, or none, is invalid_client."""
    assert refusal(nobody.oauth("/token", {}, auth=("sandbox-client", "wrong"))) == (401, "invalid_client")
    assert refusal(nobody.oauth("/token", {}, auth=None)) == (401, "invalid_client")


def test_an_unknown_grant_type_is_refused(nobody: Wire) -> None:
    """Only codes and refresh tokens can be exchanged."""
    assert refusal(nobody.oauth("/token", {"grant_type": "password"})) == (400, "unsupported_grant_type")


def test_refreshing_rotates_both_tokens(nobody: Wire) -> None:
    """The new pair works; the old refresh token and the old access token are dead at once."""
    old = nobody.exchange(nobody.code(EMAIL)).json()
    new = nobody.refresh(old["refresh_token"]).json()

    assert nobody.as_user(new["access_token"]).call("GET", "/users/me").status_code == 200
    assert code_of(nobody.as_user(old["access_token"]).call("GET", "/users/me")) == (401, 124)
    assert refusal(nobody.refresh(old["refresh_token"])) == (400, "invalid_grant")
    assert nobody.refresh(new["refresh_token"]).status_code == 200


def test_consenting_again_kills_the_earlier_pair(nobody: Wire) -> None:
    """Zoom keeps one pair per user and app."""
    old = nobody.exchange(nobody.code(EMAIL)).json()
    nobody.exchange(nobody.code(EMAIL))

    assert refusal(nobody.refresh(old["refresh_token"])) == (400, "invalid_grant")


def test_a_refresh_token_lives_ninety_days(nobody: Wire, sandbox: SandboxControl) -> None:
    """On the ninetieth day it is dead; each refresh starts the count anew."""
    first = nobody.exchange(nobody.code(EMAIL)).json()
    sandbox.configure(clock_offset_seconds=89 * 86400)
    second = nobody.refresh(first["refresh_token"]).json()
    sandbox.configure(clock_offset_seconds=(89 + 90) * 86400 + 60)

    assert refusal(nobody.refresh(second["refresh_token"])) == (400, "invalid_grant")


def test_an_access_token_expires_after_an_hour(nobody: Wire, sandbox: SandboxControl) -> None:
    """Then the API answers 401/124 while a refresh still works."""
    pair = nobody.exchange(nobody.code(EMAIL)).json()
    sandbox.configure(clock_offset_seconds=3601)

    assert code_of(nobody.as_user(pair["access_token"]).call("GET", "/users/me")) == (401, 124)
    assert nobody.refresh(pair["refresh_token"]).status_code == 200


def test_revoking_kills_both_tokens(nobody: Wire) -> None:
    """The answer is a success, once."""
    pair = nobody.exchange(nobody.code(EMAIL)).json()

    assert nobody.oauth("/revoke", {"token": pair["access_token"]}).json() == {"status": "success"}
    assert refusal(nobody.refresh(pair["refresh_token"])) == (400, "invalid_grant")
    assert refusal(nobody.oauth("/revoke", {"token": pair["access_token"]})) == (400, "invalid_request")


def test_a_user_can_take_his_consent_back(nobody: Wire, sandbox: SandboxControl) -> None:
    """Removing the app in Zoom is seen by us as a dead pair."""
    pair = nobody.exchange(nobody.code(EMAIL)).json()
    sandbox.revoke_consent(EMAIL)

    assert refusal(nobody.refresh(pair["refresh_token"])) == (400, "invalid_grant")


def test_a_scope_that_was_not_granted_is_missed_by_name(nobody: Wire, sandbox: SandboxControl) -> None:
    """The refusal is 400/4711 and lists what would have done."""
    narrow = nobody.as_user(sandbox.grant(EMAIL, scopes=["user:read:user"])["access_token"])
    answer = narrow.create()

    assert code_of(answer) == (400, 4711)
    assert "meeting:write:meeting" in answer.json()["message"]


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "somebody-else"},
        {"redirect_uri": "https://evil.example/callback"},
        {"response_type": "token"},
        {"code_challenge_method": "S512"},
    ],
)
def test_a_bad_authorize_link_ends_on_a_page_and_never_redirects(nobody: Wire, change: dict[str, str]) -> None:
    """What the redirect address says cannot be trusted yet, so nobody is sent there, not even by a form post."""
    shown = requests.get(nobody.authorize_url(**change), timeout=10)
    posted = requests.post(
        nobody.authorize_url(**change), data={"email": EMAIL, "decision": "allow"}, timeout=10, allow_redirects=False
    )

    assert (shown.status_code, posted.status_code) == (400, 400)
    assert "This link does not work" in shown.text


def test_an_unknown_address_is_asked_again(nobody: Wire) -> None:
    """The form comes back with a sentence, not a redirect."""
    answer = requests.post(nobody.authorize_url(), data={"email": "who@demo.example", "decision": "allow"}, timeout=10)

    assert answer.status_code == 400
    assert "No practice user has this e-mail address" in answer.text


def test_the_consent_form_works_without_its_query_string(nobody: Wire) -> None:
    """A browser posts the hidden fields instead."""
    form = {name: values[0] for name, values in parse_qs(urlsplit(nobody.authorize_url()).query).items()}
    answer = requests.post(
        nobody.process.oauth_url + "/authorize",
        data=form | {"user": EMAIL, "decision": "allow"},
        timeout=10,
        allow_redirects=False,
    )

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(CALLBACK)
