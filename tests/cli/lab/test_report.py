"""`trioproxy lab report`."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.lab_results import explore, header, wire

from trioproxy.cli import main
from trioproxy.trace.files import write
from trioproxy.trace.records import Record

Output = pytest.CaptureFixture[str]


def _file(path: Path, records: list[Record]) -> str:
    with path.open("wb") as out:
        write(records, out)
    return str(path)


def test_a_page_stands_beside_the_results(tmp_path: Path, capsys: Output) -> None:
    assert main(["lab", "report", _file(tmp_path / "wire.jsonl", wire())]) == 0

    page = tmp_path / "wire.html"
    assert capsys.readouterr().out == f"{page}\n"
    assert "<title>trioproxy lab: wire.jsonl</title>" in page.read_text()


def test_page_and_markdown_go_where_they_are_told_to(tmp_path: Path, capsys: Output) -> None:
    a, b = _file(tmp_path / "a.jsonl", wire()), _file(tmp_path / "b.jsonl", wire(2))
    html, markdown = tmp_path / "page.htm", tmp_path / "tables.md"

    assert main(["lab", "report", a, b, "--html", str(html), "--markdown", str(markdown)]) == 0

    assert capsys.readouterr().out == f"{html}\n{markdown}\n"
    assert "a.jsonl and b.jsonl" in html.read_text()
    assert markdown.read_text().startswith("# a.jsonl and b.jsonl")
    assert main(["lab", "report", a, "--markdown", str(markdown)]) == 0
    assert not (tmp_path / "a.html").exists()


def test_a_run_can_be_picked(tmp_path: Path, capsys: Output) -> None:
    file = _file(tmp_path / "wire.jsonl", wire())
    run = "nginx-h1-FIN-between chunks-0"

    assert main(["lab", "report", file, "--run", run]) == 0

    assert (tmp_path / "wire.html").read_text().count('<details class="timeline"') == 1
    assert main(["lab", "report", file, "--run", "no such", "--run", run]) == 2
    assert capsys.readouterr().err == f"option --run: got 'no such'; expected a run that has events in {file}\n"


def test_all_problems_are_said_at_once(tmp_path: Path, capsys: Output) -> None:
    wrong = tmp_path / "wrong.jsonl"
    with wrong.open("wb") as out:
        write([header()], out)
        out.write(b"{}\nno\n")

    assert main(["lab", "report", str(wrong), str(tmp_path / "missing.jsonl")]) == 2

    first, second, third = capsys.readouterr().err.splitlines()
    assert first.startswith(f"{wrong}: line 2: no record: ")
    assert second.startswith(f"{wrong}: line 3: no record: ")
    assert third.startswith(f"{tmp_path / 'missing.jsonl'}: no such file or directory; expected a results file")


def test_what_cannot_be_written_is_said(tmp_path: Path, capsys: Output) -> None:
    file = _file(tmp_path / "a.jsonl", [header(), *explore()[1:]])

    page = tmp_path / "no" / "page.html"
    for option in ("--html", "--markdown"):
        assert main(["lab", "report", file, option, str(page)]) == 2
        assert capsys.readouterr().err == f"option {option}: cannot write {page}: No such file or directory\n"
