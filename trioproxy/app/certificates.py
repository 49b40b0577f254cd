"""What is wrong with a PEM file that the configuration names, before anybody connects.

Loaded as the server and the upstream's side load them: what passes here serves.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from trioproxy.settings import PemKey

_NO_KEY = "it holds no private key that can be read"
# What OpenSSL calls a key of another certificate, of the same kind and of another one.
_OF_ANOTHER = frozenset({"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"})


class _Locked(Exception):
    """A password is asked for."""


def fault(key: PemKey, file: Path, certificate: Path | None) -> str | None:
    """What is wrong with the file under `key`, or None.

    A `keyfile` is compared with `certificate`, a file that is in order itself; without one, only looked at.
    Blocks while it reads. Implements `settings.PemCheck`.
    """
    try:
        text = file.read_bytes()
        if key == "keyfile":
            return _fault_of_key(text, file, certificate)
        ssl.create_default_context(cafile=file)
    except ssl.SSLError:
        return "it holds no certificate that can be read"
    except (FileNotFoundError, ValueError):  # a path with a null character names nothing
        return "no such file"
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    return None


def _fault_of_key(text: bytes, file: Path, certificate: Path | None) -> str | None:
    if b"PRIVATE KEY-----" not in text:
        return _NO_KEY
    if certificate is None:
        return None
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, file, password=_locked)
    except _Locked:
        return "it is locked with a password"
    except ssl.SSLError as error:
        if error.reason in _OF_ANOTHER:
            return "it does not fit the certificate"
        return f"OpenSSL refuses the pair: {error.reason.replace('_', ' ').lower()}" if error.reason else _NO_KEY
    return None


def _locked() -> str:
    raise _Locked  # or OpenSSL would ask for one on the terminal
