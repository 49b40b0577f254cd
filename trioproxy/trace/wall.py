"""Between a stream and what is noted on it: a fault in noting is a bug of ours, and no stream's end."""

from __future__ import annotations

import logging
from types import TracebackType

log = logging.getLogger("trioproxy")


class Wall:
    """A context that no error leaves: the first one is logged, and from then on it is `broken`.

    `Cancelled`, and whatever else is no Exception, passes.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.broken = False

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: TracebackType | None) -> bool:
        if not isinstance(error, Exception):
            return False
        if not self.broken:
            self.broken = True
            log.error("[trace] %s: a fault of ours in noting; it will have no trace", self._name, exc_info=error)
        return True
