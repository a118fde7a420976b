"""The practice mailbox as our mail server."""

import pytest

from core.mail.smtp import MailServer
from core.settings import Settings
from tests.sandbox_process import SandboxControl


@pytest.fixture
def mail_server(settings: Settings, sandbox: SandboxControl) -> MailServer:
    """The practice mailbox, empty and without faults."""
    return MailServer.parse(settings.mail_url, settings.mail_from)
