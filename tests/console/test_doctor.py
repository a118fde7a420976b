"""The doctor asks our own endpoints what Zoom and a load balancer ask them."""

from pydantic import SecretStr

from core.clock import utcnow
from core.services.doctor.check import Level
from core.services.doctor.outside import examine_console, examine_webhooks
from core.settings import Settings


def test_the_webhook_endpoint_answers_as_zoom_expects(web: str, settings: Settings) -> None:
    """The same question that Zoom asks every 72 hours, signed with our own secret."""
    public = settings.model_copy(update={"public_base_url": web})

    [check] = examine_webhooks(public, utcnow)

    assert (check.level, check.next_step) == (Level.OK, "")


def test_another_secret_than_the_endpoints_is_found(web: str, settings: Settings) -> None:
    """Two processes with different settings: every event of Zoom's would be refused."""
    other = {"public_base_url": web, "zoom_webhook_secret_token": SecretStr("another-secret-token")}

    [check] = examine_webhooks(settings.model_copy(update=other), utcnow)

    assert check.level is Level.FAIL
    assert "ZOOM_WEBHOOK_SECRET_TOKEN" in check.next_step
    assert "another-secret-token" not in repr(check)


def test_an_address_that_leads_nowhere_is_found(settings: Settings) -> None:
    """DNS, TLS or the proxy: where to look is said."""
    public = settings.model_copy(update={"public_base_url": "http://127.0.0.1:1"})

    checks = [*examine_webhooks(public, utcnow), *examine_console(public)]

    assert {check.level for check in checks} == {Level.FAIL}
    assert "proxy" in checks[0].next_step


def test_a_console_that_is_healthy_says_so(web: str, settings: Settings) -> None:
    """Through the public address, as people reach it."""
    public = settings.model_copy(update={"public_base_url": web})

    by_part = {check.part: check.level for check in examine_console(public)}

    assert by_part["public address"] is Level.OK
