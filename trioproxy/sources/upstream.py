"""The source that asks a real upstream, through `httpx.AsyncClient` on our transport.

httpx carries the request as it is: raw headers, raw target, no cookies, no
redirects, no credentials from a netrc or a URL, nothing from the environment.
The answer is read from the transport directly: there is no generator that could
be left half way.
"""

from __future__ import annotations

from types import TracebackType

import httpx

from trioproxy.errors import UpstreamConnectFailed
from trioproxy.model import Plan
from trioproxy.sources.base import Answer, Progress
from trioproxy.sources.connection import Closable
from trioproxy.sources.transport import RequestBody, TrioTransport

_NO_AUTH = httpx.Auth()


class Upstream:
    """Implements `sources.base.Source`.

    async with Upstream() as upstream:      # closes the idle connections at its end
        async with upstream.open(plan, progress) as answer: ...
    """

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(transport=TrioTransport(), trust_env=False)
        self._urls: dict[str, httpx.URL] = {}  # as many as there are providers

    def open(self, plan: Plan, progress: Progress) -> Opening:
        """See `sources.base.Source.open`. `plan.target` is the whole target: `base_url` says where to connect."""
        return Opening(self._client, self._urls, plan, progress)

    async def aclose(self) -> None:
        """Close the idle connections; answers that are still open end on their own."""
        await self._client.aclose()

    async def __aenter__(self) -> Upstream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class Opening:
    """One call: entered, it is sent; left, whatever of its answer has not ended is closed at once, without waiting."""

    __slots__ = ("_answer", "_client", "_plan", "_progress", "_urls")

    def __init__(self, client: httpx.AsyncClient, urls: dict[str, httpx.URL], plan: Plan, progress: Progress) -> None:
        self._client = client
        self._urls = urls
        self._plan: Plan | None = plan
        self._progress = progress
        self._answer: Closable | None = None

    async def __aenter__(self) -> Answer:
        plan, self._plan = self._plan, None  # it holds the body, which is not needed once it is sent
        assert plan is not None, "a call is opened once"
        extensions = {"target": plan.target, "progress": self._progress, "ca_file": plan.ca_file}
        request = httpx.Request(
            plan.method,
            self._url(plan.base_url),
            headers=plan.headers,
            stream=RequestBody(plan.body),
            extensions=extensions,
        )
        request.method = plan.method  # httpx writes it in capitals; methods are case-sensitive (RFC 9110, 9.1)
        del plan
        response = await self._client.send(request, stream=True, auth=_NO_AUTH, follow_redirects=False)
        del response.stream  # httpx ties it to its response: a cycle that would keep both, and the request, for a while
        answer: Closable = response.extensions["answer"]
        self._answer = answer
        return answer

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._answer is not None:
            self._answer.close()

    def _url(self, base_url: str) -> httpx.URL:
        url = self._urls.get(base_url)
        if url is None:
            try:
                url = self._urls[base_url] = httpx.URL(base_url)
            except httpx.InvalidURL as error:
                raise UpstreamConnectFailed(f"{base_url!r} is not a URL: {error}") from None
        return url
