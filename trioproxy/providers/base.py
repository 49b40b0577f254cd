"""The seam between bytes and meaning: one dialect is one way of speaking LLM over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from trioproxy.model import Asked, Dialect, Head, Reading
from trioproxy.wire.canonical import Json


class Kind(StrEnum):
    """What a path asks for, as far as metering and completeness go."""

    MESSAGES = "messages"
    CHAT = "chat"
    RESPONSES = "responses"
    EMBEDDINGS = "embeddings"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Operation:
    """A recognised route of a dialect.

    A `generation` is read whole before it goes out, is metered, and (as an event
    stream) is complete only when its protocol says so. Everything else streams through.
    """

    kind: Kind
    generation: bool


class Meter(Protocol):
    """Reads usage off a copy of a body's bytes, incrementally, in constant memory.

    Never raises, whatever the bytes are: what cannot be read is not read.
    """

    @property
    def by_protocol(self) -> bool:
        """Only the protocol's last event makes the answer whole; its framing does not."""
        ...

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        ...

    def end(self) -> None:
        """The body ended as framed (needed where there is no last event: chat without `[DONE]`)."""
        ...

    def reading(self) -> Reading:
        """What is known now; may be asked at any moment, and again."""
        ...


class Speaker(Protocol):
    """A dialect: recognises requests, reads them, meters answers, words errors."""

    dialect: Dialect

    def recognise(self, method: str, path: str) -> Operation:
        """`path` is the path sent upstream, decoded (`/v1/messages`)."""
        ...

    def read_request(
        self,
        operation: Operation,
        body: bytes,
        preview_chars: int,
        *,
        content_encoding: str = "",
        found: Json | None = None,
    ) -> Asked:
        """Read what the ledger wants to know; an unreadable body is an empty `Asked`.

        `found`: what has been read of the body, if it has been: then it need not be read again.
        """
        ...

    def meter(self, operation: Operation, head: Head) -> Meter:
        """A meter for an answer with this head; one that reads nothing where nothing can be read."""
        ...

    def error_body(self, status: int, code: str, message: str) -> bytes:
        """An error in the API's own shape (JSON)."""
        ...
