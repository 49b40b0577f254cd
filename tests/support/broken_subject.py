"""A subject that leaves something behind, for tests of what is told of such a one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from trioproxy.lab.explore.ours import OurProxy, OurServing
from trioproxy.lab.explore.subject import Footing


class Broken(OurProxy):
    """The proxy, whose house forgets somebody."""

    name = "broken"

    @asynccontextmanager
    async def serving(self, footing: Footing) -> AsyncIterator[OurServing]:
        async with super().serving(footing) as serving:
            yield serving
            serving.house.detached.add("forgotten")
