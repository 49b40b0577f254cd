"""The numbers of real processes: of a relay that has nothing to lose, and of ourselves with our ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.wire_targets import SLEEPS, relay, target

from trioproxy.lab.wire.certificate import make_certificate
from trioproxy.lab.wire.figures.life import Life, floor_ms
from trioproxy.lab.wire.reading import read_target
from trioproxy.lab.wire.shipped import shipped
from trioproxy.lab.wire.target import PROTOCOLS, Protocol, Target
from trioproxy.lab.wire.trouble import TargetTrouble
from trioproxy.trace.records import Figure


async def lived(what: Target) -> dict[str, Figure]:
    figures: list[Figure] = []
    await Life(what, {}, {"h1": [0.1] * 10}, figures.append, quick=True).live()
    return {figure.name: figure for figure in figures}


@pytest.mark.slow
async def test_a_relay_that_ends_at_once(tmp_path: Path):
    found = await lived(relay(tmp_path))

    assert set(found) == {
        "added latency, median",
        "added latency, p99",
        "memory of a waiting stream",
        "drain completeness",
        "drain completeness: time until exit",
        "rows lost or doubled, aborts",
        "rows lost or doubled, kills",
    }
    assert found["added latency, median"].n > 100
    assert found["memory of a waiting stream"].value is not None
    assert found["drain completeness"].value == 0
    assert found["rows lost or doubled, kills"].value is None


@pytest.mark.slow
async def test_nothing_of_ourselves_is_lost_or_doubled():
    figures: list[Figure] = []
    await Life(read_target(shipped()["trioproxy"]), {}, {}, figures.append, quick=True).books()

    assert [figure.name for figure in figures] == ["rows lost or doubled, aborts", "rows lost or doubled, kills"]
    assert [figure.value for figure in figures] == [0, 0], figures
    assert all(figure.n > 10 for figure in figures)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_the_harness_has_a_floor_over_each_protocol(protocol: Protocol, tmp_path: Path):
    late_ms = await floor_ms(protocol, make_certificate(tmp_path), quick=True)
    assert len(late_ms) > 100
    assert min(late_ms) >= 0


async def test_one_that_does_not_start(tmp_path: Path):
    with pytest.raises(TargetTrouble, match="does not listen"):
        await lived(target(tmp_path, SLEEPS, start_limit_s=0.2))
