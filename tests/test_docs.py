"""What the documents say about the code is true."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ADRS = sorted((ROOT / "docs/adr").glob("0*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PARTS = ("Context", "Decision", "Considered options", "Consequences", "Confirmation")


def test_the_index_of_decisions_is_complete() -> None:
    index = (ROOT / "docs/adr/README.md").read_text()
    listed = re.findall(r"^\| \[(\d{4})\]\((\S+)\) \| (.+) \|$", index, re.MULTILINE)

    assert [name for _, name, _ in listed] == [path.name for path in ADRS]
    for number, name, title in listed:
        assert name.startswith(number)
        assert title in (ROOT / "docs/adr" / name).read_text().splitlines()[0]


@pytest.mark.parametrize("path", ADRS, ids=lambda path: path.stem)
def test_a_decision_has_its_parts_on_a_page(path: Path) -> None:
    text = path.read_text()

    assert [part for part in PARTS if f"## {part}" not in text] == []
    assert re.search(r"^Status: (proposed|accepted|superseded by \d{4}), \d{4}-\d{2}-\d{2}$", text, re.MULTILINE)
    assert len(text.splitlines()) <= 75


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_and_named_files_are_there(path: Path) -> None:
    text = path.read_text()
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    named = re.findall(r"`((?:tests|docs|trioproxy|bench)/[\w/.-]+\.(?:py|md|sql|patch|toml))`", text)

    assert [link for link in links if link and not (path.parent / link).exists()] == []
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_table_of_endings_is_the_code() -> None:
    check = subprocess.run(
        [sys.executable, "docs/make_endings.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )

    assert check.returncode == 0, check.stderr


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[\[<>=]", each)[0] for each in project["dependencies"]}
    page = (ROOT / "docs/adr/0013-dependencies.md").read_text()
    table = re.findall(r"^\| ([^|]+) \| [^|]+ \| [^|]+ \|$", page, re.MULTILINE)
    named = {re.sub(r" .*", "", word) for row in table for word in row.split(", ")} - {"library", "---", "sqlite3"}

    assert named == wanted


def test_the_version_is_in_the_changelog() -> None:
    import trioproxy

    text = (ROOT / "CHANGELOG.md").read_text()

    assert "## [Unreleased]" in text or f"## [{trioproxy.__version__}]" in text


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench"])
def test_the_commands_that_the_documents_name_are_there(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text()

    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_every_code_of_ours_is_in_the_table() -> None:
    import trioproxy.errors as errors
    from trioproxy.app.hypercorn_fixes.refusal import _CODES

    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.TrioProxyError)
    ]
    codes = {(kind.status, kind.code) for kind in kinds if kind not in (errors.UpstreamTruncated, errors.FellBehind)}
    codes |= set(_CODES.items())
    table = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", (ROOT / "docs/http.md").read_text(), re.MULTILINE)

    assert {(int(status), code) for status, code in table} == codes
