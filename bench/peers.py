"""Who is measured. A peer is a command that listens on a port and forwards to the upstream; `direct` has none."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

# Every live twin is joined, nothing but bytes bounds what is kept, and the cheap model is one that takes a megabyte.
REUSE = """
[replay]
enabled = true
join = "always"
window = 60.0
max_entries = 100000

[routing]
enabled = true
cheap = "claude-sonnet-4-6"
prompt_caching = true
"""


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
    edits: bool = False  # generation requests, so that their length changes


def _naive(place: Place) -> tuple[list[str], dict[str, str]]:
    hypercorn = [sys.executable, "-m", "hypercorn", "-k", "trio", "-w", "0", "-b", f"127.0.0.1:{place.port}"]
    return [*hypercorn, "trioproxy.lab.wire.peers.naive:app"], {"LAB_UPSTREAM": place.upstream_url}


def _serve(place: Place, more: str) -> list[str]:
    """`trioproxy serve`, with `more` in its configuration. Where the package is found, the environment says."""
    config = place.folder / "config.toml"
    config.write_text(
        f'[providers.anthropic]\nbase_url = "{place.upstream_url}"\n'
        f'[providers.openai]\nbase_url = "{place.upstream_url}"\n'
        f'[ledger]\nurl = "sqlite:///{place.folder / "ledger.db"}"\n{more}'
    )
    return [sys.executable, "-P", "-m", "trioproxy", "serve", "--config", str(config), "--port", str(place.port)]


def _trioproxy(place: Place) -> tuple[list[str], dict[str, str]]:
    return _serve(place, "[replay]\nenabled = false\n"), {"PYTHONPATH": str(HERE)}


def _reuse(place: Place) -> tuple[list[str], dict[str, str]]:
    return _serve(place, REUSE), {"PYTHONPATH": str(HERE)}


def _ledger_rows(place: Place) -> int:
    with closing(sqlite3.connect(place.folder / "ledger.db")) as ledger:
        return int(ledger.execute("SELECT count(*) FROM calls").fetchone()[0])


NAMES = ("direct", "naive", "before", "trioproxy", "reuse")
HERE = Path(__file__).parent.parent


def peers(earlier: Path | None = None) -> dict[str, Peer]:
    """All of them, by name; `before` only with the checkout of an earlier version, next to what it is compared with.

    Its configuration is one that every version understands.
    """
    known = [
        Peer("direct", "no proxy: what upstream and load generator can do"),
        Peer("naive", "the naive version of this stack", _naive),
        Peer("trioproxy", "`trioproxy serve`, ledger on, replay and routing off", _trioproxy, _ledger_rows),
        Peer("reuse", "the same with replay, joining, routing and prompt caching on", _reuse, _ledger_rows, edits=True),
    ]
    if earlier is not None:
        found = {"PYTHONPATH": str(earlier.resolve())}
        known.insert(2, Peer("before", "the earlier version", lambda place: (_serve(place, ""), found), _ledger_rows))
    return {peer.name: peer for peer in known}
