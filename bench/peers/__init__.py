"""Who is measured. A peer is a command that listens on a port and forwards to the upstream; `direct` has none."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """Where one peer runs this time: its port, the upstream's, a folder of its own."""

    port: int
    upstream: int
    folder: Path

    @property
    def upstream_url(self) -> str:
        return f"http://127.0.0.1:{self.upstream}"


@dataclass(frozen=True, slots=True)
class Peer:
    """`command`: argv and additional environment. `recorded`: how many calls it wrote down, asked after its end."""

    name: str
    says: str
    command: Callable[[Place], tuple[list[str], dict[str, str]]] | None = None
    recorded: Callable[[Place], int] | None = None


def _naive(place: Place) -> tuple[list[str], dict[str, str]]:
    hypercorn = [sys.executable, "-m", "hypercorn", "-k", "trio", "-w", "0", "-b", f"127.0.0.1:{place.port}"]
    return [*hypercorn, "bench.peers.naive:app"], {"BENCH_UPSTREAM": place.upstream_url}


def _trioproxy(place: Place) -> tuple[list[str], dict[str, str]]:
    config = place.folder / "config.toml"
    config.write_text(
        f'[providers.anthropic]\nbase_url = "{place.upstream_url}"\n'
        f'[providers.openai]\nbase_url = "{place.upstream_url}"\n'
        f'[ledger]\nurl = "sqlite:///{place.folder / "ledger.db"}"\n'
    )
    return [sys.executable, "-m", "trioproxy", "serve", "--config", str(config), "--port", str(place.port)], {}


def _ledger_rows(place: Place) -> int:
    with closing(sqlite3.connect(place.folder / "ledger.db")) as ledger:
        return int(ledger.execute("SELECT count(*) FROM calls").fetchone()[0])


PEERS = {
    peer.name: peer
    for peer in (
        Peer("direct", "no proxy: what upstream and load generator can do"),
        Peer("naive", "the naive version of this stack, `bench/peers/naive.py`", _naive),
        Peer("trioproxy", "`trioproxy serve`, ledger on", _trioproxy, _ledger_rows),
    )
}
