"""Type checkers read the types of an installed package only where it has the marker of PEP 561."""

from __future__ import annotations

from importlib.resources import files


def test_the_package_says_that_it_is_typed() -> None:
    assert files("trioproxy").joinpath("py.typed").is_file()
