from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from trioproxy.errors import (
    ClientError,
    ConfigurationError,
    Draining,
    OurError,
    RequestTimeout,
    ShuttingDown,
    TrioProxyError,
    UpstreamClosed,
)
from trioproxy.model import CallOutcome, ExchangeOutcome, Reading
from trioproxy.rules import lifecycle
from trioproxy.rules.lifecycle import SIGNS, TABLE, Cause, Ending, Never, Phase, Seen

CELLS = list(product(Phase, Cause))
POSSIBLE = [(phase, cause) for phase, cause in CELLS if isinstance(TABLE[phase, cause], Ending)]
LAST_WORD = Reading(ended=True)
ERROR_EVENT = Reading(error="overloaded_error: Overloaded")


def cell(phase: Phase, cause: Cause) -> Ending:
    found = TABLE[phase, cause]
    assert isinstance(found, Ending)
    return found


def test_every_phase_times_every_cause_has_one_cell() -> None:
    assert set(TABLE) == set(CELLS)


def test_every_cause_says_how_it_shows() -> None:
    assert set(SIGNS) == set(Cause)
    assert all(SIGNS.values())


def test_every_cause_can_end_a_call_somewhere() -> None:
    assert {cause for _, cause in POSSIBLE} == set(Cause)


def test_a_cell_that_cannot_occur_says_why() -> None:
    assert all(found.why for found in TABLE.values() if isinstance(found, Never))


@pytest.mark.parametrize(("phase", "cause"), CELLS, ids=str)
def test_every_cell_has_an_answer(phase: Phase, cause: Cause) -> None:
    found = lifecycle.ending(phase, cause)
    assert isinstance(found, Ending)
    if (phase, cause) in POSSIBLE:
        assert found is TABLE[phase, cause]


def test_an_impossible_cell_is_answered_by_the_next_later_phase_else_the_next_earlier() -> None:
    assert lifecycle.ending(Phase.CONNECTING, Cause.CLIENT_STALLED) is TABLE[Phase.STREAMING, Cause.CLIENT_STALLED]
    assert lifecycle.ending(Phase.CONNECTING, Cause.CLIENT_FAULT) is TABLE[Phase.SENDING, Cause.CLIENT_FAULT]
    assert lifecycle.ending(Phase.ENDED, Cause.UPSTREAM_BROKE) is TABLE[Phase.BLOCKED, Cause.UPSTREAM_BROKE]
    assert lifecycle.ending(Phase.BLOCKED, Cause.UPSTREAM_SILENT) is TABLE[Phase.STREAMING, Cause.UPSTREAM_SILENT]
    assert lifecycle.ending(Phase.WAITING, Cause.UPSTREAM_REFUSED) is TABLE[Phase.CONNECTING, Cause.UPSTREAM_REFUSED]


# What holds for whole rows and columns: written down apart from the table.


@pytest.mark.parametrize(("phase", "cause"), POSSIBLE, ids=str)
def test_a_status_can_be_sent_only_before_the_head(phase: Phase, cause: Cause) -> None:
    seen = cell(phase, cause).seen
    by_status = seen[0].isdigit()
    if phase in lifecycle.BEFORE_HEAD:
        assert seen is not Seen.TRUNCATION
        assert by_status or seen in {Seen.NOTHING, Seen.CLOSED}
    else:
        assert not by_status


@pytest.mark.parametrize("cause", Cause)
def test_whatever_comes_after_the_last_chunk_the_call_is_completed(cause: Cause) -> None:
    found = TABLE[Phase.ENDED, cause]
    assert isinstance(found, Never) or found.call is CallOutcome.COMPLETED


@pytest.mark.parametrize(("phase", "cause"), POSSIBLE, ids=str)
def test_before_the_last_chunk_no_ending_is_taken_for_a_whole_one(phase: Phase, cause: Cause) -> None:
    found = cell(phase, cause)
    assert found.delivery is not ExchangeOutcome.DELIVERED
    assert phase is Phase.ENDED or found.call is not CallOutcome.COMPLETED


@pytest.mark.parametrize(("phase", "cause"), POSSIBLE, ids=str)
def test_the_delivery_is_booked_by_who_ended_it(phase: Phase, cause: Cause) -> None:
    by_cause = {
        Cause.CLIENT_LEFT: ExchangeOutcome.CLIENT_LEFT,
        Cause.CLIENT_STALLED: ExchangeOutcome.CLIENT_STALLED,
        Cause.CLIENT_FAULT: ExchangeOutcome.REJECTED,
        Cause.SHUTDOWN: ExchangeOutcome.SHUTDOWN,
    }
    assert cell(phase, cause).delivery is by_cause.get(cause, ExchangeOutcome.UPSTREAM_FAILED)


