"""An address to be called, as a person or program gives it: refused early where it can never be called."""

from ipaddress import ip_address
from urllib.parse import urlsplit, urlunsplit

from core.domain import checks
from core.domain.public_address import is_loopback, is_public
from core.services.input import checked

LONGEST = 2_000
THIS_MACHINE = {"localhost", "localhost.localdomain", "ip6-localhost"}


def address(url: str, *, practice: bool) -> str:
    """*url* in its normal form. What its name leads to is looked at with every call, since it may change.

    Raises:
        InvalidInput: it is no https:// address (in *practice* also http://), or one of this machine or network.
    """
    with checked():
        url = checks.text("url", url, longest=LONGEST)
        try:
            parts = urlsplit(url)
            host, port = _host(parts.hostname or ""), parts.port
        except ValueError as error:
            raise checks.FieldError("url", "is not an address such as https://booking.example.com/hooks.") from error
        if parts.scheme not in (("https", "http") if practice else ("https",)):
            raise checks.FieldError("url", "has to begin with https://, for it carries links and names.")
        if not host or not url.isascii() or " " in url:
            raise checks.FieldError("url", "is not an address such as https://booking.example.com/hooks.")
        if parts.username is not None or parts.password is not None:
            raise checks.FieldError("url", "must not hold a user or password: the signature proves who calls.")
        if parts.fragment:
            raise checks.FieldError("url", "must not hold a #fragment, which is never sent.")
        if not _may_be_called(host, practice=practice):
            raise checks.FieldError("url", "leads to this machine or a private network, which is never called.")
        netloc = (f"[{host}]" if ":" in host else host) + (f":{port}" if port is not None else "")
        return urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, ""))


def _host(name: str) -> str:
    """As DNS knows it. Raises `ValueError`."""
    return name if ":" in name else name.encode("idna").decode().lower().rstrip(".")


def _may_be_called(host: str, *, practice: bool) -> bool:
    if host in THIS_MACHINE or host.endswith(".localhost"):
        return practice
    try:
        ip_address(host)
    except ValueError:
        return True  # a name
    return is_public(host) or (practice and is_loopback(host))
