"""The provider at which people sign in: whether it is there, is the one that is set, and knows our client."""

import secrets
from collections.abc import Iterator
from typing import Any

import requests

from core.services.doctor.check import Check, fail, ok
from core.services.doctor.outside import TIMEOUT
from core.settings import WELL_KNOWN, Settings

PART = "sign-in"
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
SEE_TO_IT = "See to the provider, then try again."


def examine_sign_in(settings: Settings) -> Iterator[Check]:
    """Nobody is signed in by this: the provider is asked for its description, and whether it would take us."""
    if not settings.signs_in:
        yield ok(PART, "Nobody signs in: the console answers this machine alone.")
        return
    target = settings.oidc_metadata_url
    try:
        answer = requests.get(target, timeout=TIMEOUT)
        told = answer.json() if answer.status_code == 200 else None
    except requests.exceptions.JSONDecodeError:
        told = None
    except requests.RequestException as error:
        step = "Nobody can sign in meanwhile. Correct OIDC_ISSUER, or see to the provider and this machine's way there."
        yield fail(PART, f"{target} cannot be reached ({type(error).__name__}).", step)
        return
    if not isinstance(told, dict):
        step = "Set OIDC_ISSUER to the provider's address, without a path that it does not have."
        yield fail(PART, f"{target} is no description of a provider (HTTP {answer.status_code}).", step)
        return
    try:
        problems = list(_in_description(settings, told)) or list(_with_client(settings, told))
    except requests.RequestException as error:
        problems = [(f"The provider stops answering ({type(error).__name__}).", SEE_TO_IT)]
    for says, step in problems:
        yield fail(PART, says, step)
    if not problems:
        yield ok(PART, f"{told['issuer']} signs people in and sends them back to {settings.sign_in_redirect_uri}.")


def _in_description(settings: Settings, told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with how the provider describes itself, with the next step."""
    ours = settings.oidc_metadata_url.removesuffix(WELL_KNOWN)
    if str(told.get("issuer")).rstrip("/") != ours:
        yield (
            f"The provider calls itself {told.get('issuer')}, not {ours}.",
            "Set OIDC_ISSUER to the name it uses.",
        )
    for name in NEEDED:
        if not (address := told.get(name)):
            yield f"The provider names no {name}.", "See whether OIDC_ISSUER is an OpenID Connect provider."
        elif settings.mode == "production" and not str(address).startswith("https://"):
            yield f"The provider's {name} is {address}, without https.", "Let the provider name its public addresses."


def _with_client(settings: Settings, told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Whether the provider takes our client: it refuses a made-up code in one way, and an unknown client in another."""
    back, client = settings.sign_in_redirect_uri, str(settings.oidc_client_id)
    asked = {"client_id": client, "redirect_uri": back, "response_type": "code", "scope": "openid", "prompt": "none"}
    asked |= {"state": secrets.token_hex(8), "nonce": secrets.token_hex(8)}
    answer = requests.get(told["authorization_endpoint"], params=asked, timeout=TIMEOUT, allow_redirects=False)
    if 400 <= answer.status_code < 500:
        yield (
            f"The provider does not take the client {client} with the redirect URI {back} (HTTP {answer.status_code}).",
            "Register exactly this redirect URI there; it follows from PUBLIC_BASE_URL. Check OIDC_CLIENT_ID.",
        )
        return
    if answer.status_code >= 500:
        yield f"The provider's sign-in page fails (HTTP {answer.status_code}).", SEE_TO_IT
        return
    assert settings.oidc_client_secret is not None
    given = {"grant_type": "authorization_code", "code": f"doctor-{secrets.token_hex(8)}", "redirect_uri": back}
    secret = settings.oidc_client_secret.get_secret_value()
    refused = requests.post(told["token_endpoint"], data=given, auth=(client, secret), timeout=TIMEOUT)
    if refused.status_code == 401 or "invalid_client" in refused.text:
        yield f"The provider does not take the secret of the client {client}.", "Correct OIDC_CLIENT_SECRET."
    elif refused.status_code == 404 or refused.status_code >= 500:
        yield f"The provider's token endpoint fails (HTTP {refused.status_code}).", SEE_TO_IT
