"""A fault in noting ends no stream: the client has its answer, the rows are settled, nothing stays open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.proxy import Proxy
from support.seeds import over_seeds
from support.tracing import ASKED, open_traced, visit
from support.visits import Visit, at

from trioproxy.lab.answers import message_stream
from trioproxy.lab.script import Chunk, Head, Reset, Script
from trioproxy.trace import notes as noting
from trioproxy.trace import source, traces
from trioproxy.trace.records import Event, Lane, What
from trioproxy.trace.traces import Traces

ANSWER = message_stream("One two three.")
SLOW = ANSWER.script(head_after_s=2.0, every_s=0.5)
CLIENT, SEAT, PUMP, UPSTREAM, SETTLE = Lane


def fault(*_: object, **__: object) -> Any:
    raise MemoryError


def no_event(monkeypatch: pytest.MonkeyPatch, lane: Lane, what: What) -> list[What]:
    """No moment like that can be made; how often that was tried."""
    met: list[What] = []

    def made(**fields: Any) -> Event:
        if (fields["lane"], fields["what"]) == (lane, what):
            met.append(what)
            raise MemoryError
        return Event(**fields)

    monkeypatch.setattr(noting, "Event", made)
    return met


def served(script: Script, folder: Path, *acts: Callable[[Visit], None]) -> tuple[Proxy, Visit]:
    """One traced visit, with its trace lost; `acts` at 3.2 s."""

    async def story() -> tuple[Proxy, Visit, Traces]:
        proxy, guest = Proxy(script), visit()
        deeds = [at(3.2, lambda act=act: act(guest)) for act in acts]  # type: ignore[misc]
        kept = await open_traced(proxy, folder, guest, acts=deeds)
        return proxy, guest, kept

    results = [result for _, result in over_seeds(story, 5)]
    for _, _, kept in results:
        assert kept._noting == 0
        assert kept.dropped == 1
    assert list(folder.iterdir()) == []
    return results[-1][:2]


@pytest.mark.parametrize(
    ("lane", "what"),
    [
        (CLIENT, What.REQUEST),
        (SEAT, What.SAT),
        (PUMP, What.PHASE),
        (UPSTREAM, What.HEAD),
        (UPSTREAM, What.BYTES),
        (UPSTREAM, What.END),
        (CLIENT, What.HEAD),
        (CLIENT, What.BYTES),
        (SETTLE, What.CALL),
        (SEAT, What.END),
        (CLIENT, What.END),
        (SETTLE, What.EXCHANGE),
    ],
)
def test_a_moment_that_cannot_be_noted(lane: Lane, what: What, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    met = no_event(monkeypatch, lane, what)
    proxy, guest = served(SLOW, tmp_path)

    assert met
    assert (guest.status, guest.finished, guest.body) == (200, True, ANSWER.body)
    exchange, call = proxy.rows
    assert call is not None
    assert (exchange.outcome, call.outcome) == ("delivered", "completed")


@pytest.mark.parametrize(
    ("lane", "what"), [(CLIENT, What.LEFT), (SEAT, What.LEFT), (PUMP, What.CANCELLED), (UPSTREAM, What.CLOSED)]
)
def test_a_departure_that_cannot_be_noted(
    lane: Lane, what: What, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = no_event(monkeypatch, lane, what)
    proxy, _ = served(SLOW, tmp_path, Visit.leave)

    assert met
    exchange, call = proxy.rows
    assert call is not None
    assert (exchange.outcome, call.outcome) == ("client_left", "abandoned")


@pytest.mark.parametrize(("lane", "what"), [(UPSTREAM, What.BROKE), (SEAT, What.FAILED), (CLIENT, What.TRUNCATED)])
def test_a_break_that_cannot_be_noted(lane: Lane, what: What, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    met = no_event(monkeypatch, lane, what)
    proxy, guest = served(Script.of(Head(), Chunk(b"a"), 1.0, Reset()), tmp_path)

    assert met
    assert (guest.status, guest.finished, guest.body) == (200, False, b"a")
    exchange, call = proxy.rows
    assert call is not None
    assert (exchange.outcome, call.outcome) == ("upstream_failed", "truncated")


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (source, "_framing"),
        (noting.Notes, "_said"),
        (noting.Notes, "_hold"),
        (noting.Notes, "_since_s"),
        (Traces, "_over"),
    ],
)
def test_a_fault_anywhere_in_noting(place: Any, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, name, fault)
    proxy, guest = Proxy(SLOW), visit()

    async def story() -> None:
        await open_traced(proxy, tmp_path, guest)

    for _ in over_seeds(story, 1):
        pass
    assert guest.body == ANSWER.body
    assert guest.finished
    assert guest.error is None
    assert [row.outcome for row in proxy.rows if row is not None] == ["delivered", "completed"]


@pytest.mark.parametrize("name", ["why", "Notes"])
def test_a_fault_before_the_first_note(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, name, fault)
    proxy, guest = Proxy(SLOW), visit()

    async def story() -> Traces:
        return await open_traced(proxy, tmp_path, guest)

    for _, kept in over_seeds(story, 1):
        assert kept._noting == 0
    assert guest.body == ANSWER.body
    assert guest.header(ASKED[0]) is None


def test_the_reason_of_a_cancellation_that_cannot_be_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msgspec.structs.replace", fault)
    proxy, _ = served(SLOW, tmp_path, Visit.leave)

    assert [row.outcome for row in proxy.rows if row is not None] == ["client_left", "abandoned"]
