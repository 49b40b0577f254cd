"""What an upstream does, as plain data that reads like a story.

    Script.of(Head(headers=SSE), Chunk(b"data: one\\n\\n"), 0.5, Chunk(b"data: two\\n\\n"), Reset())

A number is a pause in seconds before the action that follows it. The same script is played over
real sockets, HTTP/1.1 and HTTP/2 (`lab/upstream.py`), and without any, on the virtual clock
(`lab/source.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from trioproxy.lab.script.actions import Action, Chunk, Ending, Head, Short, Step, Take
from trioproxy.lab.script.consistency import problems


@dataclass(frozen=True, slots=True)
class Script:
    """What an upstream does with one request.

    `take_bytes_per_s` reads the request's body slowly. `write_bytes` is the most
    that one write holds: 1 sends byte by byte, which splits chunk sizes, events
    and UTF-8 alike.

    Raises:
        ValueError: the story cannot be told: a chunk before the head, no ending, something after it.
    """

    steps: tuple[Step, ...]
    take: Take = Take.WHOLE
    take_bytes_per_s: int | None = None
    write_bytes: int | None = None

    def __post_init__(self) -> None:
        for _, problem in problems(self.steps):
            raise ValueError(problem)
        if any(size is not None and size < 1 for size in (self.take_bytes_per_s, self.write_bytes)):
            raise ValueError("take_bytes_per_s and write_bytes are at least 1")

    @classmethod
    def of(
        cls,
        *story: Action | float,
        take: Take = Take.WHOLE,
        take_bytes_per_s: int | None = None,
        write_bytes: int | None = None,
    ) -> Self:
        """A script from actions and the pauses (seconds) before them."""
        steps: list[Step] = []
        after_s = 0.0
        for word in story:
            if isinstance(word, int | float):
                after_s += word
            else:
                steps.append((after_s, word))
                after_s = 0.0
        if after_s:
            raise ValueError("a pause at the end delays nothing")
        return cls(tuple(steps), take, take_bytes_per_s, write_bytes)

    @property
    def ending(self) -> Ending:
        """How the script ends: its last step."""
        action = self.steps[-1][1]
        assert isinstance(action, Ending)
        return action

    @property
    def body(self) -> bytes:
        """All bytes of the body that will be sent."""
        return b"".join(action.data for _, action in self.steps if isinstance(action, Chunk))

    def content_length(self, head: Head) -> int:
        """What the head announces with `Framing.LENGTH`."""
        if head.length_bytes is not None:
            return head.length_bytes
        missing_bytes = self.ending.missing_bytes if isinstance(self.ending, Short) else 0
        return len(self.body) + missing_bytes

    def byte_by_byte(self) -> Script:
        """The same story, one byte a write."""
        return replace(self, write_bytes=1)
