"""Identifiers that sort by time: UUID version 7 (RFC 9562, 5.7)."""

from __future__ import annotations

import uuid


def uuid7(at: float, chance: bytes) -> str:
    """A UUIDv7 for `at` (seconds since the epoch) with 10 bytes of `chance`.

    Example: `uuid7(0.0, bytes(10))` is `00000000-0000-7000-8000-000000000000`.
    """
    milliseconds = int(at * 1000).to_bytes(6, "big")
    bits = bytearray(milliseconds + chance[:10])
    bits[6] = 0x70 | bits[6] & 0x0F
    bits[8] = 0x80 | bits[8] & 0x3F
    return str(uuid.UUID(bytes=bytes(bits)))
