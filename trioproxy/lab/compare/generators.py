"""Response generators in two common ways: whoever iterates one owns all that is in it.

pulling   reads the upstream itself, in `try` and `finally`
nesting   opens a nursery around its `yield`; a task in it pumps through a channel
"""

# Rules that are broken here are what is being compared.
# ruff: noqa: TID251

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

import trio

from trioproxy.errors import TrioProxyError
from trioproxy.lab.compare.account import Call, Delivery
from trioproxy.lab.compare.channel import Channels
from trioproxy.lab.compare.client import OpenAnswer, why
from trioproxy.lab.compare.relay import terms
from trioproxy.lab.compare.semantics import Pump, Semantics
from trioproxy.lab.compare.till import Till
from trioproxy.rules.disconnect import Progress, applying, outlives_s
from trioproxy.rules.lifecycle import Cause


@dataclass(frozen=True, slots=True, eq=False)
class Streamed:
    """An answer whose head has come, and the books it belongs to."""

    call: Call
    delivery: Delivery
    answer: OpenAnswer
    semantics: Semantics
    till: Till


async def pulling(streamed: Streamed) -> AsyncIterator[bytes]:
    """An async generator with `try` and `finally`."""
    call, answer = streamed.call, streamed.answer
    cause: Cause | None = None
    try:
        while chunk := await answer.receive():
            call.came(chunk)
            yield chunk
            streamed.delivery.handed(chunk)
        call.finish()
    except BaseException as error:
        cause = _blamed(error, streamed.delivery)
        raise
    finally:
        await _end(streamed, cause)  # noqa: ASYNC102 - what is compared


async def nesting(streamed: Streamed) -> AsyncIterator[bytes]:
    """A nursery and a channel inside the generator."""
    channels = Channels(streamed.semantics)
    channel = channels.take()
    cause: Cause | None = None
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_pump, streamed, channels)
            while chunk := await channel.receive():
                yield chunk  # noqa: ASYNC101, ASYNC119 - what is compared
                streamed.delivery.handed(chunk)
    except BaseException as error:
        cause = _blamed(error, streamed.delivery)
        raise
    finally:
        await _end(streamed, cause)  # noqa: ASYNC102 - what is compared


GENERATORS: Mapping[Pump, Callable[[Streamed], AsyncIterator[bytes]]] = {
    Pump.GENERATOR: pulling,
    Pump.NESTED: nesting,
}


async def _pump(streamed: Streamed, channels: Channels) -> None:
    call, answer = streamed.call, streamed.answer
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


def _blamed(error: BaseException, delivery: Delivery) -> Cause:
    """Of the exception that ends a generator nobody can say more than this."""
    error = leaves(error)[0]
    if isinstance(error, TrioProxyError):
        delivery.failure = error
        return why(error)
    return Cause.CLIENT_LEFT if isinstance(error, GeneratorExit | trio.Cancelled) else Cause.INTERNAL


def leaves(error: BaseException) -> list[BaseException]:
    """An error, or those in a group."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in leaves(each)]
    return [error]


async def _end(streamed: Streamed, cause: Cause | None) -> None:
    if cause is Cause.CLIENT_LEFT:
        await _read_on(streamed)
    await streamed.answer.close()
    await settle(streamed.till, streamed.call, streamed.delivery, cause)


async def _read_on(streamed: Streamed) -> None:
    """As long as the policy says: the rest is read for nobody, under a shield."""
    call, answer = streamed.call, streamed.answer
    progress = Progress(call.phase, answer.head.status, call.bytes_in, usage_known=False, detached=0)
    applies = applying(terms(streamed.semantics.leaving), generation=call.generation)
    stay_s = outlives_s(applies, progress).seconds_s
    if stay_s <= 0:
        return
    began = trio.current_time()
    with trio.move_on_after(stay_s, shield=True):
        try:
            while chunk := await answer.receive():
                call.came(chunk)
            call.finish()
        except TrioProxyError as error:
            call.failure = error
    call.detached_s = trio.current_time() - began


async def settle(till: Till, call: Call, delivery: Delivery, cause: Cause | None) -> None:
    """Book both ends at once."""
    # What broke the call after its client had left ended the call, not the delivery.
    broke = why(call.failure) if cause is Cause.CLIENT_LEFT and call.failure is not None else cause
    blamed = None if delivery.failure is not None else cause
    await till.settle(call.receipt(call.outcome(broke)), delivery.receipt(delivery.outcome(blamed)))
