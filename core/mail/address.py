"""Mail addresses as they go over the wire."""

import re
from email.utils import parseaddr

from core.errors import MailRejected

NOT_IN_AN_ADDRESS = re.compile(r"[\s<>,;:\"()\[\]\\\x00-\x1f\x7f]")


def ascii_address(address: str) -> str:
    """*address* as it goes over the wire: an international domain in its ASCII form (RFC 5891).

    Raises:
        MailRejected: it is no address, or has letters before the @ that plain SMTP cannot carry.
    """
    local, _, domain = address.strip().rpartition("@")
    try:
        wire = f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:  # an empty label, or letters that no domain may have
        wire = ""
    well_formed = wire.isascii() and not NOT_IN_AN_ADDRESS.search(wire) and parseaddr(wire)[1] == wire
    if not (local and domain and wire and well_formed):
        raise MailRejected("The recipient is not an address that mail can be sent to.", reply="not a usable address")
    return wire
