"""Which headers go on, in which direction; raw pairs in, raw pairs out, order kept.

End-to-end headers pass unchanged. Hop-by-hop ones (RFC 9110, 7.6.1) end here,
and so do those the `Connection` field lists, `Expect` (answered by the server
that reads the body), and everything in our own `x-trioproxy-` namespace.
"""

from __future__ import annotations

from collections.abc import Mapping

from trioproxy.model import RawHeaders

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"http2-settings",
    }
)
_LONGEST_NUMBER = 20
OWN_PREFIX = b"x-trioproxy-"


def get(headers: RawHeaders, name: bytes) -> bytes | None:
    """The first value of `name` (lower case), or None."""
    for key, value in headers:
        if key.lower() == name:
            return value
    return None


def fields(headers: RawHeaders) -> Mapping[bytes, bytes]:
    """Each field by its name; several of one name make one list (RFC 9110, 5.3). Names are in lower case already."""
    found = dict(headers)
    if len(found) == len(headers):
        return found
    lists: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        lists.setdefault(name, []).append(value)
    return {name: b", ".join(values) for name, values in lists.items()}


def first_fields(headers: RawHeaders) -> Mapping[bytes, bytes]:
    """The same for what is no list: of several fields of one name the first."""
    return dict(reversed(headers))


def coding(field: bytes | None) -> str:
    """The codings that a `content-encoding` lists, in lower case and in order; empty where there is none."""
    if not field:
        return ""
    codings = [each.strip().lower() for each in field.split(b",")]
    return b", ".join(each for each in codings if each not in (b"", b"identity")).decode("latin-1")


def content_coding(headers: RawHeaders) -> str:
    """`coding` of all fields of that name."""
    return coding(b",".join(value for key, value in headers if key.lower() == b"content-encoding"))


def media_type(headers: RawHeaders) -> str:
    """The type of `content-type` in lower case, without its parameters (RFC 9110, 8.3.1); empty where there is none."""
    return (get(headers, b"content-type") or b"").partition(b";")[0].strip().lower().decode("latin-1")


def length(headers: RawHeaders) -> int | None:
    """What `content-length` says; None where there is none, or it is no number that a body can have."""
    value = get(headers, b"content-length") or b""
    return int(value) if value.isdigit() and len(value) < _LONGEST_NUMBER else None


def request_headers(
    headers: RawHeaders, *, host: bytes, whole_length: int | None = None, identity: bool = False
) -> RawHeaders:
    """The headers that go upstream.

    Args:
        host: the upstream's authority; takes the place of the client's.
        whole_length: the body's length in bytes if it was read whole: it takes the
            place of the client's framing. None leaves `content-length` as it came.
        identity: ask for an answer that is not encoded, so that it can be metered.
    """
    dropped = _dropped(headers) | {b"expect", b"host"}
    if whole_length is not None:
        dropped |= {b"content-length"}
    if identity:
        dropped |= {b"accept-encoding"}
    passed = [(b"host", host)]
    passed += [pair for pair in headers if (key := pair[0].lower()) not in dropped and not key.startswith(OWN_PREFIX)]
    if identity:
        passed.append((b"accept-encoding", b"identity"))
    if whole_length is not None:
        passed.append((b"content-length", b"%d" % whole_length))
    return tuple(passed)


def response_headers(headers: RawHeaders, *, status: int, own: RawHeaders) -> RawHeaders:
    """The headers of an upstream's answer that go to the client, and after them our `own`.

    `content-length` stays, save on a 204, where it is forbidden (RFC 9110, 8.6), and on a 304: common
    HTTP/2 clients reject a length without a body, and the connection with it.
    Names are lower-cased, as HTTP/2 demands (RFC 9113, 8.2.1) and HTTP/1.1 allows.
    """
    dropped = _dropped(headers)
    if status in (204, 304):
        dropped |= {b"content-length"}
    passed = [
        (key, value)
        for name, value in headers
        if (key := name.lower()) not in dropped and not key.startswith(OWN_PREFIX)
    ]
    return (*passed, *own)


def _dropped(headers: RawHeaders) -> frozenset[bytes]:
    """Hop-by-hop names, and those that this message's own `Connection` fields make so."""
    listed: set[bytes] = set()
    for name, value in headers:
        if name.lower() == b"connection":
            listed.update(token.strip().lower() for token in value.split(b","))
    return HOP_BY_HOP | listed if listed else HOP_BY_HOP
