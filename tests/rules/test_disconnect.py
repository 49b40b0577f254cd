from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioproxy.model import Policy, Until
from trioproxy.rules.disconnect import Progress, Stay, Terms, applying, outlives_s, terms
from trioproxy.rules.lifecycle import Phase
from trioproxy.settings import DisconnectSettings

LINGER_S, DRAIN_S = 10.0, 300.0
ABORT = Terms(
    policy=Policy.ABORT,
    linger_s=LINGER_S,
    drain_limit_s=DRAIN_S,
    until=Until.END,
    max_detached=32,
    max_bytes=4096,
)
LINGER = replace(ABORT, policy=Policy.LINGER)
DRAIN = replace(ABORT, policy=Policy.DRAIN)
DRAIN_UNTIL_USAGE = replace(DRAIN, until=Until.USAGE)
COLUMNS = (ABORT, LINGER, DRAIN, DRAIN_UNTIL_USAGE)

STREAM = Progress(
    phase=Phase.STREAMING, status=200, bytes_in=1000, usage_known=False, detached=0
)  # a whole answer on its way, paid by the token
EARLY = replace(STREAM, status=None, bytes_in=0)

# What the call was doing when its last client left, and how many seconds it lives on under each policy.
# fmt: off
TABLE = [
    # the last client left …                                            abort, linger, drain, drain until usage
    ("connecting",              replace(EARLY, phase=Phase.CONNECTING), 0, 0,        0,       0),
    ("sending the request",     replace(EARLY, phase=Phase.SENDING),    0, LINGER_S, DRAIN_S, DRAIN_S),
    ("waiting for the head",    replace(EARLY, phase=Phase.WAITING),    0, LINGER_S, DRAIN_S, DRAIN_S),
    ("between chunks",          STREAM,                                 0, LINGER_S, DRAIN_S, DRAIN_S),
    ("without reading",         replace(STREAM, phase=Phase.BLOCKED),   0, LINGER_S, DRAIN_S, DRAIN_S),
    ("with the usage known",    replace(STREAM, usage_known=True),      0, LINGER_S, DRAIN_S, 0),
    ("after the last chunk",    replace(STREAM, phase=Phase.ENDED),     0, 0,        0,       0),
    ("an answer of 429",        replace(STREAM, status=429),            0, 0,        0,       0),
    ("an answer of 500",        replace(STREAM, status=500),            0, 0,        0,       0),
    ("a redirect",              replace(STREAM, status=302),            0, 0,        0,       0),
    ("a switch of protocols",   replace(STREAM, status=101),            0, 0,        0,       0),
    ("any other 2xx",           replace(STREAM, status=299),            0, LINGER_S, DRAIN_S, DRAIN_S),
    ("the last place is taken", replace(STREAM, detached=31),           0, LINGER_S, DRAIN_S, DRAIN_S),
    ("no place is left",        replace(STREAM, detached=32),           0, 0,        0,       0),
    ("as long as it may be",    replace(STREAM, bytes_in=4096),         0, LINGER_S, DRAIN_S, DRAIN_S),
    ("longer than that",        replace(STREAM, bytes_in=4097),         0, 0,        0,       0),
]
# fmt: on


@pytest.mark.parametrize(("departure", "progress", "abort", "linger", "drain", "drain_until_usage"), TABLE)
def test_seconds_that_a_call_lives_on(
    departure: str, progress: Progress, abort: float, linger: float, drain: float, drain_until_usage: float
) -> None:
    seconds = tuple(outlives_s(column, progress).seconds_s for column in COLUMNS)
    assert seconds == (abort, linger, drain, drain_until_usage), departure


def test_every_phase_is_in_the_table() -> None:
    assert {row[1].phase for row in TABLE} == set(Phase)


def test_a_bound_says_which_setting_it_is() -> None:
    crowded, long = replace(STREAM, detached=32), replace(STREAM, bytes_in=4097)
    assert outlives_s(LINGER, crowded).bound == (
        "no more than 32 calls live on without a client (disconnect.max_detached)"
    )
    assert outlives_s(DRAIN, long).bound == (
        "no answer of over 4096 bytes is received without a client (replay.max_body_bytes)"
    )


