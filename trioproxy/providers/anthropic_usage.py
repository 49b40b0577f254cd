"""Token counts as the Anthropic Messages API reports them, put together from the parts of an answer.

`message_start` has the input with the split of cache writes by lifetime;
`message_delta` has the final output and may repeat the input, cumulatively, but
without the split. So later counts replace earlier ones member by member, and
the split stays. Source: Messages API reference, "Streaming", `usage`.
"""

from __future__ import annotations

from trioproxy.model import Usage
from trioproxy.providers.fields import count, members, text


class AnthropicUsage:
    """Counts so far. `input_tokens` excludes the caches already, as in the ledger."""

    def __init__(self) -> None:
        self.service_tier: str | None = None
        self.speed: str | None = None
        self._counts: dict[str, int] = {}

    def merge(self, usage: object) -> None:
        """Take over what a later `usage` object says."""
        fields = members(usage)
        split = members(fields.get("cache_creation"))
        said = {
            "input": fields.get("input_tokens"),
            "output": fields.get("output_tokens"),
            "read": fields.get("cache_read_input_tokens"),
            "written": fields.get("cache_creation_input_tokens"),
            "5m": split.get("ephemeral_5m_input_tokens"),
            "1h": split.get("ephemeral_1h_input_tokens"),
            "thinking": members(fields.get("output_tokens_details")).get("thinking_tokens"),
            "searches": members(fields.get("server_tool_use")).get("web_search_requests"),
        }
        self._counts.update({name: number for name, value in said.items() if (number := count(value)) is not None})
        self.service_tier = text(fields.get("service_tier")) or self.service_tier
        self.speed = text(fields.get("speed")) or self.speed

    def usage(self, *, output_known: bool) -> Usage | None:
        """The counts in the ledger's columns, or None if none have come.

        `message_start` counts the first token or two as output. That is not what the answer
        has cost once it is under way, so before a final count came there is no output count.
        """
        counts = self._counts
        if not counts:
            return None
        short, long = self._cache_writes()
        return Usage(
            input_tokens=counts.get("input"),
            output_tokens=counts.get("output") if output_known else None,
            cache_read_tokens=counts.get("read"),
            cache_write_5m_tokens=short,
            cache_write_1h_tokens=long,
            reasoning_tokens=counts.get("thinking"),
        )

    def billed(self) -> tuple[tuple[str, int], ...]:
        """Web searches, which have a price of their own."""
        searches = self._counts.get("searches", 0)
        return (("web_searches", searches),) if searches else ()

    def _cache_writes(self) -> tuple[int | None, int | None]:
        """Cache writes by lifetime. Without a split they count as 5 minutes, the API's default lifetime."""
        short, long, total = self._counts.get("5m"), self._counts.get("1h"), self._counts.get("written")
        if total is not None and total >= (short or 0) + (long or 0):
            short = total - (long or 0)
        return short, long
