"""Numbers as people read them."""

from __future__ import annotations

import pytest

from trioproxy.lab.report.words import duration, interval, natural, number, once, plural, quantity, share, size, words


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (7.0, "7"),
        (1234567, "1,234,567"),
        (1234.6, "1,235"),
        (2.345, "2.35"),
        (23.45, "23.4"),
        (234.5, "234"),
        (0.5, "0.5"),
        (0.0123, "0.0123"),
        (0.00004, "0.00004"),
        (-2.5, "\u22122.50"),
    ],
)
def test_a_number_has_the_digits_that_matter(value: float, said: str) -> None:
    assert number(value) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (8.5e-5, "85.0 µs"),
        (0.0021, "2.10 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.00 s"),
        (1.239, "1.24 s"),
        (754.0, "754 s"),
        (-0.003, "\u22123.00 ms"),
    ],
)
def test_a_time_is_in_the_unit_that_suits_it(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.50 KiB"),
        (3 * 1024**2, "3.00 MiB"),
        (5 * 1024**3, "5.00 GiB"),
        (-12, "\u221212 B"),
    ],
)
def test_a_size_is_in_the_unit_that_suits_it(count: float, said: str) -> None:
    assert size(count) == said


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (None, "ms", "–"),
        (2.1, "ms", "2.10 ms"),
        (46.0, "KiB", "46.0 KiB"),
        (0.625, "share", "62.5 %"),
        (3, "rows", "3 rows"),
        (3, "", "3"),
    ],
)
def test_a_quantity_has_its_unit(value: float | None, unit: str, said: str) -> None:
    assert quantity(value, unit) == said


def test_an_interval_says_what_is_known() -> None:
    assert interval(1, 2, "ms") == "1.00 ms to 2.00 ms"
    assert interval(1, None, "ms") == "from 1.00 ms"
    assert interval(None, 2, "ms") == "up to 2.00 ms"
    assert interval(None, None, "ms") == ""


def test_words_for_the_rest() -> None:
    assert share(3, 1000) == "3 of 1,000"
    assert [plural(1, "lie"), plural(2, "lie"), plural(0, "story")] == ["1 lie", "2 lies", "0 stories"]
    assert [words(True), words(False), words(None), words("x"), words(1500.0, "ms")] == ["yes", "no", "", "x", "1.50 s"]
    assert sorted(["h10", "h2", "h1"], key=natural) == ["h1", "h2", "h10"]
    assert once("abcab") == ["a", "b", "c"]
