"""A whole story: what the upstream does, and what its clients do."""

from __future__ import annotations

from dataclasses import dataclass

from trioproxy.lab.script.client import ClientScript
from trioproxy.lab.script.upstream import Script


@dataclass(frozen=True, slots=True)
class Story:
    """One upstream and its clients.

    Args:
        upstream: one script for every call, or one for each call in the order in which they come, the last one again
            and again.
        clients: each begins when the story does, after the seconds at the same place in `begin_s` (0 where that ends).
    """

    name: str
    upstream: tuple[Script, ...]
    clients: tuple[ClientScript, ...] = (ClientScript(),)
    begin_s: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not self.upstream or not self.clients:
            raise ValueError("a story has an upstream and a client")

    def script(self, number: int) -> Script:
        """The upstream's script for call `number`, from 1."""
        return self.upstream[min(number, len(self.upstream)) - 1]
