"""What makes two requests the same: a keyed hash of everything that can change the answer.

Every header counts unless a list says that it does not: a credential that
nobody here has heard of keeps its user's answers apart from everyone else's.
The key is made anew by each process, so that a fingerprint says nothing to
whoever sees it: no guess at a secret or a prompt can be tried on it.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from operator import itemgetter

import msgspec

from trioproxy.model import RawHeaders
from trioproxy.wire.headers import HOP_BY_HOP, OWN_PREFIX

# How a message is framed and where it goes, not what it says. The body that is hashed is the decoded one, whatever
# its `content-encoding` was. `proxy-authorization` goes no further than we do, but it says who is asking, so it counts.
TRANSPORT = frozenset(
    HOP_BY_HOP - {b"proxy-authorization"}
    | {b"host", b"content-length", b"expect", b"accept-encoding", b"content-encoding"}
)
_encode = msgspec.msgpack.Encoder().encode
_name = itemgetter(0)


def counting(volatile: frozenset[bytes], prefixes: tuple[bytes, ...]) -> Callable[[bytes], bool]:
    """Says of a header's name, in lower case, whether it counts.

    Args:
        volatile: names of what does not count besides `TRANSPORT` and `x-trioproxy-*`.
        prefixes: how names begin that do not count either.
    """
    ignored = TRANSPORT | volatile
    beginnings = (OWN_PREFIX, *prefixes)
    return lambda name: name not in ignored and not name.startswith(beginnings)


def fingerprint(
    key: bytes,
    *,
    provider: str,
    method: str,
    target: bytes,
    headers: RawHeaders,
    counts: Callable[[bytes], bool],
    body: bytes,
) -> bytes:
    """32 bytes, equal for requests that are the same: keyed BLAKE2b (RFC 7693).

    The order of header names does not matter; that of several fields of one name does (RFC 9110, 5.3).

    Args:
        key: 16 to 64 bytes of chance.
        target: path and query, as the upstream gets them.
        headers: names in lower case.
        counts: see `counting`.
        body: what stands for it (`providers/likeness.py`).
    """
    counted = [pair for pair in headers if counts(pair[0])]
    counted.sort(key=_name)
    # MessagePack has each part after its length, and lists after theirs: no byte can change sides.
    text = _encode((provider, method, target, counted, body))
    return blake2b(text, key=key, digest_size=32).digest()
