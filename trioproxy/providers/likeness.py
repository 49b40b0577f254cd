"""What of a request's body decides whether it is the same request, and whether it may be answered twice alike.

The body without its volatile members (`providers/volatile.py`), in canonical
form. Two things more are read off it: whether the request sets its own sampling
(who samples one prompt many times must get many answers), and whether its last
turn only hands over the results of tools (its answer may be replayed for longer).
"""

from __future__ import annotations

from collections.abc import Mapping

from trioproxy.providers.base import Kind
from trioproxy.providers.fields import elements, members
from trioproxy.providers.volatile import MEMBERS, SELF_CONTAINED_ITEMS
from trioproxy.wire.canonical import NOTHING, Json, digest, number, read

_SAMPLING = frozenset(("seed", "temperature", "top_p", "n"))
# What is set apart of a kind of request: what is volatile, and what is compared in another way.
_APART: Mapping[Kind, frozenset[str]] = {**MEMBERS, Kind.RESPONSES: MEMBERS[Kind.RESPONSES] | {"input"}}


def read_to_compare(kind: Kind, body: bytes) -> Json | None:
    """`wire.canonical.read`, with a digest that `likeness` can take."""
    return read(body, _APART.get(kind, NOTHING))


def likeness(kind: Kind, found: Json) -> bytes:
    """What stands for a body (`read_to_compare`): the same bytes for the same body.

    Raises:
        RecursionError: as `wire.canonical.digest` does.
    """
    asked = members(found.value)
    if kind is not Kind.RESPONSES or "input" not in asked:
        return found.digest
    said = asked["input"]
    return found.digest + digest({"input": list(map(_anonymous, said)) if isinstance(said, list) else said})


def samples(value: object) -> bool:
    """Whether the request asks to be answered by chance: `temperature` or `top_p` other than 0, `n` over 1, a `seed`.

    `null` is as good as absent. What should be a number and is none, is taken for one that samples.
    """
    asked = members(value)
    if _SAMPLING.isdisjoint(asked):
        return False
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


def _anonymous(item: object) -> object:
    kind = members(item).get("type")
    if not isinstance(item, dict) or "id" not in item or not isinstance(kind, str) or kind not in SELF_CONTAINED_ITEMS:
        return item
    return {name: member for name, member in item.items() if name != "id"}
