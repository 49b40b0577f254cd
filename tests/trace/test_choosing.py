"""Who is traced."""

from __future__ import annotations

import os

import pytest

from trioproxy.trace.choosing import ASKED_FOR, SAMPLED, is_loopback, why

ASKING = ((b"x-trioproxy-trace", b"1"),)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_this_machine(address: str) -> None:
    assert is_loopback(address)
    assert why(ASKING, address, 0.0, os.urandom) == ASKED_FOR


@pytest.mark.parametrize(
    "address", [None, "", "localhost", "10.0.0.1", "192.0.2.1", "::", "::ffff:192.0.2.1", "fe80::1%eth0"]
)
def test_elsewhere(address: str | None) -> None:
    assert not is_loopback(address)
    assert why(ASKING, address, 0.0, os.urandom) is None


@pytest.mark.parametrize("headers", [(), ((b"x-trioproxy-trace", b"0"),), ((b"x-trace", b"1"),)])
def test_who_does_not_ask(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    assert why(headers, "127.0.0.1", 0.0, os.urandom) is None


@pytest.mark.parametrize(
    "name",
    [
        b"x-forwarded-for", b"forwarded", b"via", b"X-Forwarded-For", b"x-forwarded-host", b"x-forwarded-proto",
        b"X-Real-IP",
    ],
)  # fmt: skip
@pytest.mark.parametrize("values", [[b"192.0.2.1"], [b""], [b"", b"192.0.2.1"]])
def test_who_came_through_another_proxy_is_not_here(name: bytes, values: list[bytes]) -> None:
    assert why((*ASKING, *[(name, value) for value in values]), "127.0.0.1", 0.0, os.urandom) is None


@pytest.mark.parametrize(
    ("sample", "chance", "chosen"),
    [(0.0, 0, False), (0.5, 2**31 - 1, True), (0.5, 2**31, False), (1.0, 2**32 - 1, True), (0.01, 42_949_672, True)],
)
def test_a_sample_is_a_share(sample: float, chance: int, chosen: bool) -> None:
    found = why((), "192.0.2.1", sample, lambda count: chance.to_bytes(count, "big"))

    assert found == (SAMPLED if chosen else None)
