"""What can go wrong with somebody else's program. It is a result of the lab, not a fault of it."""

from __future__ import annotations

from trioproxy.errors import TrioProxyError


class TargetTrouble(TrioProxyError):
    """A target is not installed, does not start, does not listen, or has died. `output`: the end of what it said.

    `for_good`: trying again will not help.
    """

    def __init__(self, message: str, output: str = "", *, for_good: bool = False) -> None:
        super().__init__(message)
        self.output = output
        self.for_good = for_good
