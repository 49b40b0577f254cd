"""How it is found why something ended: read off the structure at its end, or written down by whoever came first."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from trioproxy.lab.compare.semantics import Cause

T = TypeVar("T")


class Verdict(Protocol[T]):
    """The outcome of one call, or of one delivery, as it is found."""

    def note(self, outcome: T) -> None:
        """Somebody sees a reason for it to end as `outcome`."""
        ...

    def final(self, outcome: T) -> T:
        """What is booked; `outcome` is what the frame that ends it has found."""
        ...


class Structure(Generic[T]):
    """The frame that ends it knows: nobody else is asked."""

    def note(self, outcome: T) -> None:
        """See Verdict.note: whether it came to that, the end will tell."""

    def final(self, outcome: T) -> T:
        """See Verdict.final."""
        return outcome


class Flag(Generic[T]):
    """First writer wins."""

    def __init__(self) -> None:
        self._first: T | None = None

    def note(self, outcome: T) -> None:
        """See Verdict.note."""
        if self._first is None:
            self._first = outcome

    def final(self, outcome: T) -> T:
        """See Verdict.final."""
        self.note(outcome)
        assert self._first is not None
        return self._first


def verdict(cause: Cause) -> Verdict[T]:
    """As the axis says."""
    return Flag() if cause is Cause.FLAG else Structure()
