"""Structure asks the frame that ends it; a flag believes whoever came first."""

from __future__ import annotations

from trioproxy.lab.compare.semantics import Cause
from trioproxy.lab.compare.verdict import Verdict, verdict


def test_structure_books_what_the_end_has_found() -> None:
    found: Verdict[str] = verdict(Cause.STRUCTURE)
    found.note("left")

    assert found.final("completed") == "completed"


def test_a_flag_books_what_was_noted_first() -> None:
    found: Verdict[str] = verdict(Cause.FLAG)
    found.note("left")
    found.note("shutdown")

    assert found.final("completed") == "left"


def test_a_flag_that_nobody_wrote_is_what_the_end_has_found() -> None:
    found: Verdict[str] = verdict(Cause.FLAG)

    assert found.final("completed") == "completed"
