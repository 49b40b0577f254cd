"""Two ends of one TCP connection over loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[trio.socket.SocketType, trio.socket.SocketType]]:
    """Ours and theirs; closed at the end."""
    with trio.socket.socket() as listener:
        await listener.bind(("127.0.0.1", 0))
        listener.listen()
        ours = trio.socket.socket()
        await ours.connect(listener.getsockname())
        theirs, _ = await listener.accept()
        with ours, theirs:
            yield ours, theirs
