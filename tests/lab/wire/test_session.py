"""A whole run: the header, then each target; one that is not there is told of."""

from __future__ import annotations

from pathlib import Path

from support.wire_targets import relay

from trioproxy.lab.wire.cells import chosen
from trioproxy.lab.wire.plan import Plan
from trioproxy.lab.wire.reading import parse_target
from trioproxy.lab.wire.session import examine, versions
from trioproxy.trace.records import Header, Record, Run, Trouble

MISSING = """
name = "missing"
says = "x"
speaks = ["h1"]
[install]
programs = ["no-such-program"]
[run]
command = ["no-such-program"]
"""


async def test_header_runs_and_troubles(tmp_path: Path):
    records: list[Record] = []
    plan = Plan(tuple(chosen(["none"], ["h1"])), repetitions=1, figures=False)
    targets = [None, parse_target(MISSING, "missing.toml"), relay(tmp_path)]
    await examine(targets, plan, ["trioproxy", "lab"], records.append)

    headers = [record for record in records if isinstance(record, Header)]
    assert [record.lab for record in headers] == ["wire"]
    assert records[0] is headers[0]
    assert headers[0].command == ["trioproxy", "lab"]
    assert headers[0].machine["cores"]
    assert headers[0].versions["trioproxy"]
    assert [record.subject for record in records if isinstance(record, Run)] == ["direct", "tiny"]
    assert [(record.subject, record.what) for record in records if isinstance(record, Trouble)] == [
        ("missing", "not installed: no-such-program")
    ]


async def test_versions_are_the_targets_whatever_comes_first():
    text = MISSING.replace('"missing"', '"{0}"') + '[versions]\npython = ["echo", "{0}"]\n'
    one, other = (parse_target(text.format(name), "x.toml") for name in ("one", "other"))

    found = await versions([other, None, one])
    assert found == await versions([one, other])
    assert found == {"one: python": "one", "other: python": "other"}
