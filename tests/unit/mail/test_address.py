"""What goes over the wire as a recipient."""

import pytest

from core.errors import MailRejected
from core.mail.address import ascii_address


@pytest.mark.parametrize(
    ("given", "wire"),
    [
        ("robin@example.com", "robin@example.com"),
        (" Robin.E+zoom@Example.com ", "Robin.E+zoom@Example.com"),
        ("o'neil@example.com", "o'neil@example.com"),
        ("robin@bücher.example", "robin@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_sent_in_ascii(given: str, wire: str) -> None:
    """International domains have an ASCII form."""
    assert ascii_address(given) == wire


@pytest.mark.parametrize(
    "given",
    [
        "", "@", "robin", "robin@", "@example.com", "jürgen@example.com", "a@b.example, c@d.example", "a b@example.com",
        "Robin <robin@example.com>", "robin@example.com\r\nRCPT TO:<x@example.com>", "robin@ex\x00ample.com",
        "robin@bücher..example", "robin@" + "ü" * 80 + ".example",
    ],
)  # fmt: skip
def test_what_is_no_usable_address_is_refused(given: str) -> None:
    """Before any server is bothered, and before it can become a command to one."""
    with pytest.raises(MailRejected):
        ascii_address(given)
