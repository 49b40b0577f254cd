"""What is no TOML, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.lab.script.toml_load import load, read_text


def test_what_is_toml() -> None:
    assert load("a = 1", "x.toml") == {"a": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = ", "line 1, column 5: not valid TOML: Invalid value"),
        ('x = 1\na = """', "line 2, column 8: not valid TOML: Unterminated string"),
        ("a = 1\na = 2", "line 2, column 6: not valid TOML: Cannot overwrite a value"),
        ("a = " + "9" * 5000, "not valid TOML: Exceeds the limit"),
        ("a = " + "[" * 5000, "not valid TOML: nested too deeply"),
        ("\ufeffa = 1", "line 1, column 1: not valid TOML: Invalid statement"),
        ("a = '\0'", "line 1, column 6: not valid TOML: Found invalid character"),
    ],
)
def test_what_is_none(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(text, "x.toml")

    [problem] = caught.value.problems
    assert problem.startswith(f"x.toml: {said}")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "cannot be read: No such file or directory; expected a TOML file"),
        (b"a = 1\nb = '\xff'", "line 2: not valid TOML: not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, data: bytes | None, said: str) -> None:
    path = tmp_path / "off.toml"
    if data is not None:
        path.write_bytes(data)

    with pytest.raises(ConfigurationError) as caught:
        read_text(path)

    assert caught.value.problems == [f"{path}: {said}"]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Is a directory"):
        read_text(tmp_path)
