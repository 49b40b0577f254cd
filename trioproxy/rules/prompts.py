"""The user's own words in a generation request: the last prompt, without what its client has added to it.

    messages   Anthropic, chat      …, user, assistant, tool, [user]
    input      responses            items, or one string
    prompt     completions          one string, or several

The last user message counts, with all of its texts; system messages after it are passed over.
A message of tool results alone has no words of the user's. Nothing here raises on odd values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

# What clients put around the user's words: Claude Code, and its extensions for editors.
INJECTED = ("system-reminder", "ide_selection", "ide_opened_file", "transcript")
_IMAGE_MARK = re.compile(r"\[Image\b[^\[\]\n]{0,200}\]")
# Tuples, no sets: what is looked for in them may be anything, and need not have a hash.
INSTRUCTIONS = ("system", "developer")
_TOOLS = ("tool", "function")
# Types of the blocks and items that a call of a tool is made of, and its result.
_CALLS = ("_use", "_call", "_result", "_output")
_RECENT = 4


def messages(value: object) -> Sequence[object]:
    """The conversation in a request's body, whatever the dialect; a lone string is a user message."""
    if not isinstance(value, dict):
        return ()
    for name in ("messages", "input"):
        found = value.get(name)
        if isinstance(found, list):
            return found
    alone = value.get("input") or value.get("prompt")
    if isinstance(alone, list):
        alone = alone[-1] if alone else None
    return [{"role": "user", "content": alone}] if isinstance(alone, str) else ()


def user_text(conversation: Sequence[object]) -> str | None:
    """What the user says last, context and image marks taken out; None if that is nothing, or tool results."""
    for message in reversed(conversation):
        if not isinstance(message, dict):
            continue
        if message.get("role") == "user":
            return "\n".join(filter(None, map(own_words, texts(message.get("content"))))) or None
        if _calls_a_tool(message):
            return None
    return None


def tool_turns(conversation: Sequence[object]) -> int:
    """How many of the last four messages call a tool or bring its result; system messages are not counted."""
    seen = turns = 0
    for message in reversed(conversation):
        if not isinstance(message, dict):
            seen += 1
        elif message.get("role") not in INSTRUCTIONS:
            seen, turns = seen + 1, turns + _calls_a_tool(message)
        if seen == _RECENT:
            break
    return turns


def texts(content: object) -> Iterator[str]:
    """The texts of a message or a system prompt: a string, or blocks that have one."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for block in content:
            text = block.get("text") if isinstance(block, dict) else None
            if isinstance(text, str):
                yield text


def own_words(text: str) -> str:
    """`text` without injected context and image marks. Time is linear in its length, whatever it is."""
    if "<" in text:
        for name in INJECTED:
            text = _without(text, f"<{name}>", f"</{name}>")
    if "[" in text:
        text = _IMAGE_MARK.sub("", text)
    return text.strip()


def _without(text: str, opening: str, closing: str) -> str:
    kept: list[str] = []
    at = 0
    while (start := text.find(opening, at)) >= 0:
        end = text.find(closing, start)
        if end < 0:
            break  # never closed: it is no injected context, but somebody talking about it
        kept.append(text[at:start])
        at = end + len(closing)
    return "".join((*kept, text[at:])) if kept else text


def _calls_a_tool(message: dict[str, object]) -> bool:
    if message.get("tool_calls") or message.get("role") in _TOOLS or _is_call(message):
        return True
    content = message.get("content")
    return isinstance(content, list) and any(map(_is_call, content))


def _is_call(block: object) -> bool:
    kind = block.get("type") if isinstance(block, dict) else None
    return isinstance(kind, str) and kind.endswith(_CALLS)
