"""What of a request's body decides whether it is the same request, and whether it may be answered twice alike.

The body without its volatile members (`providers/volatile.py`), in canonical
form. Two things more are read off it: whether the request sets its own sampling
(who samples one prompt many times must get many answers), and whether its last
turn only hands over the results of tools (its answer may be replayed for longer).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from trioproxy.providers.base import Kind, Operation
from trioproxy.providers.fields import elements, members
from trioproxy.providers.volatile import MEMBERS, SELF_CONTAINED_ITEMS
from trioproxy.wire.canonical import Json, canonical, digest, number


@dataclass(frozen=True, slots=True)
class Likeness:
    """A request's body as it is compared, in pieces. It may hold the prompt, so it does not show itself."""

    body: Sequence[bytes] = field(repr=False)
    # The last thing said to the model is nothing but results of tools.
    tool_results_only: bool


def likeness(operation: Operation, found: Json) -> Likeness:
    """How a body is compared that could be read; it is left as it is.

    Raises:
        RecursionError: as `wire.canonical.canonical` does.
    """
    return Likeness(
        body=_lasting(operation.kind, found),
        tool_results_only=hands_over_tool_results(operation.kind, found.value),
    )


def raw_likeness(body: bytes) -> Likeness:
    """How a body is compared that cannot be read: the same bytes are the same body.

    It is no JSON, is nested too deep, or names a member twice.
    """
    return Likeness(body=[b"raw", body], tool_results_only=False)


def samples(value: object) -> bool:
    """Whether the request asks to be answered by chance: `temperature` or `top_p` other than 0, `n` over 1, a `seed`.

    `null` is as good as absent. What should be a number and is none, is taken for one that samples.
    """
    asked = members(value)
    if asked.get("seed") is not None:
        return True
    if any(asked.get(name) is not None and number(asked[name]) != 0 for name in ("temperature", "top_p")):
        return True
    answers = asked.get("n")
    if answers is None:
        return False
    count = number(answers)
    return count is None or count > 1


def keeps_history(kind: Kind, value: object) -> bool:
    """Whether the server adds a history of its own (Responses: `conversation`): the same words are the next turn."""
    return kind is Kind.RESPONSES and members(value).get("conversation") is not None


def hands_over_tool_results(kind: Kind, value: object) -> bool:
    """Whether the last message that is neither the model's nor the developer's holds nothing but results of tools."""
    turns = members(value).get("input" if kind is Kind.RESPONSES else "messages")
    for turn in reversed(elements(turns)):
        only_results = _only_results(members(turn))
        if only_results is not None:
            return only_results
    return False


def _only_results(turn: dict[str, object]) -> bool | None:
    """None for a turn of the model or the developer. Results are blocks at Anthropic, messages in chat, else items."""
    role, kind = turn.get("role"), turn.get("type")
    if role == "user":
        blocks = elements(turn.get("content"))
        return bool(blocks) and all(members(block).get("type") == "tool_result" for block in blocks)
    if role in ("tool", "function") or (isinstance(kind, str) and kind.endswith("_output")):
        return True
    return None


def _lasting(kind: Kind, found: Json) -> list[bytes]:
    """What stands for the value without what is volatile: names and digests, or the text of what has no members."""
    if found.digests is None:
        return [b"text", canonical(found.value)]
    volatile = MEMBERS.get(kind, frozenset())
    lasting = {name: found.digests[name] for name in found.digests if name not in volatile}
    items = members(found.value).get("input")
    if kind is Kind.RESPONSES and isinstance(items, list):
        lasting["input"] = digest([_anonymous(item) for item in items])
    # A name in its quotes, then 32 bytes: neither can be taken for a part of the other.
    return [b"members", *(part for name, each in lasting.items() for part in (canonical(name), each))]


def _anonymous(item: object) -> object:
    kind = members(item).get("type")
    if not isinstance(item, dict) or "id" not in item or not isinstance(kind, str) or kind not in SELF_CONTAINED_ITEMS:
        return item
    return {name: member for name, member in item.items() if name != "id"}
