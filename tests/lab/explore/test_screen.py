from __future__ import annotations

import io

from rich.console import Console
from support.exploring import case, our_proxy

from trioproxy.lab.explore.faults import FAULTS
from trioproxy.lab.explore.findings import Failure, Findings, Total
from trioproxy.lab.explore.hunting import Hunt
from trioproxy.lab.explore.mutants import MUTANTS
from trioproxy.lab.explore.retelling import retell
from trioproxy.lab.explore.scenarios import SCENARIOS
from trioproxy.lab.explore.screen import Screen

FAILURE = Failure("paced", ("leave",), 3, (30,), (("nothing left behind", "a seat"),))


def shown(tell: object) -> str:
    out = io.StringIO()
    tell(Screen(Console(file=out, width=200, highlight=False, markup=False)))  # type: ignore[operator]
    return out.getvalue()


def test_the_total() -> None:
    total = Total()
    total.add(Findings("paced", "leave", 1207, {1, 2}, {"x"}, {f"{n} / x": 20 - n for n in range(20)}, {"a": 2}))

    text = shown(lambda screen: screen.total(total, 12.34))

    assert "1,207 runs in 12.3 s; 2 distinct schedules; faults struck at 1 distinct steps" in text
    assert "BROKEN in 2 runs: a" in text
    assert "8 others" in text
    assert "no invariant was broken" in shown(lambda screen: screen.total(Total(), 0))


def test_a_failure() -> None:
    again = retell(our_proxy(), case("paced", ("leave", 30), seed=3), "run")

    text = shown(lambda screen: screen.failure(FAILURE, again.events, "the command"))

    assert "paced: leave at step 30; scheduler seed 3" in text
    assert "✗ nothing left behind: a seat" in text
    assert "fault (the client leaves (before" in text
    assert "again: the command" in text
    assert [word for word in ("client", "seat", "pump", "upstream", "settle") if word not in text] == []


def test_the_smallest_story() -> None:
    text = shown(lambda screen: screen.smallest(FAILURE, 'name = "x"\n', "the command"))

    assert 'name = "x"' in text
    assert "saved as story.toml: the command" in text


def test_the_hunts() -> None:
    [one, other, *_] = MUTANTS.values()

    text = shown(lambda screen: screen.hunts([Hunt(one, 12, FAILURE), Hunt(other, 400, None)]))

    assert "1 of 2 deliberate bugs were found" in text
    assert "NOT FOUND" in text
    assert one.words in text


def test_the_list() -> None:
    text = shown(lambda screen: screen.lists(SCENARIOS.values(), FAULTS.values()))

    assert all(name in text for name in (*SCENARIOS, *FAULTS))
