"""A whole story: what the upstream does, and what its clients do."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trioproxy.lab.script.client import ClientScript
from trioproxy.lab.script.upstream import Script


@dataclass(frozen=True, slots=True)
class Story:
    """One upstream and its clients.

    Args:
        upstream: one script for every call, or one for each call in the order in which they come, the last one again
            and again.
        clients: each begins when the story does, after the seconds at the same place in `begin_s` (0 where that ends,
            and filled up so).
    """

    name: str
    upstream: tuple[Script, ...]
    clients: tuple[ClientScript, ...] = (ClientScript(),)
    begin_s: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not self.upstream or not self.clients:
            raise ValueError("a story has an upstream and a client")
        if len(self.begin_s) > len(self.clients):
            raise ValueError(f"{len(self.begin_s)} beginnings for {len(self.clients)} clients")
        if not all(math.isfinite(each) and each >= 0 for each in self.begin_s):
            raise ValueError("a client begins 0 or more seconds after the story")
        missing = len(self.clients) - len(self.begin_s)
        object.__setattr__(self, "begin_s", (*self.begin_s, *[0.0] * missing))

    def script(self, number: int) -> Script:
        """The upstream's script for call `number`, from 1."""
        return self.upstream[min(number, len(self.upstream)) - 1]
