"""Everything of one call to a source that a relay could tell apart."""

from __future__ import annotations

from trioproxy.errors import UpstreamError
from trioproxy.model import Plan
from trioproxy.rules.lifecycle import Phase
from trioproxy.sources.base import Source


class Anything:
    """Progress that permits everything and notes the phases, repetitions aside."""

    def __init__(self) -> None:
        self.phases: list[Phase] = []

    def enter(self, phase: Phase) -> None:
        if self.phases[-1:] != [phase]:
            self.phases.append(phase)

    async def permission(self) -> None:
        pass


async def outcome(source: Source, url: str) -> dict[str, object]:
    """Everything of one call that a relay could tell apart."""
    plan = Plan("POST", url, b"/v1/messages", ((b"host", b"upstream.test"), (b"content-length", b"2")), b"{}")
    progress = Anything()
    seen: dict[str, object] = {}
    body = b""
    try:
        async with source.open(plan, progress) as answer:
            seen |= {"status": answer.head.status, "framed": answer.head.framed, "own": answer.head.header(b"x-own")}
            while data := await answer.receive():
                body += data
    except UpstreamError as error:
        seen |= {"error": type(error), "garbled": error.garbled}
    return seen | {"body": body, "phases": progress.phases}
