"""An HTTP/1.1 answer whose head has come: its body, one read at a time.

One read from the line is one chunk handed out, its framing stripped as a whole.
No scope and no deadline is opened for a read: those belong to the caller, who
hears of each read through `progress`. The line is given back the moment the body
has ended as framed, even before anybody has asked for its last bytes.
"""

from __future__ import annotations

from collections.abc import Callable

import trio

from trioproxy.errors import UpstreamTruncated
from trioproxy.model import Head
from trioproxy.rules.lifecycle import Phase
from trioproxy.sources.base import Progress
from trioproxy.sources.framing import Framing, FramingError
from trioproxy.sources.line import Line


class Http1Answer:
    """Implements `sources.base.Answer`.

    Args:
        first: bytes of the body that came with the head.
        name: of the upstream, for messages.
        on_end: called once if the body ends as framed, with True if nothing came
            after it. If it breaks or is left, the line is closed instead.
    """

    __slots__ = ("_framing", "_garbled", "_line", "_name", "_on_end", "_pending", "_progress", "_why", "head")

    def __init__(
        self,
        head: Head,
        framing: Framing,
        first: bytes,
        *,
        line: Line,
        name: str,
        progress: Progress,
        on_end: Callable[[bool], None],
    ) -> None:
        self.head = head
        self._framing = framing
        self._line: Line | None = line  # None: ended, broken or left
        self._name = name
        self._progress = progress
        self._on_end: Callable[[bool], None] | None = on_end
        self._why = ""
        self._garbled = False
        self._pending = b""
        progress.enter(Phase.STREAMING)
        self._pending = self._strip(first) if first else b""
        if framing.ended:
            self._end()

    async def receive(self) -> bytes:
        """The next bytes of the body; `b""` once it has ended as framed.

        Cancellation leaves the line as it is: the caller closes.

        Raises:
            UpstreamTruncated: the connection broke or was garbled first.
        """
        if self._pending:
            payload, self._pending = self._pending, b""
            return payload
        while (line := self._line) is not None:
            try:
                data = await line.receive()
            except trio.BrokenResourceError:
                self._break("reset the connection in the body")
                break
            self._progress.enter(Phase.STREAMING)
            payload = self._strip(data)
            if self._framing.ended:
                self._end()
            if payload:
                return payload
        if self._framing.ended:
            return b""
        raise UpstreamTruncated(f"{self._name} {self._why}", garbled=self._garbled)

    def close(self) -> None:
        """Leave the answer: break off what has not ended, at once. Twice is harmless."""
        if self._line is not None:
            self._break("was left")

    def _strip(self, data: bytes) -> bytes:
        """The payload in `data`; `b""` is the end of the connection."""
        try:
            if data:
                return self._framing.feed(data)
            self._framing.close()
        except FramingError as error:
            self._garbled = bool(data)
            self._break(f"sent a garbled body: {error}" if data else f"broke off the body: {error}")
        return b""

    def _end(self) -> None:
        on_end, self._on_end, self._line = self._on_end, None, None
        if on_end is not None:
            on_end(not self._framing.surplus)

    def _break(self, why: str) -> None:
        line, self._line, self._on_end = self._line, None, None
        self._why = why
        if line is not None:
            line.close()
