"""The patches offered upstream fit the releases that are installed, and each has its text."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "docs" / "upstream"
PATCHES = sorted(FOLDER.glob("*.patch"))


def source(path: str) -> str:
    """The installed file that a path like `a/src/hypercorn/protocol/h2.py` means."""
    package, _, inside = path.removeprefix("a/src/").partition("/")
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / inside).read_text()


@pytest.mark.parametrize("patch", PATCHES, ids=lambda path: path.stem)
def test_every_hunk_is_found_in_the_installed_release(patch: Path) -> None:
    hunks = 0
    for part in re.split(r"(?m)^--- ", patch.read_text())[1:]:
        path, _, rest = part.partition("\n")
        text = source(path)
        for hunk in re.split(r"(?m)^@@ .*\n", rest)[1:]:
            before = [line[1:] for line in hunk.splitlines() if line[:1] in (" ", "-")]
            assert "\n".join(before) in text, path
            hunks += 1
    assert hunks


def test_every_patch_has_its_text_and_is_listed() -> None:
    index = (FOLDER / "README.md").read_text()
    assert len(PATCHES) >= 8
    assert {path.stem for path in PATCHES} == {path.stem for path in FOLDER.glob("[0-9]*.md")}
    for path in PATCHES:
        assert f"({path.name})" in index
        assert f"({path.stem}.md)" in index
