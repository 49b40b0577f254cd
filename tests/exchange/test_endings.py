"""Every cell of the table of endings that can occur, as a client sees it and as its delivery is booked."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import pytest
from support.endings import NOTICED_LATE, POSSIBLE, WHEN_S, Faulty, limits_for, story
from support.proxy import Proxy
from support.seeds import SEEDS, over_seeds
from support.visits import Visit, at

from trioproxy.lab.answers import message_stream
from trioproxy.model import ServedBy
from trioproxy.rules.lifecycle import TABLE, Cause, Ending, Phase, Seen
from trioproxy.seat import LIMIT_BYTES

ANSWER = message_stream("One two three.")
FIRST, LAST = b"".join(ANSWER.parts[:-1]), ANSWER.parts[-1]
MUCH = FIRST + b": a comment\n" * (LIMIT_BYTES // 10)


def proxy_for(phase: Phase, cause: Cause) -> Proxy:
    script = story(phase, cause, headers=ANSWER.headers, first=FIRST, much=MUCH, last=LAST)
    faulty = cause is Cause.INTERNAL and phase is not Phase.ENDED  # then it is the delivery's
    return Proxy(
        script,
        source=(lambda inner: Faulty.within(inner, phase)) if faulty else None,
        limits_s=limits_for(cause),
        silence_s=WHEN_S,
    )


def visit_for(phase: Phase, cause: Cause) -> Visit:
    # After the last chunk there is something left to happen only to a client that has not taken it yet.
    reads = phase not in (Phase.BLOCKED, Phase.ENDED) and cause is not Cause.CLIENT_STALLED
    if cause is Cause.CLIENT_FAULT:
        return Visit("/v1/files", b"piece", owes=True)
    return Visit(reads=reads)


def play(phase: Phase, cause: Cause, *, at_once: bool) -> Callable[[], Awaitable[tuple[Proxy, Visit]]]:
    """The story of one cell. `at_once`: a shutdown without grace, which also cancels the delivery."""

    async def run() -> tuple[Proxy, Visit]:
        proxy, visit = proxy_for(phase, cause), visit_for(phase, cause)

        def act() -> None:
            match cause:
                case Cause.CLIENT_LEFT:
                    visit.leave()
                case Cause.CLIENT_STALLED:
                    visit.stall()
                case Cause.SHUTDOWN:
                    proxy.house.close()
                    if at_once:
                        visit.server_scope.cancel()
                        visit.read_on()
                case Cause.INTERNAL if phase is Phase.ENDED:
                    visit.send_fault = ZeroDivisionError("a fault of ours")
                    visit.read_on()

        acts = [at(WHEN_S, act)]
        if phase is Phase.BLOCKED and cause in NOTICED_LATE:
            acts.append(at(2 * WHEN_S, visit.read_on))
        if phase is Phase.BLOCKED and cause is Cause.SHUTDOWN and not at_once:
            acts.append(at(2 * WHEN_S, visit.stall))  # whoever does not read when the server stops is given up early
        await proxy.open(visit, acts=acts)
        return proxy, visit

    return run


def check_seen(seen: Seen, visit: Visit) -> None:
    match seen:
        case Seen.NOTHING | Seen.CLOSED:
            assert not visit.finished
        case Seen.TRUNCATION:
            assert visit.status == 200
            assert visit.header(b"x-trioproxy-error") is None
            assert not visit.finished
        case by_status:
            code = visit.header(b"x-trioproxy-error")
            assert code is not None
            assert f"{visit.status} {code.decode()}" in by_status
            assert visit.finished
            assert visit.json["type"] == "error"


CELLS = [(phase, cause, False) for phase, cause in POSSIBLE if (phase, cause) != (Phase.ENDED, Cause.SHUTDOWN)]
CELLS += [(phase, cause, True) for phase, cause in POSSIBLE if cause is Cause.SHUTDOWN]


@pytest.mark.parametrize(("phase", "cause", "at_once"), CELLS, ids=str)
def test_cell(phase: Phase, cause: Cause, at_once: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    cell = TABLE[phase, cause]
    assert isinstance(cell, Ending)
    for _, (proxy, visit) in over_seeds(play(phase, cause, at_once=at_once)):
        exchange, call = proxy.rows
        assert call is not None
        assert call.outcome is cell.call
        assert exchange.outcome is cell.delivery
        assert exchange.call_id == call.opening.id
        assert exchange.status == visit.status
        assert exchange.bytes_out >= len(visit.body)
        by_proxy = visit.header(b"x-trioproxy-error") is not None
        assert exchange.served_by is (ServedBy.PROXY if by_proxy else ServedBy.CALL)
        if not at_once:
            check_seen(cell.seen, visit)
        assert not visit.finished or visit.header(b"x-trioproxy-id") == exchange.opening.id.encode()
        assert visit.error is None
    lines = [record for record in caplog.records if record.getMessage().startswith("[stream] ")]
    assert len(lines) == SEEDS  # one for each abnormal end
    serious = [record for record in caplog.records if record.exc_info]
    assert len(serious) == (SEEDS if cause is Cause.INTERNAL else 0)
