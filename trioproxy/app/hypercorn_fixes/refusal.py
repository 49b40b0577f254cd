"""What a client is answered whose request never reaches the application.

Hypercorn's own answers have no body, and SDKs make nothing of them. Which API was called is anybody's
guess here, so the body is one that clients of either can read: `type` at the top is Anthropic's,
`code` is OpenAI's.
"""

from __future__ import annotations

import json

_CODES = {400: "bad_request", 431: "headers_too_large", 501: "not_implemented"}
_MESSAGES = {
    400: "the request cannot be read as HTTP, or its target is none of this server's",
    431: "the request's headers are too large",
    501: "the request's framing is not known here",
}

Headers = list[tuple[bytes, bytes]]


def refusal(status: int) -> tuple[Headers, bytes]:
    """The headers and the body of the answer with this `status`."""
    code = _CODES.get(status, "bad_request")
    error = {"type": "invalid_request_error", "message": _MESSAGES.get(status, _MESSAGES[400]), "code": code}
    body = json.dumps({"type": "error", "error": error}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"x-trioproxy-error", code.encode()),
    ]
    return headers, body