@pytest.mark.parametrize(
    ("departure", "progress"),
    [(row[0], row[1]) for row in TABLE if row[0] not in ("no place is left", "longer than that")],
)
@pytest.mark.parametrize("column", COLUMNS, ids=["abort", "linger", "drain", "drain until usage"])
def test_what_the_policy_itself_says_is_no_bound(column: Terms, departure: str, progress: Progress) -> None:
    assert outlives_s(column, progress).bound is None, departure


@pytest.mark.parametrize("progress", [replace(STREAM, detached=99, bytes_in=9999, phase=phase) for phase in Phase])
def test_a_call_that_was_not_to_live_on_has_met_no_bound(progress: Progress) -> None:
    assert outlives_s(ABORT, progress) == Stay(0.0)
    assert outlives_s(DRAIN_UNTIL_USAGE, replace(progress, usage_known=True)) == Stay(0.0)


@pytest.mark.parametrize("column", COLUMNS, ids=["abort", "linger", "drain", "drain until usage"])
def test_what_is_not_paid_by_the_token_ends_with_its_client(column: Terms) -> None:
    assert applying(column, generation=True) == column
    assert outlives_s(applying(column, generation=False), STREAM) == Stay(0.0)


def test_what_drain_waits_for_is_nothing_to_linger() -> None:
    assert outlives_s(replace(LINGER, until=Until.USAGE), replace(STREAM, usage_known=True)) == Stay(LINGER_S)


def test_with_no_places_at_all_nothing_lives_on() -> None:
    assert outlives_s(replace(LINGER, max_detached=0), STREAM).seconds_s == 0


PHASES = list(Phase)
CHUNKS = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(0, 3000), st.booleans(), st.sampled_from([200, 201, 400]), st.integers(0, 31)
    ),
    max_size=12,
)
ANY_TERMS = st.builds(
    Terms,
    policy=st.sampled_from(Policy),
    linger_s=st.just(LINGER_S),
    drain_limit_s=st.just(DRAIN_S),
    until=st.sampled_from(Until),
    max_detached=st.just(32),
    max_bytes=st.integers(1, 9000),
)


def courses(chunks: list[tuple[int, int, bool, int, int]], phase: Phase) -> list[Progress]:
    """A call as it goes on: later phases, more bytes, a head and a usage that stay once they are there."""
    now = replace(EARLY, phase=phase)
    course = [now]
    for steps, more, usage, status, detached in chunks:
        head = now.status if now.status is not None else status if now.phase in PHASES[3:] else None
        now = replace(
            now,
            phase=PHASES[min(PHASES.index(now.phase) + steps, len(PHASES) - 1)],
            status=head,
            bytes_in=now.bytes_in + more,
            usage_known=now.usage_known or usage,
            detached=detached,
        )
        course.append(now)
    return course


@given(terms=ANY_TERMS, chunks=CHUNKS, phase=st.sampled_from(PHASES[1:]))
def test_only_nothing_or_the_policys_one_number_comes_out_and_nothing_stays_nothing(
    terms: Terms, chunks: list[tuple[int, int, bool, int, int]], phase: Phase
) -> None:
    """The others that live on come and go, but of the places there are 32."""
    stays = [outlives_s(terms, progress) for progress in courses(chunks, phase)]
    number = {Policy.ABORT: 0.0, Policy.LINGER: LINGER_S, Policy.DRAIN: DRAIN_S}[terms.policy]
    seconds = [stay.seconds_s for stay in stays]
    assert set(seconds) <= {0.0, number}
    assert seconds == sorted(seconds, reverse=True)
    assert all(stay.seconds_s == 0 for stay in stays if stay.bound is not None)


def test_the_terms_of_a_provider_are_the_sections_but_for_a_policy_of_its_own() -> None:
    section = DisconnectSettings(policy=Policy.LINGER, linger=7.0, drain_limit=70.0, until=Until.USAGE, max_detached=3)
    own = Terms(policy=Policy.LINGER, linger_s=7.0, drain_limit_s=70.0, until=Until.USAGE, max_detached=3, max_bytes=99)
    assert terms(section, None, max_bytes=99) == own
    assert terms(section, Policy.ABORT, max_bytes=99) == replace(own, policy=Policy.ABORT)


def test_unless_told_otherwise_a_call_ends_with_its_last_client() -> None:
    assert terms(DisconnectSettings(), None, max_bytes=99).policy is Policy.ABORT
