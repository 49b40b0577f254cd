"""Combinations as subjects of `trioproxy lab explore`'s engine: one of the compact relay, or the proxy that serves."""

# ruff: noqa: TID251 - the house of a variant is a task of the subject's own nursery

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio

from trioproxy.lab.compare.client import bury
from trioproxy.lab.compare.homes import House, Requests
from trioproxy.lab.compare.naive import Naive
from trioproxy.lab.compare.owned import Owned
from trioproxy.lab.compare.semantics import Pump, Semantics
from trioproxy.lab.compare.till import till
from trioproxy.lab.explore.subject import Footing, Serving

# How long a commit takes that is waited for.
COMMIT_S = 0.02


@dataclass(frozen=True, slots=True)
class Variant:
    """The compact relay in one combination."""

    semantics: Semantics
    commit_s: float = COMMIT_S

    @property
    def name(self) -> str:
        """See Subject.name."""
        return "compact"

    @asynccontextmanager
    async def serving(self, footing: Footing) -> AsyncIterator[Serving]:
        """See Subject.serving."""
        await bury()
        semantics = self.semantics
        books = till(semantics.settle, footing.ledger, self.commit_s)
        if semantics.pump.generates:
            yield Naive(footing, semantics, books)
        elif semantics.pump is Pump.REQUEST:
            yield Owned(footing, semantics, books, Requests())
        else:
            async with trio.open_nursery() as nursery:
                yield Owned(footing, semantics, books, House(nursery))
