"""What of a request a Claude model is known to refuse, and nothing of which may be taken away.

Routing takes `context-1m*` and Haiku's effort out of a request, and nothing else. Everything else
that the cheaper model answers with a 400 holds the routing back: a client must not get an error
that its own model would not have given. Sources: the pages "What's new" and "Overview" of each model
at platform.claude.com/docs/en/models, "Adaptive thinking", "Mid-conversation system messages" and
"Errors" (prefill). The list is what is known, not all there is; a model newer than it is taken to accept.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from trioproxy.rules.families import ClaudeModel, Family, claude_model
from trioproxy.rules.prompts import messages

_SMALL_OUTPUT_TOKENS = 64_000
# A tenth below what the model takes: the estimate may be wrong by that much.
_SMALL_INPUT_TOKENS = 180_000
# What changes nothing, as it may be written.
_DEFAULT_SAMPLING = {"temperature": (b"1", b"1.0"), "top_p": (b"1", b"1.0"), "top_k": ()}
# Per family (Haiku, Sonnet, top): the first version of each generation.
_NEWER = ((5, 0), (4, 6), (4, 6))
_SYSTEM_MESSAGES = ((5, 0), (5, 0), (4, 8))
_OWN_SAMPLING = ((5, 0), (5, 0), (4, 7))


def refusal(value: object, target: str, input_tokens: int | None = None) -> str | None:
    """Why `target` would refuse the request with the decoded body `value`; None if nothing is known to be in the way.

    Args:
        input_tokens: about how many tokens the request is, where somebody has estimated it.

    Example: "claude-haiku-4-5 does not take adaptive thinking".
    """
    model = claude_model(target)
    if model is None or not isinstance(value, dict):
        return None
    found = next((what for what, applies in _RULES if applies(value, model)), None)
    if found is None and (input_tokens or 0) > _SMALL_INPUT_TOKENS and _older(model, _NEWER):
        found = f"so long an input (about {input_tokens} tokens)"
    return f"{target} does not take {found}" if found else None


def takes_effort(target: str) -> bool:
    """Whether `effort` may stay in a request for `target`. Haiku knows it from version 5 on."""
    model = claude_model(target)
    return model is None or model.family is not Family.HAIKU or not model.before(5)


def _older(model: ClaudeModel, since: tuple[tuple[int, int], ...]) -> bool:
    return model.before(*since[model.family])


def _adaptive(value: dict[str, object], model: ClaudeModel) -> bool:
    thinking = value.get("thinking")
    return isinstance(thinking, dict) and thinking.get("type") == "adaptive" and _older(model, _NEWER)


def _system_messages(value: dict[str, object], model: ClaudeModel) -> bool:
    return _older(model, _SYSTEM_MESSAGES) and any(_role(each) == "system" for each in messages(value))


def _long_output(value: dict[str, object], model: ClaudeModel) -> bool:
    limit = value.get("max_tokens")
    return isinstance(limit, int) and limit > _SMALL_OUTPUT_TOKENS and _older(model, _NEWER)


def _prefill(value: dict[str, object], model: ClaudeModel) -> bool:
    conversation = messages(value)
    return bool(conversation) and _role(conversation[-1]) == "assistant" and not _older(model, _NEWER)


def _sampling(value: dict[str, object], model: ClaudeModel) -> bool:
    return not _older(model, _OWN_SAMPLING) and any(
        value.get(name) is not None and _literal(value[name]) not in defaults
        for name, defaults in _DEFAULT_SAMPLING.items()
    )


def _fast(value: dict[str, object], model: ClaudeModel) -> bool:
    return value.get("speed") == "fast" and model.family is not Family.TOP


def _literal(number: object) -> bytes:
    return bytes(number) if isinstance(number, msgspec.Raw) else str(number).encode()


def _role(message: object) -> object:
    return message.get("role") if isinstance(message, dict) else None


_RULES: tuple[tuple[str, Callable[[dict[str, object], ClaudeModel], bool]], ...] = (
    ("adaptive thinking", _adaptive),
    ("system messages within the conversation", _system_messages),
    (f"max_tokens over {_SMALL_OUTPUT_TOKENS}", _long_output),
    ("an assistant message at the end", _prefill),
    ("temperature, top_p or top_k", _sampling),
    ("the fast mode", _fast),
)
