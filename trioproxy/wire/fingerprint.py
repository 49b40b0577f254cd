"""What makes two requests the same: a keyed hash of everything that can change the answer.

Every header counts unless a list says that it does not: a credential that
nobody here has heard of keeps its user's answers apart from everyone else's.
The key is made anew by each process, so that a fingerprint says nothing to
whoever sees it: no guess at a secret or a prompt can be tried on it.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from trioproxy.model import RawHeaders
from trioproxy.wire.headers import HOP_BY_HOP, OWN_PREFIX

# How a message is framed and where it goes, not what it says. The body that is hashed is the decoded one, whatever
# its `content-encoding` was. `proxy-authorization` goes no further than we do, but it says who is asking, so it counts.
TRANSPORT = frozenset(
    HOP_BY_HOP - {b"proxy-authorization"}
    | {b"host", b"content-length", b"expect", b"accept-encoding", b"content-encoding"}
)
_DOMAIN = b"trioproxy/1"


def fingerprint(
    key: bytes,
    *,
    provider: str,
    method: str,
    target: bytes,
    headers: RawHeaders,
    volatile_headers: frozenset[bytes],
    body: Iterable[bytes],
    volatile_prefixes: tuple[bytes, ...] = (),
) -> bytes:
    """32 bytes, equal for requests that are the same: HMAC-SHA-256 (RFC 2104), which processors have instructions for.

    Header names are compared without case and their order does not matter; that of several fields of one
    name does (RFC 9110, 5.3).

    Args:
        key: 16 to 64 bytes of chance.
        target: path and query, as the upstream gets them.
        volatile_headers: names, in lower case, of what does not count besides `TRANSPORT` and `x-trioproxy-*`.
        body: what stands for it (`providers/likeness.py`), without its content coding; cut anywhere.
        volatile_prefixes: how names begin, in lower case, that do not count either.
    """
    ignored, prefixes = TRANSPORT | volatile_headers, (OWN_PREFIX, *volatile_prefixes)
    lowered = [(name.lower(), value) for name, value in headers]
    counted = [pair for pair in lowered if pair[0] not in ignored and not pair[0].startswith(prefixes)]
    counted.sort(key=_name)
    parts = [_DOMAIN, provider.encode(), method.encode(), target]
    for pair in counted:
        parts += pair
    # How many parts there are, and each after its length: no byte can change sides. The body ends the list.
    digest = hmac.new(key, b"".join([_length(parts), *[_length(part) + part for part in parts]]), "sha256")
    for piece in body:
        digest.update(piece)
    return digest.digest()


def _length(value: bytes | list[bytes]) -> bytes:
    return len(value).to_bytes(8, "big")


def _name(pair: tuple[bytes, bytes]) -> bytes:
    return pair[0]
