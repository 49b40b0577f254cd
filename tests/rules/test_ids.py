from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from trioproxy.rules.ids import uuid7

MOMENTS = st.floats(min_value=0, max_value=2**47 / 1000, allow_nan=False)
CHANCES = st.binary(min_size=10, max_size=10)


def test_the_example_of_the_rfc() -> None:
    """RFC 9562, A.6: Tuesday, February 22, 2022 2:22:22.00 PM GMT-05:00."""
    chance = bytes.fromhex("0cc318c4dc0c0c07398f")
    assert uuid7(1645557742.0, chance) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_zero() -> None:
    assert uuid7(0.0, bytes(10)) == "00000000-0000-7000-8000-000000000000"


@given(MOMENTS, CHANCES)
def test_version_variant_and_time(at: float, chance: bytes) -> None:
    value = uuid.UUID(uuid7(at, chance))
    assert value.version == 7
    assert value.variant == uuid.RFC_4122
    assert value.int >> 80 == int(at * 1000)
    # Every bit of chance but the six that version and variant take.
    kept = bytearray(chance)
    kept[0] = 0x70 | kept[0] & 0x0F
    kept[2] = 0x80 | kept[2] & 0x3F
    assert value.bytes[6:] == bytes(kept)


@given(MOMENTS, MOMENTS, CHANCES, CHANCES)
def test_they_sort_by_time(a: float, b: float, one: bytes, other: bytes) -> None:
    if int(a * 1000) < int(b * 1000):
        assert uuid7(a, one) < uuid7(b, other)
