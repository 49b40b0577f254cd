"""Our transport under httpx.

httpx is given a response without headers; the raw head is in `extensions["answer"]`.
What httpx does with headers is not wanted here: it remembers cookies (of one
user, for the next), builds redirects (and fails on an odd `location`), picks
decoders. See docs/adr/0007.
"""

from __future__ import annotations

import httpx

from trioproxy.errors import UpstreamConnectFailed
from trioproxy.sources import fallback
from trioproxy.sources.connection import Closable, Connection
from trioproxy.sources.dialing import Origin, Trust, dial
from trioproxy.sources.http1 import Http1Connection
from trioproxy.sources.outgoing import Content, Outgoing
from trioproxy.sources.pool import IdleConnections

_PORTS = {"http": 80, "https": 443}


class RequestBody(httpx.AsyncByteStream):
    """A request's body. The transport takes it out, so that no request keeps it alive."""

    def __init__(self, content: Content) -> None:
        self._content = content

    def take(self) -> Content:
        """The body; from now on this is empty."""
        content, self._content = self._content, None
        return content


class ResponseBody(httpx.AsyncByteStream):
    """What httpx may close. Reading goes past it, through `Answer.receive`."""

    def __init__(self, answer: Closable) -> None:
        self._answer = answer

    async def aclose(self) -> None:
        """Leave the answer: at once, without waiting."""
        self._answer.close()


class TrioTransport(httpx.AsyncBaseTransport):
    """Requests over HTTP/1.1 on Trio's sockets.

    A request's extensions: `progress` (`sources.base.Progress`), `target` (raw, as it
    goes out), `ca_file` (whom to trust instead of the usual authorities, or None). Its
    URL says only where to connect; `host` is among the headers.
    """

    def __init__(self) -> None:
        self._trust = Trust()
        self._idle: IdleConnections[Connection] = IdleConnections()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`, return when the head of its answer is there.

        Raises the errors of `sources.base.Source.open`, none of httpx's. Cancellation
        closes the connection before it propagates; no task outlives the call.
        """
        body = request.stream
        assert isinstance(body, RequestBody), "only Upstream uses this transport"
        outgoing = Outgoing(
            request.method,
            request.extensions["target"],
            tuple(request.headers.raw),
            body.take(),
        )
        origin = _origin(request)
        answer = await fallback.ask(
            outgoing,
            request.extensions["progress"],
            take=lambda: self._idle.take(origin),
            connect=lambda: self._connect(origin),
        )
        return httpx.Response(answer.head.status, stream=ResponseBody(answer), extensions={"answer": answer})

    async def aclose(self) -> None:
        """Close the idle connections at once; those in use close when their exchange ends."""
        self._idle.close()

    async def _connect(self, origin: Origin) -> Connection:
        line = await dial(origin, self._trust)
        return Http1Connection(line, str(origin), lambda connection: self._idle.put(origin, connection))


def _origin(request: httpx.Request) -> Origin:
    url = request.url
    port = url.port or _PORTS.get(url.scheme)
    if port is None or not url.raw_host:
        raise UpstreamConnectFailed(f"cannot connect to {url.scheme}://{url.host}: neither http nor https, or no host")
    return Origin(url.scheme == "https", url.raw_host.decode("ascii"), port, request.extensions["ca_file"])
