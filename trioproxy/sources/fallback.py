"""Which connection serves a request, and when another one may be tried.

    an idle connection, or connect ─▶ permission ─▶ last look, first write ─▶ head
                ▲                                      │ nothing was taken
                └──────────────────────────────────────┘

A request that was sent is never sent again: whether to repeat it is for the client to
say, who knows what it asks for (RFC 9110, 9.2.2) and is told that this one failed. So
the one rule is that no connection has taken a byte of the request. What the kernel has
taken counts as sent, a part or a TLS record too: nobody can know how far it came.
Addresses of a name are tried in `dialing`, before there is anything to send.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from trioproxy.rules.lifecycle import Phase
from trioproxy.sources.base import Progress
from trioproxy.sources.connection import Closable, Connection, NothingSent
from trioproxy.sources.outgoing import Outgoing


async def ask(
    request: Outgoing,
    progress: Progress,
    *,
    take: Callable[[], Connection | None],
    connect: Callable[[], Awaitable[Connection]],
) -> Closable:
    """Have `request` answered by an idle connection, or by a fresh one, which gets no second chance.

    Args:
        take: the next idle connection that still stands, or None. One that is found dropped after
            all, or whose first write fails with nothing taken, is closed, and the next one is taken.
        connect: makes a fresh one.

    Permission is asked for once, when there is a connection to send on.

    Raises the errors of `sources.base.Source.open`. Whatever ends this, cancellation included,
    has closed the connection before it propagates.
    """
    permitted = False
    while True:
        progress.enter(Phase.CONNECTING)
        connection = take() or await connect()
        try:
            if not permitted:
                await progress.permission()
                permitted = True
            return await connection.exchange(request, progress)
        except NothingSent:
            connection.close()
        except BaseException:
            connection.close()
            raise
