"""Who is asking, as a keyed hash: to keep what is known of one user's sessions from another's.

Which header holds a credential is a matter of names; one too many only keeps apart what could have been shared.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

from trioproxy.model import RawHeaders

_CREDENTIAL = re.compile(rb"auth|key|token|secret|cookie|password|^openai-(?:organization|project)$", re.IGNORECASE)


def owner(key: bytes, headers: RawHeaders) -> bytes:
    """16 bytes, the same for requests with the same credentials; nothing can be guessed from them without `key`."""
    digest = hashlib.blake2b(key=key, digest_size=16, person=b"trioproxy/owner")
    for name, value in sorted((name.lower(), value) for name, value in headers if _is_credential(name)):
        digest.update(b"%d:%b%d:%b" % (len(name), name, len(value), value))
    return digest.digest()


@lru_cache(maxsize=512)
def _is_credential(name: bytes) -> bool:
    return _CREDENTIAL.search(name) is not None
