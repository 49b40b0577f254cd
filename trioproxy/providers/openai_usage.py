"""Token counts as OpenAI-compatible APIs report them, in the ledger's columns.

The reported input includes what came from a cache and what was written to one;
the ledger's does not. The reported output includes the reasoning, at most
providers: xAI counts it apart, which shows in the total. Names differ between
the APIs (`prompt_tokens`, `input_tokens`) and between providers; the table of
variants is below.
"""

from __future__ import annotations

from trioproxy.model import Usage
from trioproxy.providers.fields import count, first_count, members


def usage_of(value: object, *, generates: bool = True) -> Usage | None:
    """The counts of a `usage` object, or None if it has none.

    Args:
        generates: False for embeddings, whose output is not counted in tokens: it is 0.
    """
    fields = members(value)
    given = members(fields.get("prompt_tokens_details") or fields.get("input_tokens_details"))
    made = members(fields.get("completion_tokens_details") or fields.get("output_tokens_details"))
    prompt = first_count(fields.get("prompt_tokens"), fields.get("input_tokens"))
    output = first_count(fields.get("completion_tokens"), fields.get("output_tokens"))
    if prompt is None and output is None:
        return None
    cached = first_count(
        given.get("cached_tokens"),
        fields.get("prompt_cache_hit_tokens"),  # DeepSeek
        fields.get("cached_tokens"),  # Moonshot; Anthropic's compatible API
        given.get("cache_read_input_tokens"),  # Perplexity
        fields.get("cache_read_input_tokens"),  # Databricks
        fields.get("cached_prompt_text_tokens"),  # xAI, older
    )
    written = count(given.get("cache_write_tokens"))
    long = count(members(given.get("cache_write_tokens_details")).get("ttl_12h_tokens"))
    short = written - (long or 0) if written is not None and written >= (long or 0) else written
    reasoning = first_count(made.get("reasoning_tokens"), fields.get("reasoning_tokens"))
    if output is not None and reasoning and _apart(prompt, output, reasoning, count(fields.get("total_tokens"))):
        output += reasoning
    return Usage(
        input_tokens=_without(prompt, (cached or 0) + (written or 0)),
        output_tokens=output if generates else 0,
        cache_read_tokens=cached,
        cache_write_5m_tokens=short,
        cache_write_1h_tokens=long,
        reasoning_tokens=reasoning,
    )


def billed_in(value: object) -> tuple[tuple[str, int], ...]:
    """What the `usage` object has of things with prices of their own."""
    fields = members(value)
    given, made = members(fields.get("prompt_tokens_details")), members(fields.get("completion_tokens_details"))
    things = (
        ("input_audio_tokens", given.get("audio_tokens")),
        ("output_audio_tokens", made.get("audio_tokens")),
        ("output_citation_tokens", fields.get("citation_tokens")),  # Perplexity
        ("web_searches", fields.get("num_search_queries")),  # Perplexity
    )
    return tuple((unit, number) for unit, thing in things if (number := count(thing)))


def _apart(prompt: int | None, output: int, reasoning: int, total: int | None) -> bool:
    """Whether the output was counted without the reasoning (xAI, Perplexity's deep research)."""
    return reasoning > output or (prompt is not None and total == prompt + output + reasoning)


def _without(prompt: int | None, caches: int) -> int | None:
    """The input without the caches; None where the counts contradict each other."""
    return prompt - caches if prompt is not None and prompt >= caches else None
