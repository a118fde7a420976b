"""Which addresses may be called when somebody else says where: the ones of the public Internet, and no other.

A receiver's address is a caller's word, and our machine stands where the caller does not: beside databases, metadata
services and other people's consoles.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

GLOBAL_UNICAST = IPv6Network("2000::/3")  # what IANA has given out; everything else is special in one way or another
NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether *address*, as a resolver gives it, leads to the public Internet and nowhere else."""
    found = ip_address(address)
    if isinstance(found, IPv4Address):
        return found.is_global and not found.is_multicast
    return _is_public_v6(found)


def is_loopback(address: str) -> bool:
    """Whether *address* is this machine."""
    return ip_address(address).is_loopback


def _is_public_v6(address: IPv6Address) -> bool:
    if address.scope_id is not None:
        return False  # of one network card
    if address in NAT64:
        return is_public(str(IPv4Address(int(address) & 0xFFFFFFFF)))
    if address not in GLOBAL_UNICAST or not address.is_global:
        return False  # IPv4 in IPv6 clothes (::ffff:10.0.0.1) among them: no public name needs them
    # Tunnels carry an IPv4 address inside, and whoever unpacks them goes there.
    inside = [address.sixtofour] if address.sixtofour else list(address.teredo or ())
    return all(is_public(str(each)) for each in inside)
