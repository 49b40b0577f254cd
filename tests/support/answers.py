"""Answers in the shapes that the APIs document (`tests/data/streams`), and what their meters read at the end.

They are written after the public references, not captured from a wire.
"""

from __future__ import annotations

from pathlib import Path

from trioproxy.model import Dialect, Generated, Reading, Usage

STREAMS = Path(__file__).parent.parent / "data" / "streams"
ANTHROPIC, OPENAI = Dialect.ANTHROPIC, Dialect.OPENAI

# file: dialect, path, reading at the end
ANSWERS: dict[str, tuple[Dialect, str, Reading]] = {
    "anthropic_text.sse": (
        ANTHROPIC,
        "/v1/messages",
        Reading(
            generated=Generated(text_bytes=97, pieces=2),
            usage=Usage(100, 50, 3000, 1500, 500),
            model="claude-opus-4-8",
            stop_reason="end_turn",
            upstream_id="msg_01XFDUDYJgAACzvnptvVoYEL",
            service_tier="standard",
            ended=True,
        ),
    ),
    "anthropic_tools.sse": (
        ANTHROPIC,
        "/v1/messages",
        Reading(
            generated=Generated(tool_bytes=22, sealed_bytes=12, sealed_parts=1, pieces=1),
            usage=Usage(10682, 510, 0, 0, None, 120),
            model="claude-opus-5-5",
            stop_reason="tool_use",
            upstream_id="msg_014p7gG3wDgGV9EUtLvnow3U",
            speed="fast",
            billed=(("web_searches", 1),),
            tools=("web_search", "Bash"),
            ended=True,
        ),
    ),
    "anthropic_error.sse": (
        ANTHROPIC,
        "/v1/messages",
        Reading(
            generated=Generated(),
            usage=Usage(25, None, None, 7),
            model="claude-haiku-4-5-20251001",
            upstream_id="msg_013Zva2CMHLNnXjNJJKqJ2EF",
            error="overloaded_error: Overloaded",
        ),
    ),
    "anthropic_message.json": (
        ANTHROPIC,
        "/v1/messages",
        Reading(
            generated=Generated(json_bytes=555),
            usage=Usage(2095, 503, 0, 0, 10),
            model="claude-sonnet-4-6",
            stop_reason="tool_use",
            upstream_id="msg_01Aq9w938a90dw8q",
            service_tier="standard",
            tools=("get_weather",),
        ),
    ),
    "openai_chat.sse": (
        OPENAI,
        "/v1/chat/completions",
        Reading(
            generated=Generated(text_bytes=37, pieces=1),
            usage=Usage(86, 300, 1920, None, None, 192),
            model="gpt-5-2025-08-07",
            stop_reason="stop",
            upstream_id="chatcmpl-CqZL9yHPt3xGHx",
            service_tier="default",
            ended=True,
        ),
    ),
    "openai_chat_tools.sse": (
        OPENAI,
        "/v1/chat/completions",
        Reading(
            generated=Generated(tool_bytes=17, pieces=2),
            model="gpt-5-mini-2025-08-07",
            stop_reason="tool_calls",
            upstream_id="chatcmpl-DMsn5k",
            tools=("get_weather", "get_weather"),
            ended=True,
        ),
    ),
    "openrouter_error.sse": (
        OPENAI,
        "/v1/chat/completions",
        Reading(
            generated=Generated(text_bytes=3, pieces=1),
            model="anthropic/claude-opus-4.8",
            stop_reason="error",
            upstream_id="gen-1764000002-abc",
            error="502: Provider disconnected",
        ),
    ),
    "groq_chat.sse": (
        OPENAI,
        "/v1/chat/completions",
        Reading(
            generated=Generated(text_bytes=5, pieces=1),
            usage=Usage(36, 9),
            model="llama-3.3-70b-versatile",
            stop_reason="stop",
            upstream_id="chatcmpl-7f2b",
            service_tier="on_demand",
            ended=True,
        ),
    ),
    "deepseek_chat.sse": (
        OPENAI,
        "/v1/chat/completions",
        Reading(
            generated=Generated(text_bytes=2, pieces=1),
            usage=Usage(16, 9, 64), model="deepseek-chat", stop_reason="stop", upstream_id="f2a4", ended=True,
        ),
    ),
    "xai_chat.sse": (
        OPENAI,
        "/v1/chat/completions",
        Reading(
            generated=Generated(text_bytes=15, pieces=1),
            usage=Usage(26, 103, 6, None, None, 94),
            model="grok-4-0709",
            stop_reason="stop",
            upstream_id="5ddfe9a7",
            ended=True,
        ),
    ),
    "openai_completion.sse": (
        OPENAI,
        "/v1/completions",
        Reading(
            generated=Generated(text_bytes=4, pieces=1),
            usage=Usage(5, 7),
            model="gpt-3.5-turbo-instruct",
            stop_reason="length",
            upstream_id="cmpl-7iA7iJjj8V2zOkCGvWF2hAkDWBQZe",
            ended=True,
        ),
    ),
    "openai_chat.json": (
        OPENAI,
        "/v1/chat/completions",
        Reading(
            generated=Generated(json_bytes=762),
            usage=Usage(19, 10, 0, None, None, 0),
            model="gpt-5-2025-08-07",
            stop_reason="tool_calls",
            upstream_id="chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
            service_tier="flex",
            billed=(("input_audio_tokens", 3),),
            tools=("get_current_weather",),
        ),
    ),
    "openai_embeddings.json": (
        OPENAI,
        "/v1/embeddings",
        Reading(
            generated=Generated(json_bytes=289),
            usage=Usage(8, 0), model="text-embedding-3-small",
        ),
    ),
    "openai_responses.sse": (
        OPENAI,
        "/v1/responses",
        Reading(
            generated=Generated(tool_bytes=39, pieces=1),
            usage=Usage(100, 1240, 8960, 40, 20, 1024),
            model="gpt-5.1-2025-11-13",
            upstream_id="resp_67c9fdcecf488190bdd9a0409de3a1ec",
            service_tier="default",
            tools=("web_search_call", "exec_command"),
            ended=True,
        ),
    ),
    "openai_responses_incomplete.sse": (
        OPENAI,
        "/v1/responses",
        Reading(
            generated=Generated(),
            usage=Usage(10, 16, 0, None, None, 16),
            model="gpt-5.1-2025-11-13",
            stop_reason="max_output_tokens",
            upstream_id="resp_2",
            service_tier="default",
            ended=True,
        ),
    ),
    "openai_responses_failed.sse": (
        OPENAI,
        "/v1/responses",
        Reading(
            generated=Generated(),
            model="gpt-5.1-2025-11-13",
            upstream_id="resp_3",
            error="server_error: The model failed to generate a response.",
        ),
    ),
    "openai_responses_error.sse": (
        OPENAI,
        "/v1/responses",
        Reading(
            generated=Generated(),
            model="gpt-5.1-2025-11-13", upstream_id="resp_4", error="rate_limit_exceeded: Rate limit reached"
        ),
    ),
    "openai_responses.json": (
        OPENAI,
        "/v1/responses",
        Reading(
            generated=Generated(json_bytes=823),
            usage=Usage(36, 87, 0, None, None, 0),
            model="gpt-5.1-2025-11-13",
            stop_reason="content_filter",
            upstream_id="resp_67ccd2bed1ec8190b14f964abc054267",
            service_tier="default",
            tools=("get_weather",),
        ),
    ),
}  # fmt: skip
