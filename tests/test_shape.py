"""The shape of the code, as far as no linter knows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "trioproxy").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MOST_LINES = 250

# Source files without a test file of their own name: what tests them instead. Nothing is added lightly.
ELSEWHERE = {
    "__main__.py": "e2e",
    "hypercorn_config.py": "e2e/test_hypercorn.py",
    "model/kinds.py": "test_relay.py",
    "model/receipts.py": "test_relay.py",
    "model/values.py": "test_relay.py",
    "errors.py": "test_exchange.py",
    "calling.py": "exchange/test_reuse.py",
    "commission.py": "test_relay.py",
    "delivery.py": "test_exchange.py",
    "desk.py": "test_exchange.py",
    "phases.py": "relay/test_timeouts.py",
    "app/lifespan.py": "e2e/test_hypercorn.py",
    "app/proxy.py": "exchange/test_own_answers.py",
    "app/responses.py": "app/test_connection.py",
    "lab/acts.py": "lab/test_demo.py",
    "lab/answers/anthropic.py": "lab/answers/test_shapes.py",
    "lab/answers/openai.py": "lab/answers/test_shapes.py",
    "lab/answers/responses.py": "lab/answers/test_shapes.py",
    "lab/explore/case.py": "lab/explore/test_stage.py",
    "lab/explore/mutants/delivery.py": "lab/explore/test_hunting.py",
    "lab/explore/mutants/relay.py": "lab/explore/test_hunting.py",
    "lab/explore/subject.py": "lab/explore/test_stage.py",
    "lab/conversation.py": "lab/test_upstream.py",
    "lab/player_h1.py": "lab/test_upstream.py",
    "lab/received.py": "lab/test_upstream.py",
    "lab/script/actions.py": "lab/script/test_upstream.py",
    "lab/wire/plan.py": "lab/wire/test_choosing.py",
    "lab/wire/trouble.py": "lab/wire/test_running.py",
    "lab/report/blocks.py": "lab/report/test_sections.py",
    "providers/base.py": "providers",
    "sources/base.py": "sources/test_contract.py",
    "sources/connection.py": "sources/test_http1.py",
    "sources/line.py": "sources/test_dialing.py",
    "store/base.py": "store/test_contract.py",
    "store/memory.py": "store/test_contract.py",
    "trace/files.py": "trace/test_records.py",
    "views/table.py": "views/test_requests.py",
    # Found by listing; so is what tests them.
    **{
        f"lab/experiments/{path.name}": "lab/experiments/test_every_experiment.py"
        for path in (ROOT / "trioproxy/lab/experiments").glob("*.py")
    },
}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT / "trioproxy" if path in SOURCES else ROOT))


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=_name)
def test_a_file_holds_one_concept(path: Path) -> None:
    lines = len(path.read_text().splitlines())

    assert lines <= MOST_LINES, f"{_name(path)} has {lines} lines; a file that wants more is two ideas"


@pytest.mark.parametrize("path", [path for path in SOURCES if path.name != "__init__.py"], ids=_name)
def test_each_source_file_has_its_test_file(path: Path) -> None:
    relative = path.relative_to(ROOT / "trioproxy")
    found = list((ROOT / "tests" / relative.parent).glob(f"test_{path.stem}*.py"))

    if str(relative) in ELSEWHERE:
        assert not found, f"{relative} has a test file now: take it off the list"
        assert (ROOT / "tests" / ELSEWHERE[str(relative)]).exists()
    else:
        assert found, f"no tests/{relative.parent}/test_{path.stem}*.py"


def test_nurseries_and_scopes_are_opened_where_adr_0003_says() -> None:
    page = (ROOT / "docs/adr/0003-the-relay-owns-every-task.md").read_text()
    named = [cell for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for cell in re.findall(r"`([^`]+)`", row)]
    named += ["relay.py", "house.py"]
    opening = re.compile(r"trio\.(open_nursery|CancelScope|move_on_after|move_on_at|fail_after|fail_at)\(")
    opened = {_name(path) for path in SOURCES if opening.search(path.read_text())}

    assert {place for place in opened if not place.startswith(tuple(named))} == set()
    assert {each for each in named if not any(place.startswith(each) for place in opened)} == set()


def test_nothing_imports_asyncio() -> None:
    assert [
        _name(path) for path in SOURCES if re.search(r"^\s*(import|from) asyncio", path.read_text(), re.MULTILINE)
    ] == []


def test_no_group_of_a_pattern_is_possessive() -> None:
    """Python before 3.11.5 mistakes where one ends (python/cpython#106052); `(?>(?:…)*)` is the same, and right."""
    assert [_name(path) for path in SOURCES if re.search(r"\)[*+?]\+", path.read_text())] == []
