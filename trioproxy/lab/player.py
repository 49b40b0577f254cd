"""Plays one script to one request: what is done when. How a protocol says it is in `player_h1.py`, `player_h2.py`."""

from __future__ import annotations

import abc
import time
from collections.abc import Callable
from enum import Enum, auto

import trio

from trioproxy.lab.received import Received
from trioproxy.lab.script import Action, Ending, Framing, Head, Script

# One write holds at most this, so that `Received.sent_bytes` is never further off.
WRITE_BYTES = 65536


class Afterwards(Enum):
    """What becomes of the connection once a script is over."""

    REUSE = auto()
    FIN = auto()
    RST = auto()


class Player(abc.ABC):
    """Plays `script` as the answer to `received`; `changed` is called after each fact that is noted there."""

    def __init__(self, script: Script, received: Received, changed: Callable[[], None]) -> None:
        self._script = script
        self._received = received
        self._changed = changed
        self._head = Head()
        self._write_bytes = script.write_bytes or WRITE_BYTES

    async def play(self) -> Afterwards:
        """Do every step; what has to happen to the connection then.

        Raises:
            trio.BrokenResourceError: the peer is gone, or has withdrawn the request.

        Silent scripts end by cancellation alone.
        """
        for after_s, action in self._script.steps:
            if after_s:
                await trio.sleep(after_s)
            if isinstance(action, Ending):
                return await self._end(action)
            if isinstance(action, Head):
                self._head = action
            await self._do(action)
        raise AssertionError("a script without an ending cannot be made")

    @abc.abstractmethod
    async def _do(self, action: Action) -> None:
        """Say what is no ending."""

    @abc.abstractmethod
    async def _end(self, ending: Ending) -> Afterwards:
        """End it."""

    @property
    def _has_body(self) -> bool:
        """An answer to HEAD has the head that GET would have, and nothing else (RFC 9110, 9.3.2)."""
        return self._received.method != "HEAD" and self._head.framing is not Framing.NONE

    def _sent(self, size_bytes: int) -> None:
        self._received.sent_bytes += size_bytes
        self._changed()

    def _answered(self) -> None:
        self._received.answered_at = time.monotonic()
        self._changed()


async def silence() -> None:
    """Nothing, until whoever plays is cancelled."""
    await trio.sleep_forever()
    raise AssertionError("nothing but cancellation ends a silence")
