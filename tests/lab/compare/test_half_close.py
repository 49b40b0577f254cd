"""A FIN that counts, and one that does not."""

from __future__ import annotations

import pytest

from trioproxy.lab.compare.half_close import HalfClosed
from trioproxy.lab.compare.semantics import Semantics
from trioproxy.lab.compare.sweep import Contestant
from trioproxy.lab.compare.telling import Course, Telling, ask, stream, tell
from trioproxy.lab.script import After, ClientScript, Leave, Story

SCRIPT = stream(10, 1.0, 100)
FIN_AT_S = 3.5


def told(*, counted: bool, gone: bool, ours: bool) -> Course:
    contestant = Contestant(Semantics(), ours=ours)
    client = ClientScript(ask(), ((After(FIN_AT_S), Leave()),) if gone else ())
    subject = HalfClosed(contestant.subject(), counted, None if gone else FIN_AT_S)
    [found] = tell([Telling(contestant, Story("fin", (SCRIPT,), (client,)), subject=subject)])
    return found


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize(("counted", "closed_at"), [(True, FIN_AT_S), (False, 5.0)])
def test_a_client_that_is_gone_is_noticed_at_once_or_by_the_second_write(
    counted: bool, closed_at: float, ours: bool
) -> None:
    assert told(counted=counted, gone=True, ours=ours).closed_at() == closed_at


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize(("counted", "size_bytes"), [(True, 300), (False, len(SCRIPT.body))])
def test_a_client_that_still_reads_is_cut_off_or_has_it_all(counted: bool, size_bytes: int, ours: bool) -> None:
    assert told(counted=counted, gone=False, ours=ours).got_bytes() == size_bytes
