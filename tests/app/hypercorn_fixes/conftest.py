"""Every test starts and ends with Hypercorn as it is delivered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import trustme
from trio.testing import MockClock

from trioproxy.app import hypercorn_fixes


@pytest.fixture(autouse=True)
def _hypercorn_as_delivered() -> Iterator[None]:
    yield
    hypercorn_fixes.uninstall()


@pytest.fixture(scope="session")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    """Certificate, key and the authority's certificate."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    return str(folder / "cert.pem"), str(folder / "key.pem"), str(folder / "ca.pem")


@pytest.fixture
def clock() -> MockClock:
    """Virtual time over real sockets: it jumps once nothing has happened on any of them for a while."""
    return MockClock(autojump_threshold=0.05)
