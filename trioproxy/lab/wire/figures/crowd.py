"""Several clients at once at one target, each a stream: who gets in, and what becomes of them."""

# A crowd's tasks are its own; each of its waits has a limit.
# ruff: noqa: TID251

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import trio

from trioproxy.lab.answers import message_stream
from trioproxy.lab.guest import AnswerEnding
from trioproxy.lab.guest.line import Way
from trioproxy.lab.script import Ask
from trioproxy.lab.wire.guest import Fact, Guest
from trioproxy.lab.wire.stage import Stage
from trioproxy.lab.wire.stories import ask
from trioproxy.lab.wire.target import Asking, Protocol
from trioproxy.lab.wire.trouble import TargetTrouble

# How long a crowd may take to get in, or to be done, unless said otherwise.
PATIENCE_S = 20.0
WARMING = 5


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where a crowd goes in, and before which upstream."""

    stage: Stage
    asking: Asking
    way: Way
    protocol: Protocol

    def ask(self) -> Ask:
        """A question like no other."""
        return ask(self.asking, self.stage.next_number())


def streaming(guest: Guest) -> bool:
    """It has got the first bytes of an answer, and not its end."""
    return guest.visit.size_bytes > 0 and guest.visit.ending is None


def whole(guest: Guest) -> bool:
    """Its answer came to a clean end, with nothing but events in it."""
    return (
        guest.visit.ending is AnswerEnding.CLEAN and guest.visit.status == 200 and b"message_stop" in guest.visit.body
    )


@asynccontextmanager
async def crowd(entrance: Entrance, count: int, *, every_s: float = 0.0) -> AsyncIterator[list[Guest]]:
    """`count` clients that ask, one each `every_s`; gone when the block is left. Who is refused is left out."""
    guests: list[Guest] = []
    async with AsyncExitStack() as stack:
        until = trio.current_time() + PATIENCE_S + count * every_s
        for _ in range(count):
            if trio.current_time() > until:
                break
            try:
                guest = await stack.enter_async_context(Guest.visiting(entrance.way, entrance.protocol))
            except OSError:
                continue
            guests.append(guest)
            with trio.move_on_at(until):
                await guest.send(entrance.ask())
            await trio.sleep(every_s)
        yield guests


async def warm_up(entrance: Entrance) -> None:
    """Some plain answers, one after the other: a process that has just started has much to load and to compile.

    Raises:
        TargetTrouble: they do not come.
    """
    entrance.stage.script = message_stream("Good morning.").script()
    for _ in range(WARMING):
        async with crowd(entrance, 1) as guests:
            await until_each(guests, lambda visit: visit.ending is not None)
            if not all(map(whole, guests)) or not guests:
                raise TargetTrouble(f"a plain answer does not pass over {entrance.protocol}")


async def until_each(guests: Sequence[Guest], fact: Fact, within_s: float = PATIENCE_S) -> None:
    """Wait until `fact` holds for each, or its answer has ended; no longer than `within_s`."""
    with trio.move_on_after(within_s):
        for guest in guests:
            await guest.until(lambda visit: fact(visit) or visit.ending is not None)
