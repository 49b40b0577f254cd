"""What is asked for on a command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.lab.asked import alone, several, unknown


def test_options_are_repeated_or_take_commas_or_both() -> None:
    assert several(["paced, join", "reset", "join"]) == ("paced", "join", "reset")
    assert several(None) == ()


def test_a_comma_in_the_name_of_a_file_parts_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a,b.toml"
    file.touch()

    assert several([f"{file}@join", "paced"]) == (f"{file}@join", "paced")


def test_an_unknown_name_is_told_with_what_is_like_it() -> None:
    assert unknown("option --fault", "Leve", ["leave", "stop"]) == (
        "option --fault: got 'Leve' (did you mean 'leave'?); expected one of: leave, stop"
    )
    assert unknown("option --fault", "x", ["leave"], ", or two") == (
        "option --fault: got 'x'; expected one of: leave, or two"
    )


def test_nothing_is_ignored_in_silence() -> None:
    alone("--list", {"option --seeds": None, "option --mutants": False})
    with pytest.raises(ConfigurationError) as raised:
        alone("--list", {"option --seeds": 0, "option --fault": ["leave"], "option --out": None})

    assert raised.value.problems == [
        "option --seeds: means nothing beside --list; expected one or the other",
        "option --fault: means nothing beside --list; expected one or the other",
    ]
