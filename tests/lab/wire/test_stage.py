"""A stage plays what is on, finds requests by their marks, and can be taken down and set up again on its port."""

from __future__ import annotations

import pytest
import trio

from trioproxy.lab.answers import message_stream
from trioproxy.lab.client import LabClient
from trioproxy.lab.ports import free_ports
from trioproxy.lab.script import Head, Script, Silence
from trioproxy.lab.wire.stage import Stage
from trioproxy.lab.wire.stories import question

WHOLE = message_stream("Hello.").script()


async def ask(stage: Stage, number: int) -> bytes:
    async with await LabClient.connect(stage.upstream.url) as client:
        await client.post("/", question("m", number))
        return await client.rest()


async def test_requests_are_found_and_forgotten():
    async with Stage.set_up(free_ports(1)[0], WHOLE) as stage:
        first, second = stage.next_number(), stage.next_number()
        assert first != second
        assert b"message_stop" in await ask(stage, first)
        assert stage.found(first) is not None
        assert stage.found(second) is None

        stage.clear()
        assert stage.found(first) is None


async def test_numbers_are_never_used_again():
    async with Stage.set_up(free_ports(1)[0], WHOLE) as stage:
        number = stage.next_number()
    assert Stage.nobody(1).next_number() > number


async def test_the_port_is_used_again_after_a_while_in_which_it_refuses():
    port = free_ports(1)[0]
    for _ in range(2):
        async with Stage.set_up(port, WHOLE) as stage:
            await ask(stage, stage.next_number())
        with pytest.raises(OSError, match="failed"):
            await LabClient.connect(f"http://127.0.0.1:{port}")


async def test_waiting_for_facts_has_a_limit():
    async with Stage.set_up(free_ports(1)[0], WHOLE) as stage:
        assert not await stage.until(lambda: False, 0.01)
        assert await stage.until(lambda: True, 0.01)


async def test_quiet_is_when_nothing_more_is_taken():
    async with Stage.set_up(free_ports(1)[0], Script.of(Head(), Silence())) as stage:
        number = stage.next_number()
        async with await LabClient.connect(stage.upstream.url) as client:
            await client.post("/", question("m", number))
            assert await stage.quiet(lambda: stage.found(number), 0.01, 5)
        assert not await stage.quiet(lambda: None, trio.current_time() + 60, 0.01)
