"""Where a ledger is, by its URL in SQLAlchemy's form.

sqlite:///ledger.db          relative to the working directory
sqlite:////var/lib/x.db      absolute (four slashes)
sqlite:///~/x.db             in the home directory
sqlite://, sqlite:///:memory:, memory:     in memory, gone with the process
"""

from __future__ import annotations

from pathlib import Path

from trioproxy.errors import LedgerError

IN_MEMORY = frozenset({"sqlite://", "sqlite:///:memory:", "memory:"})
EXPECTED = "expected sqlite:///relative/path, sqlite:////absolute/path or sqlite:///~/path"


def ledger_path(url: str) -> Path | None:
    """The absolute path of the ledger's file, None for one in memory.

    Raises:
        LedgerError: not a URL that this version can use; the message says what was expected.
    """
    if url in IN_MEMORY:
        return None
    scheme, separator, rest = url.partition("://")
    if scheme.partition("+")[0] in {"postgresql", "postgres"}:
        raise LedgerError(f"ledger.url: PostgreSQL is not in this version; {EXPECTED}")
    if not separator or scheme != "sqlite":
        raise LedgerError(f"ledger.url: {url!r} is not the URL of a ledger; {EXPECTED}")
    path = rest.removeprefix("/")
    if path == rest or not path or path.endswith("/"):
        raise LedgerError(f"ledger.url: {url!r} names no file; {EXPECTED}")
    if "?" in path:
        raise LedgerError(f"ledger.url: {url!r} has options after `?`, which are not supported; {EXPECTED}")
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError as error:
        raise LedgerError(f"ledger.url: the home directory in {url!r} is not known; {EXPECTED}") from error


def make_private(path: Path) -> None:
    """Create the file `path` (mode 0600) and the folders above it (0700) where they are missing.

    What is already there keeps its mode. Raises OSError.
    """
    for folder in reversed(path.parents):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    path.touch(mode=0o600)
