"""An incident in service, told again as a story, ends the same way: for every ending that a story can tell."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from support.endings import NOTICED_LATE, POSSIBLE, WHEN_S, limits_for, story
from support.exploring import play_one
from support.proxy import Proxy
from support.retelling import again
from support.tracing import ASKED, open_traced
from support.visits import Visit, at

from trioproxy.lab.answers import anthropic_error_event, chat_stream, message, message_stream, response_stream
from trioproxy.lab.explore.scenarios import SCENARIOS
from trioproxy.lab.explore.stage import Happened
from trioproxy.lab.explore.timeline import Timeline
from trioproxy.lab.from_trace import Retold, Telling, retell, telling
from trioproxy.lab.script import (
    Chunk,
    Close,
    End,
    Framing,
    Head,
    Reset,
    Script,
    Short,
)
from trioproxy.lab.script.toml import write_story
from trioproxy.rules.lifecycle import Cause, Phase
from trioproxy.seat import LIMIT_BYTES
from trioproxy.trace.files import read
from trioproxy.trace.records import Run

ANSWER = message_stream("One two three.")
FIRST, LAST = b"".join(ANSWER.parts[:-1]), ANSWER.parts[-1]
MUCH = FIRST + b": a comment\n" * (LIMIT_BYTES // 10)
# Nothing that a script does brings these about.
UNTOLD = (Cause.SHUTDOWN, Cause.INTERNAL, Cause.CLIENT_FAULT)
CELLS = [(phase, cause) for phase, cause in POSSIBLE if cause not in UNTOLD]


def incident(
    folder: Path,
    script: Script,
    guest: Visit,
    *acts: Callable[[], Awaitable[None]],
    trace: dict[str, Any] | None = None,
    **options: Any,
) -> tuple[Run, Retold]:
    """What a trace of it says, and the story that is made of that."""

    async def serve() -> None:
        await open_traced(Proxy(script, **options), folder, guest, acts=acts, **(trace or {}))

    trio.run(serve, clock=trio.testing.MockClock(autojump_threshold=0))
    [file] = folder.glob("*.jsonl")
    told = telling(read(file), file.name, None)
    return told.run, retell(told)


def outcomes(happened: Happened) -> dict[str, Any]:
    [exchange] = happened.books.exchanges
    [call] = happened.books.calls or [None]
    seen = {"exchange": exchange.receipt.outcome, "call": None, "bytes_in": None, "status": None}
    if call is None:
        return seen
    receipt = call.receipt
    return seen | {"call": receipt.outcome, "bytes_in": receipt.bytes_in, "status": receipt.status}


def booked(run: Run) -> dict[str, Any]:
    return {name: run.measures.get(name) for name in ("call", "exchange", "bytes_in", "status")}


@pytest.mark.parametrize(("phase", "cause"), CELLS, ids=str)
def test_every_ending_that_can_be_told(phase: Phase, cause: Cause, tmp_path: Path) -> None:
    script = story(phase, cause, headers=ANSWER.headers, first=FIRST, much=MUCH, last=LAST)
    reads = phase not in (Phase.BLOCKED, Phase.ENDED) and cause is not Cause.CLIENT_STALLED
    guest = Visit(headers=(ASKED,), reads=reads)
    acts = []
    if cause in (Cause.CLIENT_LEFT, Cause.CLIENT_STALLED):
        acts.append(at(WHEN_S, guest.leave if cause is Cause.CLIENT_LEFT else guest.stall))
    if phase is Phase.BLOCKED and cause in NOTICED_LATE:
        acts.append(at(2 * WHEN_S, guest.read_on))
    run, retold = incident(tmp_path, script, guest, *acts, limits_s=limits_for(cause))

    assert outcomes(again(retold)) == booked(run)


def visit(path: str = "/v1/messages", **options: Any) -> Visit:
    return Visit(path, headers=(ASKED,), **options)


@pytest.mark.parametrize(
    ("path", "script"),
    [
        ("/v1/messages", ANSWER.script(every_s=0.5)),
        ("/v1/messages", ANSWER.script(framing=Framing.CLOSE, then=Close())),
        ("/v1/messages", ANSWER.up_to(-1).script()),
        ("/v1/messages", ANSWER.up_to(4, anthropic_error_event()).script()),
        ("/v1/messages", message("One.").script()),
        ("/v1/messages", message("One.").up_to(0).script()),
        ("/v1/messages", Script.of(Head(204, framing=Framing.NONE), End())),
        ("/v1/messages", Script.of(Head(529), Chunk(b"overloaded"), End())),
        ("/v1/messages", Script.of(Head(framing=Framing.LENGTH), Chunk(b"abc"), 1.0, Short(4))),
        ("/openai/v1/chat/completions", chat_stream("One two.").script(every_s=0.5)),
        ("/groq/v1/chat/completions", chat_stream("One two.").script(then=Reset())),
        ("/openai/v1/responses", response_stream("One two.").script()),
        ("/openai/v1/completions", Script.of(Head(headers=ANSWER.headers), Chunk(b"data: [DONE]\n\n"), End())),
    ],
)
@pytest.mark.parametrize("bodies", [False, True])
def test_every_kind_of_answer(path: str, script: Script, bodies: bool, tmp_path: Path) -> None:
    run, retold = incident(tmp_path, script, visit(path), trace={"bodies": bodies})
    happened = again(retold)

    assert outcomes(happened) == booked(run)
    if bodies:
        assert retold.story.upstream[0].body == script.body
        assert not any("not kept" in remark for remark in retold.remarks)


@pytest.mark.parametrize("leaves_at_s", [0.0, 0.7, 1.0, 1.3, 2.9])
def test_a_departure_at_any_time(leaves_at_s: float, tmp_path: Path) -> None:
    guest = visit()
    run, retold = incident(tmp_path, ANSWER.script(every_s=0.5), guest, at(leaves_at_s, guest.leave))
    happened = again(retold)

    assert outcomes(happened) == booked(run)
    assert happened.visits[0].size_bytes == len(guest.body)
    assert happened.visits[0].left_at == pytest.approx(leaves_at_s)


def test_what_was_given_by_somebody_elses_call(tmp_path: Path) -> None:
    async def serve() -> None:
        first = Visit()
        second = Visit(body=[(1.2, b"{}")], headers=(ASKED,))
        await open_traced(Proxy(ANSWER.script(every_s=0.5), replay={"join": "always"}), tmp_path, first, second)

    trio.run(serve, clock=trio.testing.MockClock(autojump_threshold=0))
    [file] = tmp_path.glob("*.jsonl")
    told = telling(read(file), file.name, None)
    retold = retell(told)
    happened = again(retold)

    assert told.run.cell["served by"] == "joined"
    assert outcomes(happened)["exchange"] == "delivered"
    assert happened.visits[0].size_bytes == len(ANSWER.body)
    assert any("not in the run" in remark for remark in retold.remarks)


# What these ask for is in no event: a length, a model, two requests that differ.
UNTELLABLE = {"too-large", "drain-usage", "neighbours", "strangers"}


@pytest.mark.parametrize("with_script", [False, True])
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_run_of_the_lab(name: str, with_script: bool) -> None:
    scenario, timeline = SCENARIOS[name], Timeline("1")
    before = play_one(name, timeline=timeline)
    run = Run(id="1", subject="x", cell={}, script=write_story(scenario.story) if with_script else "")
    retold = retell(Telling(run, timeline.events))
    after = again(retold, scenario)

    if with_script or name not in UNTELLABLE:
        assert endings(after) == endings(before)
    assert with_script is any(client.ask.headers for client in retold.story.clients)


def endings(happened: Happened) -> list[object]:
    return [
        sorted(booked.receipt.outcome for booked in happened.books.calls),
        sorted((booked.receipt.outcome, booked.receipt.served_by) for booked in happened.books.exchanges),
        [(visit.size_bytes, visit.finished) for visit in happened.visits],
    ]
