"""Links are mailed while the run still makes other meetings."""

import pytest
from sqlalchemy.orm import Session, sessionmaker

from core.mail.smtp import MailServer
from core.services.deliver import DeliveryReport, deliver, delivering
from tests.integration.mail.given import VAULT, Clock, Practice, wait_until
from tests.sandbox_process import SandboxControl


def test_a_link_leaves_before_the_work_beside_it_is_done(
    sessions: sessionmaker[Session], mail_server: MailServer, sandbox: SandboxControl
) -> None:
    """The mail arrives inside the block, which a batch of meetings fills for many seconds."""
    with delivering(lambda: deliver(sessions, mail_server, VAULT, clock=Clock())):
        opened = Practice(sessions).opened()
        assert sandbox.wait_for_mail(opened.email)
    assert len(sandbox.mail(opened.email)) == 1


def test_what_breaks_the_delivery_is_not_hushed_up() -> None:
    """The run fails after its meetings are recorded, and its error is the delivery's."""
    tried = []

    def broken() -> DeliveryReport:
        tried.append(1)
        raise ConnectionError("the database is gone")

    with pytest.raises(ConnectionError, match="the database is gone"), delivering(broken):
        wait_until(lambda: bool(tried))
