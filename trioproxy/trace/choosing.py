"""Which requests are traced: those that ask for it from this machine, and a sample of all."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from trioproxy.model import RawHeaders
from trioproxy.wire.headers import get

ASKING = b"x-trioproxy-trace"
ASKED_FOR, SAMPLED = "asked for", "sampled"
# Whoever came through another proxy is not here, wherever that one is (RFC 7239; RFC 9110, 7.6.3). A field that is
# there counts, whatever it says: a client may send an empty one, and the proxy add a second.
_FORWARDED = frozenset((b"forwarded", b"via", b"x-real-ip"))
_FORWARDED_BY = b"x-forwarded-"


def why(headers: RawHeaders, client: str | None, sample: float, chance: Callable[[int], bytes]) -> str | None:
    """Why a request is traced, or None.

    Args:
        client: the address that it came from.
        sample: of how many requests one is, as a share from 0 to 1.
        chance: so many bytes of it.
    """
    if get(headers, ASKING) == b"1" and is_loopback(client) and not _was_forwarded(headers):
        return ASKED_FOR
    if sample and int.from_bytes(chance(4), "big") < sample * 2**32:
        return SAMPLED
    return None


def _was_forwarded(headers: RawHeaders) -> bool:
    names = [name.lower() for name, _ in headers]
    return any(name in _FORWARDED or name.startswith(_FORWARDED_BY) for name in names)


def is_loopback(client: str | None) -> bool:
    """Whether an address is one of this machine's own, 127.0.0.0/8 or ::1."""
    try:
        address = ip_address(client or "")
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
