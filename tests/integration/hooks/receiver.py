"""A booking system's end of the line: a real HTTP or TLS server that is told what to answer."""

import datetime as dt
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Request:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        """Its JSON."""
        return json.loads(self.raw)


@dataclass
class Receiver:
    """What came, and what the next requests are answered with."""

    address: str = ""
    status: int = 200
    reply: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    answer: Callable[[Request], int] | None = None  # decides instead of *status*
    drip: float = 0  # seconds between the bytes of the reply
    wait: threading.Event | None = None  # no answer before it is set
    got: list[Request] = field(default_factory=list)

    @property
    def events(self) -> list[str]:
        """The events that came, whatever they were answered with."""
        return [each.body["event"] for each in self.got]


@contextmanager
def receiving(host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver that listens while the block runs."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            request = Request(self.path, dict(self.headers), self.rfile.read(length))
            found.got.append(request)
            if found.wait is not None:
                found.wait.wait(20)
            self.send_response(found.answer(request) if found.answer else found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self._reply()

        def _reply(self) -> None:
            try:
                for byte in found.reply if found.drip else [found.reply]:
                    self.wfile.write(bytes([byte]) if isinstance(byte, int) else byte)
                    self.wfile.flush()
                    time.sleep(found.drip)
            except OSError:
                pass  # nobody listens any more

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
            """Say nothing."""

    server = Quiet((host, 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    found.address = f"{'https' if context else 'http'}://{host}:{server.server_port}"
    try:
        yield found
    finally:
        if found.wait is not None:
            found.wait.set()
        server.shutdown()
        thread.join()
        server.server_close()


class Quiet(ThreadingHTTPServer):
    """Clients that hang up, or do not trust it, are no news."""

    daemon_threads = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


@dataclass
class Authority:
    """A certificate authority of the test, and a certificate for one name."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        key, root = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA")])
        ca = _certificate(root, root, key.public_key(), key, x509.BasicConstraints(ca=True, path_length=None))
        own = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        names = x509.SubjectAlternativeName([x509.DNSName(self.name)])
        leaf = _certificate(subject, root, own.public_key(), key, names)
        pem = serialization.Encoding.PEM
        private = own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (self.folder / "ca.pem").write_bytes(ca.public_bytes(pem))
        (self.folder / "server.pem").write_bytes(private + leaf.public_bytes(pem))

    @property
    def server(self) -> ssl.SSLContext:
        """For the receiver."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem")
        return context

    @property
    def client(self) -> ssl.SSLContext:
        """For who trusts this authority."""
        return ssl.create_default_context(cafile=str(self.folder / "ca.pem"))


def _certificate(
    subject: x509.Name, issuer: x509.Name, public: Any, signer: Any, extension: x509.ExtensionType
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = builder.add_extension(key_id, critical=False)
    if isinstance(extension, x509.BasicConstraints):
        signs = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
            decipher_only=False,
        )  # fmt: skip
        builder = builder.add_extension(signs, critical=True)
    return builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints)).sign(
        signer, hashes.SHA256()
    )
