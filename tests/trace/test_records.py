"""The schema of results files: what is written is read again, and what cannot be read is said with its line."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.trace.files import line, read, write
from trioproxy.trace.records import Event, Figure, Header, Lane, Record, Run, Tally, Trouble, What

HEADER = Header(lab="wire", command=["trioproxy", "lab", "wire"], began_at="2026-11-29T06:00:00Z")
RECORDS: list[Record] = [
    HEADER,
    Run(id="1", subject="nginx", cell={"cause": "FIN"}, measures={"told": True, "abort_ms": 1.5, "saw": None}),
    Event(run="1", at_s=0.25, lane=Lane.UPSTREAM, what=What.TOLD, note="FIN", data=b"\x00\xff"),
    Tally(subject="a", cell={}, runs=3, broken={"settled once": 1}, examples={"settled once": "1"}),
    Figure(subject="nginx", name="added latency", value=0.1, unit="ms", low=0.0, high=0.2, n=9),
    Trouble(subject="litellm", what="does not start", output="no module"),
]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    with file.open("wb") as out:
        write(RECORDS, out)

    assert read(file) == RECORDS


def test_the_words_on_the_wire_are_the_documented_ones() -> None:
    out = io.BytesIO()
    write([Event(run="1", at_s=0.25, lane=Lane.UPSTREAM, what=What.TOLD)], out)

    assert out.getvalue() == b'{"record":"event","run":"1","at_s":0.25,"lane":"upstream","what":"told"}\n'


def test_an_unknown_field_is_ignored(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    file.write_bytes(line(HEADER)[:-2] + b',"news":1}\n')

    assert read(file) == [HEADER]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "line 1: expected the header"),
        (line(RECORDS[1]), "line 1: expected the header"),
        (line(HEADER).replace(b"lab/1", b"lab/9"), "expected trioproxy-lab/1"),
        (line(HEADER) + b"\n{", "line 3: no record"),
        (line(HEADER) + b'{"record":"run"}\n', "line 2: no record: Object missing required field"),
    ],
)
def test_what_is_no_results_file_is_said_with_its_line(tmp_path: Path, text: bytes, said: str) -> None:
    file = tmp_path / "results.jsonl"
    file.write_bytes(text)

    with pytest.raises(ConfigurationError) as error:
        read(file)

    assert said in str(error.value)


def test_all_bad_lines_are_said(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    file.write_bytes(line(HEADER) + b"a\nb\n")

    with pytest.raises(ConfigurationError) as error:
        read(file)

    assert [problem.partition(": no")[0] for problem in error.value.problems] == [f"{file}: line 2", f"{file}: line 3"]


def test_of_many_bad_lines_the_first_ones_are_said(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    file.write_bytes(line(HEADER) + b"a\n" * 3000)

    with pytest.raises(ConfigurationError) as error:
        read(file)

    assert len(error.value.problems) == 11
    assert error.value.problems[-1] == f"{file}: 2,990 more lines are no record"


def test_a_file_of_something_else_is_said_once(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_bytes(b"Dear all,\n" * 3000)

    with pytest.raises(ConfigurationError) as error:
        read(file)

    (problem,) = error.value.problems
    assert problem.startswith(f"{file}: line 1: no record: ")
    assert problem.endswith("expected the header of a results file (trioproxy-lab/1)")
