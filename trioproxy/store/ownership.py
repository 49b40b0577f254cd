"""A process holds a lock on its rows, so that only a dead one's open rows are called crashed.

    ledger.db.owners/<id>.lock    flock(2), taken before the first row, removed at the end

The kernel drops the lock with the process, however it ends. A lock that can be taken, or
whose file is missing, is that of a process that is gone. Why not a pid, a lease or a lock on
the ledger itself: docs/adr/0010.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trioproxy.errors import LedgerError

_PATIENCE_S = 2.0  # somebody who sweeps may hold a fresh lock for an instant


class Ownership:
    """The lock of one process, `owner`, on its rows in the ledger at `ledger`."""

    def __init__(self, ledger: Path, owner: str) -> None:
        self.owner = owner
        self._folder = ledger.with_name(ledger.name + ".owners")
        self._lock: int | None = None

    def take(self) -> None:
        """Hold the lock from here on; does nothing where it is held and its file still there.

        Raises:
            LedgerError: another process, or another part of this one, uses the same id.
            OSError: the lock file cannot be made.
        """
        if self._lock is not None and _is_at(self._lock, self._path(self.owner)):
            return
        self.release()
        give_up_at = time.monotonic() + _PATIENCE_S
        while (lock := _try_lock(self._path(self.owner), create=True)) is None:
            if time.monotonic() >= give_up_at:
                raise LedgerError(f"its rows of owner {self.owner} are in use by another process")
            time.sleep(0.01)
        self._lock = lock

    def release(self) -> None:
        """Give the lock up and remove its file. Idempotent."""
        if self._lock is None:
            return
        if _is_at(self._lock, self._path(self.owner)):
            self._path(self.owner).unlink(missing_ok=True)
        os.close(self._lock)
        self._lock = None

    @contextmanager
    def seized(self, owner: str) -> Iterator[bool]:
        """Whether the process `owner` is gone; if so, nobody else settles its rows within the block."""
        path = self._path(owner)
        lock = _try_lock(path, create=False)
        if lock is None:
            # Locked by a live process, or by somebody who is settling for it; or there is no file.
            yield not path.exists()
            return
        try:
            yield True
            path.unlink(missing_ok=True)
        finally:
            os.close(lock)

    def others(self) -> list[str]:
        """The owners that have a lock file here, this one excepted."""
        return [path.stem for path in self._folder.glob("*.lock") if path.stem != self.owner]

    def _path(self, owner: str) -> Path:
        return self._folder / f"{owner}.lock"


def _try_lock(path: Path, *, create: bool) -> int | None:
    """The descriptor that holds the lock; None if somebody else holds it or the file is gone."""
    if create:
        path.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        lock = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    if not _is_at(lock, path):  # removed between open() and flock(): a lock nobody else would see
        os.close(lock)
        return None
    return lock


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
