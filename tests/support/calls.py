"""What a relay is to a source, made small: a progress that takes notes, and one call from end to end."""

from __future__ import annotations

from collections.abc import AsyncIterable

import trio

from trioproxy.model import Head, Plan
from trioproxy.rules.lifecycle import Phase
from trioproxy.sources.base import Source


class Notes:
    """A `Progress` that notes the phases entered, and `"permission"` where it was asked."""

    def __init__(self, permitted: trio.Event | None = None) -> None:
        self.phases: list[Phase | str] = []
        self.permitted = permitted
        self._entered = {phase: trio.Event() for phase in Phase}

    def enter(self, phase: Phase) -> None:
        self.phases.append(phase)
        self._entered[phase].set()

    async def permission(self) -> None:
        self.phases.append("permission")
        if self.permitted is not None:
            await self.permitted.wait()
        else:
            await trio.lowlevel.checkpoint()

    async def entered(self, phase: Phase) -> None:
        """Wait for `phase`."""
        await self._entered[phase].wait()


def plan_for(
    base_url: str,
    body: bytes | AsyncIterable[bytes] | None = None,
    *,
    method: str = "POST",
    target: bytes = b"/v1/messages",
    headers: tuple[tuple[bytes, bytes], ...] = (),
    ca_file: str | None = None,
) -> Plan:
    """A plan with a `host`, and a `content-length` where the body is bytes."""
    framing = ((b"content-length", b"%d" % len(body)),) if isinstance(body, bytes) else ()
    return Plan(method, base_url, target, ((b"host", b"upstream"), *framing, *headers), body, ca_file)


async def call(source: Source, plan: Plan, progress: Notes | None = None) -> tuple[Head, bytes]:
    """One whole call."""
    async with source.open(plan, progress or Notes()) as answer:
        chunks = []
        while chunk := await answer.receive():
            chunks.append(chunk)
        return answer.head, b"".join(chunks)
