"""What every results file of the lab begins with."""

from __future__ import annotations

import platform
from importlib.metadata import version

from trioproxy.lab.header import header, versions_of


def test_what_ran() -> None:
    record = header("explore", ["trioproxy", "lab", "explore", "--seed", "3"])

    assert (record.lab, record.command) == ("explore", ["trioproxy", "lab", "explore", "--seed", "3"])


def test_versions_are_of_what_ran() -> None:
    record = header("compare", ["trioproxy"], versions_of(["trio"]))

    assert record.versions["trio"] == version("trio")
    assert record.versions["python"] == platform.python_version()
    assert "trioproxy" in record.versions


def test_the_machine_is_told_without_its_name() -> None:
    record = header("wire", ["trioproxy"])

    assert record.machine.keys() == {"system", "processor", "cores", "memory_bytes", "load"}
    assert platform.node() not in map(str, record.machine.values())
