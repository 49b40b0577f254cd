from __future__ import annotations

import pytest
from support.exploring import play_one

from trioproxy.errors import TrioProxyError, UpstreamClosed, UpstreamConnectFailed, UpstreamTruncated


def test_a_call_is_remembered() -> None:
    [call] = play_one("reset").calls

    assert call.head is not None
    assert isinstance(call.error, UpstreamTruncated)
    assert not call.ended
    assert not call.open
    assert call.facts.closings == 1


@pytest.mark.parametrize("fault", ["break", "garble"])
def test_it_breaks_at_any_step(fault: str) -> None:
    errors: list[type[Exception]] = []
    for step in range(60):
        happened = play_one("paced", (fault, step))
        [call] = happened.calls
        assert happened.struck == [] or call.ended or isinstance(call.error, TrioProxyError)
        if isinstance(call.error, UpstreamClosed | UpstreamTruncated):
            assert call.error.garbled == (fault == "garble")
        errors.append(type(call.error))

    kinds = [error for error in dict.fromkeys(errors) if error is not type(None)]
    assert kinds == [UpstreamConnectFailed, UpstreamClosed, UpstreamTruncated]


def test_it_falls_silent_at_any_step() -> None:
    ends = set()
    for step in range(60):
        happened = play_one("paced", ("silence", step))
        [call] = happened.calls
        assert call.ended or happened.struck
        ends.add(happened.books.calls[0].receipt.outcome)

    assert ends == {"connect_failed", "timeout", "completed"}
