"""One connection carries many mails, survives being dropped, and shows its password to nobody but a trusted server."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.errors import ConfigurationError, MailRejected, MailServerDown, MailUnavailable
from core.mail import smtp
from core.mail.smtp import Mailer, MailServer
from tests.integration.mail.post_office import LOCAL, SENDER, Post, authenticate, served


@pytest.fixture
def post() -> Post:
    """What the server of this test receives."""
    return Post()


@pytest.fixture
def plain(post: Post) -> Iterator[MailServer]:
    """A server without encryption and login."""
    yield from served(post, "smtp://{host}:{port}")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A fresh certificate of 127.0.0.1, with its key, that nobody trusts yet."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, LOCAL)])
    today = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOCAL))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(built.public_bytes(serialization.Encoding.PEM) + secret)
    return path


@pytest.fixture
def starttls(post: Post, certificate: Path) -> Iterator[MailServer]:
    """A server that wants STARTTLS and then a login."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    url = "smtp+starttls://post:s3cret%2Fword@{host}:{port}"
    yield from served(
        post, url, tls_context=context, require_starttls=True, auth_required=True, authenticator=authenticate
    )


def mail() -> Message:
    """A mail of no interest."""
    message = Message()
    message["Subject"] = "Hello"
    message.set_payload("There.")
    return message


def test_many_mails_go_over_one_connection(plain: MailServer, post: Post) -> None:
    """The second mail does not connect again, nor does the one after a refused recipient."""
    with Mailer(plain) as mailer:
        assert mailer.send(mail(), "a@example.com") == "250 OK"
        with pytest.raises(MailRejected) as refusal:
            mailer.send(mail(), "nobody@example.com")
        mailer.send(mail(), "b@example.com")

    assert refusal.value.reply == "550 unknown"
    assert post.mails == ["a@example.com", "b@example.com"]
    assert len(post.peers) == 1


def test_a_connection_is_renewed_after_its_share(
    plain: MailServer, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many mails we hang up ourselves, before a public server does."""
    monkeypatch.setattr(smtp, "MAILS_PER_CONNECTION", 2)
    with Mailer(plain) as mailer:
        for number in range(5):
            mailer.send(mail(), f"{number}@example.com")

    assert len(post.peers) == 3


def test_a_connection_dropped_between_two_mails_goes_unnoticed(plain: MailServer, post: Post) -> None:
    """The server closes after each mail; every mail arrives all the same, once."""
    post.hang_up_after = 1
    with Mailer(plain) as mailer:
        for number in range(3):
            mailer.send(mail(), f"{number}@example.com")
            assert mailer._smtp is not None
            assert mailer._smtp.sock is not None
            mailer._smtp.sock.settimeout(2)
            _wait_for_hang_up(mailer._smtp.sock)

    assert post.mails == ["0@example.com", "1@example.com", "2@example.com"]
    assert len(post.peers) == 3


def _wait_for_hang_up(sock: socket.socket) -> None:
    while sock.recv(1, socket.MSG_PEEK):
        pass


def test_a_connection_lost_in_a_mail_is_that_mails_trouble_once_and_the_servers_twice(plain: MailServer) -> None:
    """One mail may have something about it that the server chokes on; two in a row say that nobody gets through."""
    with Mailer(plain) as mailer:
        with pytest.raises(MailUnavailable) as first:
            mailer.send(mail(), "hang-up@example.com")
        mailer.send(mail(), "fine@example.com")
        with pytest.raises(MailUnavailable) as again:
            mailer.send(mail(), "hang-up@example.com")
        with pytest.raises(MailServerDown):
            mailer.send(mail(), "hang-up@example.com")

    assert not isinstance(first.value, MailServerDown)
    assert not isinstance(again.value, MailServerDown)


def test_a_refused_sender_is_everybodys_trouble(plain: MailServer, post: Post) -> None:
    """Our own address is refused: no mail can leave, and none has failed for good."""
    post.sender_code = 550
    with Mailer(plain) as mailer, pytest.raises(MailServerDown) as refusal:
        mailer.send(mail(), "a@example.com")

    assert refusal.value.reply == "550 no"


def test_a_login_goes_through_over_starttls(
    starttls: MailServer, post: Post, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Encryption first, then user and password as the URL has them, percent signs decoded."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Mailer(starttls) as mailer:
        mailer.send(mail(), "a@example.com")

    assert post.mails == ["a@example.com"]


def test_a_wrong_password_is_everybodys_trouble(
    starttls: MailServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's words are kept, and neither they nor ours repeat the password."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server = MailServer.parse(f"smtp+starttls://post:wrong-word@{LOCAL}:{starttls.port}", SENDER)
    with Mailer(server) as mailer, pytest.raises(MailServerDown) as refusal:
        mailer.send(mail(), "a@example.com")

    assert refusal.value.reply.startswith("535 ")
    assert "wrong-word" not in f"{refusal.value}{refusal.value.reply}{server!r}"


def test_an_untrusted_certificate_gets_no_password(starttls: MailServer, post: Post) -> None:
    """Whoever stands in between with a certificate of his own learns nothing."""
    with Mailer(starttls) as mailer, pytest.raises(MailServerDown):
        mailer.send(mail(), "a@example.com")

    assert post.peers == set()


def test_a_server_without_starttls_is_refused(plain: MailServer) -> None:
    """Encryption that was asked for is never silently done without."""
    server = MailServer.parse(f"smtp+starttls://{LOCAL}:{plain.port}", SENDER)
    with Mailer(server) as mailer, pytest.raises(MailServerDown):
        mailer.send(mail(), "a@example.com")


@pytest.mark.parametrize(
    ("url", "port"), [("smtp://mx", 25), ("smtp+starttls://mx", 587), ("smtps://mx", 465), ("smtp://mx:2525", 2525)]
)
def test_each_way_has_its_usual_port(url: str, port: int) -> None:
    """The port may be left out."""
    assert MailServer.parse(url, SENDER).port == port


@pytest.mark.parametrize("url", ["", "mx:25", "http://mx", "smtp://", "smtp://mx:port", "smtp://u:pä55@mx"])
def test_a_bad_address_of_the_server_names_its_setting(url: str) -> None:
    """The sentence says which setting, and does not repeat its password."""
    with pytest.raises(ConfigurationError, match="SMTP_URL") as refusal:
        MailServer.parse(url, SENDER)

    assert "pä55" not in str(refusal.value)


@pytest.mark.parametrize("sender", ["", "QuantixOne", "a b@c", "x@"])
def test_a_bad_sender_names_its_setting(sender: str) -> None:
    """A sender without an address is found when the settings are read."""
    with pytest.raises(ConfigurationError, match="MAIL_FROM"):
        MailServer.parse("smtp://mx", sender)
