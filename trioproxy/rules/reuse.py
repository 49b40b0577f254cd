"""When an answer may serve more than one request: who takes part, who joins, what is replayed, for how long.

    request ─▶ kept_out?   ─▶ a live twin: may_join? joinable_head? ─▶ joined
                           ─▶ a finished twin: replayable? window_s ─▶ replayed
                           ─▶ else a call of its own

A resend is told from a second client that asks the same by one of two signs:
the twin's own client has left, or the request says that it is a retry. Two
clients that are both there asked twice, and get two answers.
"""

from __future__ import annotations

from collections.abc import Mapping

from trioproxy.model import CallOutcome, Join, RawHeaders, Reading

# What a number too great to be counted is taken for (RFC 9111, 1.2.2, for seconds).
_MAX_COUNT = 2**31
# What a `connection` field may say without touching the message.
_OF_THE_CONNECTION = frozenset((b"close", b"keep-alive", b"te", b"upgrade", b"http2-settings"))
# Reasons to stop that are none of an answer's.
_NO_ANSWERS = frozenset(("error", "cancelled", "failed"))


def kept_out(said: Mapping[bytes, bytes], *, body_bytes: int, max_body_bytes: int) -> str | None:
    """Why a generation request may neither be served by another one's call nor serve one; None if it may.

    The client keeps it out with `x-trioproxy-reuse: no`, or with a `cache-control` that says
    `no-cache`, `no-store` or `max-age=0` (RFC 9111, 5.2.1). A `connection` field that names headers
    takes them away before they reach the upstream (RFC 9110, 7.6.1), so it is not what it seems to be.

    Args:
        said: the request's headers (`wire.headers.fields`).
    """
    if body_bytes > max_body_bytes:
        return f"its body has {body_bytes} bytes, more than replay.max_body_bytes ({max_body_bytes})"
    if b"no" in _elements(said.get(b"x-trioproxy-reuse")):
        return "its client keeps it out: x-trioproxy-reuse"
    if not _elements(said.get(b"cache-control")).isdisjoint((b"no-cache", b"no-store", b"max-age=0")):
        return "its client keeps it out: cache-control"
    if not _elements(said.get(b"connection")) <= _OF_THE_CONNECTION:
        return "its connection field takes headers away"
    return None


def is_retry(said: Mapping[bytes, bytes]) -> bool:
    """Whether the request says that it is one: `x-stainless-retry-count` over 0, from the SDKs that count."""
    return any(map(_count, _elements(said.get(b"x-stainless-retry-count"))))


def may_join(join: Join, seats: int, *, retry: bool) -> bool:
    """Whether a request may take a seat at a live twin where `seats` clients sit."""
    if join is Join.RESEND:
        return seats == 0 or retry
    return join is Join.ALWAYS


def joinable_head(status: int, headers: RawHeaders) -> bool:
    """Whether an answer with this head may go to a second client.

    Not an error, which may be over when the client asks again; not an encoded answer, which the second
    client need not be able to read, since `accept-encoding` is not compared.
    """
    return status == 200 and all(
        _elements(value) <= {b"identity"} for name, value in headers if name.lower() == b"content-encoding"
    )


def replayable(outcome: CallOutcome, status: int, headers: RawHeaders, reading: Reading) -> bool:
    """Whether an answer that has ended may be told again: all of it came, by its own account, and it is no error.

    Its own account is the protocol's last event, or the usage that a whole answer in JSON reports: framing alone
    proves nothing of what nobody has read (an HTML page in a 200, JSON that was cut, a job that is queued).

    Its own `cache-control` is not obeyed, on purpose: this is no HTTP cache, but the same answer told twice to
    the same client within seconds; and event streams say `no-cache` as a matter of course.
    """
    told_whole = reading.ended or (reading.usage is not None and reading.usage.output_tokens is not None)
    return (
        outcome is CallOutcome.COMPLETED
        and joinable_head(status, headers)
        and told_whole
        and reading.error is None
        and reading.stop_reason not in _NO_ANSWERS
    )


def window_s(*, tool_results_only: bool, window_s: float, window_tool_result_s: float) -> float:
    """For how many seconds after its end an answer may be replayed."""
    return window_tool_result_s if tool_results_only else window_s


def replayed_headers(headers: RawHeaders, *, age_s: float) -> RawHeaders:
    """The headers of an answer that is told again `age_s` seconds after it was recorded.

    `age` (RFC 9111, 5.1; whole seconds) adds to what the answer brought. `set-cookie` stays behind: a cookie
    was given to the one who got the first answer. All else is as it was, the order included.
    """
    brought = next((value for name, value in headers if name.lower() == b"age"), b"")
    before_s = _count(brought) or 0
    kept = [pair for pair in headers if pair[0].lower() not in (b"age", b"set-cookie")]
    return (*kept, (b"age", b"%d" % min(before_s + max(int(age_s), 0), _MAX_COUNT)))


def _elements(field: bytes | None) -> set[bytes]:
    """The elements of a field that is a list (RFC 9110, 5.6.1), in lower case."""
    return {element.strip().lower() for element in field.split(b",")} - {b""} if field else set()


def _count(token: bytes) -> int | None:
    """A number of 0 or more in decimal digits."""
    if not token.isdigit():
        return None
    return min(int(token), _MAX_COUNT) if len(token) <= len(str(_MAX_COUNT)) else _MAX_COUNT
