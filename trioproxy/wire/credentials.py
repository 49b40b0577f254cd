"""Who is asking: as a keyed hash, to keep what is known of one user's sessions from another's; and unsaid, in texts.

Which header holds a credential is a matter of names; one too many only keeps apart what could have been shared.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from urllib.parse import unquote_plus

import msgspec

from trioproxy.model import RawHeaders

# A shorter value is a word like any other.
_SHORTEST_SECRET = 6
# A longer name is looked at each time: what clients make up is not kept.
_USUAL_NAME_BYTES = 100
_CREDENTIAL = re.compile(rb"auth|key|token|secret|cookie|password|^openai-(?:organization|project)$", re.IGNORECASE)
_encode = msgspec.msgpack.Encoder().encode  # each part after its length


def owner(key: bytes, headers: RawHeaders) -> bytes:
    """16 bytes, the same for requests with the same credentials; nothing can be guessed from them without `key`.

    Args:
        headers: names in lower case.
    """
    credentials = sorted([pair for pair in headers if _is_credential(pair[0])])
    return hashlib.blake2b(_encode(credentials), key=key, digest_size=16, person=b"trioproxy/owner").digest()


def secrets(headers: RawHeaders, query: bytes = b"") -> tuple[str, ...]:
    """The values that must stand in no row and no log line, the longest first; of `Bearer x`, also `x` alone.

    Some APIs take their key in the query (`?key=`): as it was written there, and decoded.
    """
    values = [value.decode("latin-1").strip() for name, value in headers if _is_credential(name)]
    for parameter in query.split(b"&"):
        name, _, value = parameter.partition(b"=")
        if value and _is_credential(name):
            values += (value.decode("latin-1"), unquote_plus(value.decode("latin-1")))
    found = {part for value in values for part in (value, value.rpartition(" ")[2]) if len(part) >= _SHORTEST_SECRET}
    return tuple(sorted(found, key=len, reverse=True))


def unsaid(text: str | None, secrets: tuple[str, ...]) -> str | None:
    """`text` with each of the secrets taken out: an upstream may say in its error which key it did not like."""
    if text is None:
        return None
    for secret in secrets:
        text = text.replace(secret, "[secret]")
    return text


def _is_credential(name: bytes) -> bool:
    return _is_known(name) if len(name) <= _USUAL_NAME_BYTES else _CREDENTIAL.search(name) is not None


@lru_cache(maxsize=512)
def _is_known(name: bytes) -> bool:
    return _CREDENTIAL.search(name) is not None
