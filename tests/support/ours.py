"""What the proxy answers itself: never to be taken for an upstream's answer."""

from __future__ import annotations

import json
from typing import Any

from support.h1 import Reply
from support.h2c import H2Reply


def is_ours(reply: Reply | H2Reply, status: int, code: str, *, path: str) -> str:
    """It is, in the shape of the API at `path`; the error's message."""
    assert (reply.status, reply.complete) == (status, True)
    assert reply.header(b"x-trioproxy-error") == code.encode()
    assert reply.header(b"content-type") == b"application/json"
    value: dict[str, Any] = json.loads(reply.body)
    error = value["error"]
    assert error["type"]
    if path.startswith("/v1/"):
        assert value["type"] == "error"
    else:
        assert error["code"] == code
    message: str = error["message"]
    assert message
    return message
