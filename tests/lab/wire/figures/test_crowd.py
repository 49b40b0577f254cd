"""A crowd gets in, and is gone."""

from __future__ import annotations

import pytest

from trioproxy.lab.answers import message_stream
from trioproxy.lab.guest.line import Way
from trioproxy.lab.ports import free_ports
from trioproxy.lab.script import Head, Script, Silence
from trioproxy.lab.wire.figures.crowd import Entrance, crowd, streaming, until_each, warm_up, whole
from trioproxy.lab.wire.stage import Stage
from trioproxy.lab.wire.target import Asking
from trioproxy.lab.wire.trouble import TargetTrouble

ANSWER = message_stream("Hello.")


def entrance(stage: Stage) -> Entrance:
    return Entrance(stage, Asking(), Way(("127.0.0.1", stage.upstream.port)), "h1")


async def test_all_get_in_and_are_gone_afterwards():
    async with Stage.set_up(free_ports(1)[0], ANSWER.up_to(3).script(then=Silence())) as stage:
        async with crowd(entrance(stage), 5) as guests:
            await until_each(guests, lambda visit: visit.size_bytes > 0)
            assert sum(map(streaming, guests)) == 5
            assert not any(map(whole, guests))
        await stage.upstream.wait_closed()


async def test_whole_answers():
    async with Stage.set_up(free_ports(1)[0], ANSWER.script()) as stage, crowd(entrance(stage), 2) as guests:
        await until_each(guests, lambda _: False)
        assert all(map(whole, guests))


async def test_who_is_refused_is_left_out():
    port = free_ports(1)[0]
    async with crowd(Entrance(Stage.nobody(port), Asking(), Way(("127.0.0.1", port)), "h1"), 3) as guests:
        assert guests == []


async def test_waiting_has_a_limit():
    silent = Script.of(Head(), Silence())
    async with Stage.set_up(free_ports(1)[0], silent) as stage, crowd(entrance(stage), 1) as guests:
        await until_each(guests, lambda visit: visit.size_bytes > 0, 0.05)
        assert not streaming(guests[0])


async def test_warming_up_needs_whole_answers():
    async with Stage.set_up(free_ports(1)[0], ANSWER.script()) as stage:
        await warm_up(entrance(stage))
    with pytest.raises(TargetTrouble, match="a plain answer does not pass over h1"):
        await warm_up(Entrance(stage, Asking(), Way(("127.0.0.1", stage.upstream.port)), "h1"))