@pytest.mark.parametrize(("phase", "cause"), [key for key in POSSIBLE if key[0] is not Phase.ENDED], ids=str)
def test_the_call_is_booked_by_who_ended_it(phase: Phase, cause: Cause) -> None:
    by_cause = {
        Cause.CLIENT_LEFT: CallOutcome.ABANDONED,
        Cause.CLIENT_STALLED: CallOutcome.ABANDONED,
        Cause.CLIENT_FAULT: CallOutcome.ABANDONED,
        Cause.UPSTREAM_REFUSED: CallOutcome.CONNECT_FAILED,
        Cause.UPSTREAM_BROKE: CallOutcome.TRUNCATED,
        Cause.UPSTREAM_GARBLED: CallOutcome.TRUNCATED,
        Cause.UPSTREAM_SILENT: CallOutcome.TIMEOUT,
        Cause.SHUTDOWN: CallOutcome.SHUTDOWN,
        Cause.INTERNAL: CallOutcome.INTERNAL_ERROR,
    }
    expected = by_cause[cause]
    if phase is Phase.CONNECTING and expected in {CallOutcome.TRUNCATED, CallOutcome.TIMEOUT}:
        expected = CallOutcome.CONNECT_FAILED
    assert cell(phase, cause).call is expected


# The two refinements.


@pytest.mark.parametrize(("phase", "cause"), POSSIBLE, ids=str)
def test_an_answer_that_has_said_its_last_word_is_complete_whatever_ends_it(phase: Phase, cause: Cause) -> None:
    assert lifecycle.broken_call(phase, cause, LAST_WORD) is CallOutcome.COMPLETED
    assert lifecycle.broken_call(phase, cause, ERROR_EVENT) is CallOutcome.UPSTREAM_ERROR
    assert lifecycle.broken_call(phase, cause, Reading()) is cell(phase, cause).call
    assert lifecycle.delivery(phase, cause, last_word_sent=True) is ExchangeOutcome.DELIVERED
    assert lifecycle.delivery(phase, cause, last_word_sent=False) is cell(phase, cause).delivery


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (ShuttingDown("x"), ExchangeOutcome.SHUTDOWN),
        (Draining("x"), ExchangeOutcome.REJECTED),
        (ClientError("x"), ExchangeOutcome.REJECTED),
        (RequestTimeout("x"), ExchangeOutcome.REJECTED),
        (UpstreamClosed("x"), ExchangeOutcome.UPSTREAM_FAILED),
        (OurError("x"), ExchangeOutcome.UPSTREAM_FAILED),
        (ConfigurationError(["x"]), ExchangeOutcome.UPSTREAM_FAILED),
    ],
)
def test_a_delivery_that_an_error_answers_or_truncates(failure: TrioProxyError, outcome: ExchangeOutcome) -> None:
    assert lifecycle.failed_delivery(failure) is outcome


@pytest.mark.parametrize(
    ("reading", "by_protocol", "framed", "outcome"),
    [
        (Reading(), False, True, CallOutcome.COMPLETED),
        (Reading(), False, False, CallOutcome.TRUNCATED),
        (Reading(), True, True, CallOutcome.TRUNCATED),
        (Reading(), True, False, CallOutcome.TRUNCATED),
        (LAST_WORD, False, True, CallOutcome.COMPLETED),
        (LAST_WORD, False, False, CallOutcome.COMPLETED),
        (LAST_WORD, True, True, CallOutcome.COMPLETED),
        (LAST_WORD, True, False, CallOutcome.COMPLETED),
        (ERROR_EVENT, True, True, CallOutcome.UPSTREAM_ERROR),
        (ERROR_EVENT, True, False, CallOutcome.UPSTREAM_ERROR),
        (ERROR_EVENT, False, True, CallOutcome.COMPLETED),  # an error answer, whole by its framing
        (Reading(error="e", ended=True), True, True, CallOutcome.UPSTREAM_ERROR),  # `response.failed`
    ],
)
def test_an_answer_that_ended_as_framed(
    reading: Reading, by_protocol: bool, framed: bool, outcome: CallOutcome
) -> None:
    assert lifecycle.finished_call(reading, by_protocol=by_protocol, framed=framed) is outcome


def test_the_page_shows_every_cell() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cancellation.md").read_text()
    sections = page.partition("<!-- endings: begin -->")[2].partition("<!-- endings: end -->")[0].split("### ")[1:]
    assert [section.partition("\n")[0] for section in sections] == list(Phase)
    for section, phase in zip(sections, Phase, strict=True):
        for cause in Cause:
            found = TABLE[phase, cause]
            words = found.why if isinstance(found, Never) else f"| `{found.call}` | `{found.delivery}` | {found.seen} |"
            [row] = [line for line in section.splitlines() if line.startswith(f"| {cause} |")]
            assert words in row
