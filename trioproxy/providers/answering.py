"""How an answer is read, and what tells that it is whole."""

from __future__ import annotations

from trioproxy.model import Head
from trioproxy.providers.base import Meter, Operation, Speaker
from trioproxy.providers.meters import Silent


def metering(speaker: Speaker, operation: Operation, head: Head) -> tuple[Meter, bool]:
    """A meter for the answer with this head, and whether it is whole only by its protocol's last event.

    That holds for a 2xx event stream on a generation route, if it can be read at all: one in a
    content coding that we do not know is judged by its framing, as everything else is.
    """
    content_type = (head.header(b"content-type") or b"").decode("latin-1")
    content_encoding = (head.header(b"content-encoding") or b"").decode("latin-1")
    meter = speaker.meter(operation, head.status, content_type, content_encoding)
    events = content_type.lower().startswith("text/event-stream")
    generated = operation.generation and 200 <= head.status < 300
    return meter, generated and events and not isinstance(meter, Silent)
