"""Variants whose response generator owns everything: a handler of Quart-Trio, which is the real one, unchanged.

Quart-Trio ─▶ handler ── send, head ─▶ Response(generator) ─▶ Quart-Trio iterates it, and closes it if it was begun
"""

# A server's part: its requests are cancelled when it stops.
# ruff: noqa: TID251

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, cast

import trio
from quart import Response, request
from quart_trio import QuartTrio

from trioproxy.errors import Draining, TrioProxyError
from trioproxy.lab.compare.account import Call, Delivery, arrival_of
from trioproxy.lab.compare.client import Client, why
from trioproxy.lab.compare.generators import GENERATORS, Streamed, leaves, settle
from trioproxy.lab.compare.semantics import Semantics
from trioproxy.lab.compare.till import Till
from trioproxy.lab.explore.subject import Footing, Message, Receive, Send

_SERVING = "trioproxy.lab.serving"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Escaped(Exception):
    """What came out of the application, where a server logs it and truncates the response."""

    def __init__(self, others: BaseExceptionGroup) -> None:
        super().__init__(", ".join(f"{type(leaf).__name__}: {leaf}".removesuffix(": ") for leaf in leaves(others)))


class Naive:
    """Serves with generators."""

    def __init__(self, footing: Footing, semantics: Semantics, till: Till) -> None:
        self.footing = footing
        self.semantics = semantics
        self.till = till
        self.client = Client(footing.source, footing.conditions.limits_s)
        self.closed = False
        self._app = _app()
        self._requests: set[trio.CancelScope] = set()

    def close(self, grace_s: float) -> None:
        """See Serving.close: what a server does that stops."""
        self.closed = True
        for scope in self._requests:
            scope.deadline = trio.current_time() + grace_s

    def kept(self) -> Sequence[bytes]:
        """See Serving.kept: nothing is given again."""
        return ()

    def left_over(self) -> Sequence[str]:
        """See Serving.left_over: what a generator holds is seen from outside."""
        return ()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """See Serving."""
        scope[_SERVING] = self
        with trio.CancelScope() as asked:
            self._requests.add(asked)
            try:
                await self._app(cast(Any, scope), cast(Any, receive), cast(Any, send))
            except BaseExceptionGroup as group:  # as Hypercorn does (trio/task_group.py): log it, and go on
                _, others = group.split(trio.Cancelled)
                if others is None:
                    raise
                raise Escaped(others) from None
            finally:
                self._requests.discard(asked)


@cache
def _app() -> QuartTrio:
    """Built once: it is dear to build, and has no memory of its own."""
    app = QuartTrio("trioproxy", static_folder=None)
    app.config.update(RESPONSE_TIMEOUT=None, BODY_TIMEOUT=None, MAX_CONTENT_LENGTH=None)
    app.route("/<path:path>", methods=METHODS)(_handle)
    return app


async def _handle(path: str) -> Response:
    """The handler: call, wait for the head, return a generator."""
    scope = cast(dict[str, Any], request.scope)
    serving: Naive = scope[_SERVING]
    arrival = arrival_of(scope, serving.footing)
    body = cast(bytes, await request.get_data())
    delivery = Delivery(arrival)
    try:
        if serving.closed:
            raise Draining("the server is shutting down")
        call = Call(serving.footing, arrival, body, serving.semantics.leaving)
        call.ask_permission = await serving.till.begin(delivery.opening_with(call))
        delivery.call = call
        answer = await serving.client.send(call.plan, call)
    except TrioProxyError as error:
        return await _own_answer(serving, delivery, error)
    call.begin(answer.head)
    delivery.status = answer.head.status
    streamed = Streamed(call, delivery, answer, serving.semantics, serving.till)
    response = Response(GENERATORS[serving.semantics.pump](streamed), status=answer.head.status)
    response.headers.clear()
    for name, value in answer.head.headers:
        response.headers.add(name.decode("latin-1"), value.decode("latin-1"))
    return response


async def _own_answer(serving: Naive, delivery: Delivery, error: TrioProxyError) -> Response:
    body = error.message.encode()
    delivery.failure, delivery.status = error, error.status
    delivery.handed(body)  # Quart sends it after us, if the client is still there
    if delivery.call is not None:
        delivery.call.failure = error
        await settle(serving.till, delivery.call, delivery, why(error))
    else:
        await serving.till.settle(delivery.receipt(delivery.outcome(None)))
    return Response(body, status=error.status, headers={"x-trioproxy-error": error.code})
