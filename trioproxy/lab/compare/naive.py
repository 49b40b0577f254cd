"""Variants whose response generator owns everything: a handler of Quart-Trio as people write it.

    Quart-Trio ─▶ handler ── send, head ─▶ Response(generator) ─▶ Quart-Trio iterates it, and closes it if it was begun

    generator   pulls from the upstream itself
    nested      opens a nursery around its `yield`; a task in it pumps through a channel

Quart-Trio is the real one; nothing of it is mended or replaced.
"""

# Rules that are broken here are what is being compared.
# ruff: noqa: TID251

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from functools import cache
from typing import Any, cast

import trio
from quart import Response, request
from quart_trio import QuartTrio

from trioproxy.errors import Draining, TrioProxyError
from trioproxy.lab.compare.account import Call, Delivery, arrival_of
from trioproxy.lab.compare.channel import Channels
from trioproxy.lab.compare.client import Client, OpenAnswer, why
from trioproxy.lab.compare.relay import terms
from trioproxy.lab.compare.semantics import Pump, Semantics
from trioproxy.lab.compare.till import Till
from trioproxy.lab.explore.subject import Footing, Message, Receive, Send
from trioproxy.rules.disconnect import Progress, applying, outlives_s
from trioproxy.rules.lifecycle import Cause

_SERVING = "trioproxy.lab.serving"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Escaped(Exception):
    """What came out of the application, where a server logs it and truncates the response."""

    def __init__(self, others: BaseExceptionGroup) -> None:
        super().__init__(", ".join(f"{type(leaf).__name__}: {leaf}".removesuffix(": ") for leaf in _leaves(others)))


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
        delivery.call = call = Call(serving.footing, arrival, body, serving.semantics.leaving)
        call.ask_permission = serving.till.begin(delivery.opening_with(call))
        answer = await serving.client.send(call.plan, call)
    except TrioProxyError as error:
        return await _own_answer(serving, delivery, error)
    call.begin(answer.head)
    delivery.status = answer.head.status
    generate = GENERATORS[serving.semantics.pump]
    response = Response(generate(serving, call, delivery, answer), status=answer.head.status)
    response.headers.clear()
    for name, value in answer.head.headers:
        response.headers.add(name.decode("latin-1"), value.decode("latin-1"))
    return response


async def _own_answer(serving: Naive, delivery: Delivery, error: TrioProxyError) -> Response:
    delivery.failure, delivery.status = error, error.status
    if delivery.call is not None:
        delivery.call.failure = error
        await _settle(serving, delivery, why(error))
    else:
        await serving.till.settle(delivery.receipt(delivery.outcome(None)))
    return Response(error.message, status=error.status, headers={"x-trioproxy-error": error.code})


async def pulling(serving: Naive, call: Call, delivery: Delivery, answer: OpenAnswer) -> AsyncIterator[bytes]:
    """An async generator with `try` and `finally`."""
    cause: Cause | None = None
    try:
        while chunk := await answer.receive():
            call.came(chunk)
            yield chunk
            delivery.handed(chunk)
        call.finish()
    except BaseException as error:
        cause = _blamed(error, delivery)
        raise
    finally:
        await _end(serving, delivery, answer, cause)  # noqa: ASYNC102 - what is compared


async def nesting(serving: Naive, call: Call, delivery: Delivery, answer: OpenAnswer) -> AsyncIterator[bytes]:
    """A nursery and a channel inside the generator."""
    channels = Channels(serving.semantics)
    channel = channels.take()
    cause: Cause | None = None
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_pump, call, answer, channels)
            while chunk := await channel.receive():
                yield chunk  # noqa: ASYNC101, ASYNC119 - what is compared
                delivery.handed(chunk)
    except BaseException as error:
        cause = _blamed(error, delivery)
        raise
    finally:
        await _end(serving, delivery, answer, cause)  # noqa: ASYNC102 - what is compared


GENERATORS: dict[Pump, Callable[[Naive, Call, Delivery, OpenAnswer], AsyncIterator[bytes]]] = {
    Pump.GENERATOR: pulling,
    Pump.NESTED: nesting,
}


async def _pump(call: Call, answer: OpenAnswer, channels: Channels) -> None:
    try:
        while chunk := await answer.receive():
            call.came(chunk)
            await channels.send(chunk)
        call.finish()
    except TrioProxyError as error:
        call.failure = error
        raise
    finally:
        channels.close(call.failure)


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in _leaves(each)]
    return [error]


def _blamed(error: BaseException, delivery: Delivery) -> Cause:
    """Of the exception that ends a generator nobody can say more than this."""
    error = _leaves(error)[0]
    if isinstance(error, TrioProxyError):
        delivery.failure = error
        return why(error)
    if isinstance(error, GeneratorExit | trio.Cancelled):
        return Cause.CLIENT_LEFT
    return Cause.INTERNAL


async def _end(serving: Naive, delivery: Delivery, answer: OpenAnswer, cause: Cause | None) -> None:
    call = delivery.call
    assert call is not None
    if cause is Cause.CLIENT_LEFT:
        await _read_on(serving, call, answer)
    await answer.close()
    await _settle(serving, delivery, cause)


async def _read_on(serving: Naive, call: Call, answer: OpenAnswer) -> None:
    """As long as the policy says: the rest is read for nobody, under a shield."""
    progress = Progress(call.phase, answer.head.status, call.bytes_in, usage_known=False, detached=0)
    applies = applying(terms(serving.semantics.leaving), generation=call.generation)
    stay_s = outlives_s(applies, progress).seconds_s
    if stay_s <= 0:
        return
    with trio.move_on_after(stay_s, shield=True):
        try:
            while chunk := await answer.receive():
                call.came(chunk)
            call.finish()
        except TrioProxyError as error:
            call.failure = error


async def _settle(serving: Naive, delivery: Delivery, cause: Cause | None) -> None:
    call = delivery.call
    assert call is not None
    left = None if cause is not Cause.CLIENT_LEFT or call.failure is None else why(call.failure)
    outcome = call.outcome(left or cause)
    blamed = None if delivery.failure is not None else cause
    await serving.till.settle(call.receipt(outcome), delivery.receipt(delivery.outcome(blamed)))
