"""Fixtures for the sources: scripted upstreams on loopback, and a source that asks them."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import trio
import trustme
from support.raw_upstream import RawUpstream, Script, Scripted

from trioproxy.sources.upstream import Upstream


@pytest.fixture
def watchdog(nursery: trio.Nursery) -> None:
    """End a test that hangs; none takes a tenth of this."""

    async def bark() -> None:
        await trio.sleep(15)
        raise AssertionError("the test hangs")

    nursery.start_soon(bark)


@pytest.fixture
def scripted(nursery: trio.Nursery, watchdog: None) -> Scripted:
    """`await scripted(script, …)`: an upstream that runs them."""

    async def start(*scripts: Script, tls: ssl.SSLContext | None = None) -> RawUpstream:
        upstream = RawUpstream(*scripts, tls=tls)
        await nursery.start(upstream.serve)
        return upstream

    return start


@pytest.fixture
async def source() -> AsyncIterator[Upstream]:
    async with Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def server_tls(authority: trustme.CA) -> Callable[..., ssl.SSLContext]:
    """`server_tls("name", …)`: the context of a server with a certificate for these names."""

    def make(*names: str) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(*names).configure_cert(context)
        return context

    return make


@pytest.fixture
def open_sockets() -> Callable[[], int]:
    """How many sockets this process has open."""

    def count() -> int:
        links = []
        for entry in Path("/proc/self/fd").iterdir():
            try:
                links.append(str(entry.readlink()))
            except FileNotFoundError:
                continue
        return sum(link.startswith("socket:") for link in links)

    return count
