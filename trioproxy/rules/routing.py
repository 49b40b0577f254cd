"""Which model a prompt goes to: a cheaper one where it is simple, and no warm cache is lost by it.

    score 0-2  ─▶ cheap     from Sonnet and the top families; from a model of the table
    score 3-5  ─▶ mid       from the top families; from a model of the table
    score 6-10 ─▶ the client's own; and whatever there is no cheaper model for

A session whose cache is warm stays where it is, unless the prompt is hard:

    warm on           score 0-5                  score 6-10
    the client's own  own; what was held back    own
    cheap or mid      stays on that              own: a hard prompt may leave
    none, or another  by the table above         own

Haiku is never routed, no model to itself, to its own family or upward; a model that is not Claude's only by
`routing.table`. What the cheaper model would refuse holds the routing back (`rules/refusals.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from trioproxy.model import Saving, SavingKind
from trioproxy.rules.cache_state import CacheState
from trioproxy.rules.families import Family, claude_model
from trioproxy.rules.refusals import refusal
from trioproxy.rules.scoring import score

CHEAP_UP_TO = 2
MID_UP_TO = 5


class Tiers(Protocol):
    """What stands in for a model; None: nothing does."""

    @property
    def cheap(self) -> str | None:
        """For the simplest prompts."""
        ...

    @property
    def mid(self) -> str | None:
        """For prompts in between."""
        ...


class Routing(Tiers, Protocol):
    """As in the configuration (`[routing]`): the tiers for Claude's models, and those of others by their names."""

    @property
    def table(self) -> Mapping[str, Tiers]:
        """For models that are not Claude's."""
        ...


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done about the model. Where `model` is None, the client's own is sent."""

    model: str | None
    # None where the model is none to be routed, so that nobody asked.
    score: int | None
    # For people, one fact each.
    reasons: tuple[str, ...]
    held_back: str | None = None
    saving: Saving | None = None


def decide(
    value: object, model: str, routing: Routing, *, cache: CacheState | None = None, input_tokens: int | None = None
) -> Decision:
    """Decide which model a request goes to.

    Args:
        value: the decoded body (`wire.canonical.parse`).
        model: what the client asks for.
        cache: of the request's session; None where nothing is known of it.
        input_tokens: about how many the request is, for what the cheaper model would refuse.

    Example: `claude-opus-4-8` with "What is a monad?" and nothing known of a cache goes to `routing.cheap`.
    """
    cheap, mid = tiers(model, routing)
    if cheap is None and mid is None:
        return Decision(None, None, (_why_not(model, routing),))
    scored = score(value)
    wanted = cheap if scored.points <= CHEAP_UP_TO else mid if scored.points <= MID_UP_TO else None
    reasons = list(scored.reasons)
    warm = cache if cache is not None and cache.warm else None
    target, held_back = wanted, None
    if warm is not None and warm.model in (model, cheap, mid):
        said = f"the cache of {warm.model} is warm (used {warm.idle_s:.0f} s ago)"
        if warm.model == model:
            held_back = said if wanted else None
        elif scored.points <= MID_UP_TO:
            target = warm.model
            reasons.append(f"stays: {said}")
        else:
            reasons.append(f"leaves, although {said}: a hard prompt may")
    if target is not None and held_back is None:
        held_back = refusal(value, target, input_tokens)
    saving = Saving(SavingKind.ROUTING, model, target, scored.points, held_back) if target is not None else None
    return Decision(None if held_back else target, scored.points, tuple(reasons), held_back, saving)


def held(decision: Decision, why: str) -> Decision:
    """The same, left undone because of `why`: the body cannot be edited, say."""
    if decision.model is None or decision.saving is None:
        return decision
    return replace(decision, model=None, held_back=why, saving=replace(decision.saving, held_back=why))


def tiers(model: str, routing: Routing) -> tuple[str | None, str | None]:
    """What `model` may be routed to, for simple prompts and for those in between; None: to nothing."""
    known = claude_model(model)
    if known is None:
        entry = routing.table.get(model)
        cheap, mid = (entry.cheap, entry.mid) if entry is not None else (None, None)
        return (cheap if cheap != model else None, mid if mid != model else None)
    if known.family is Family.HAIKU:
        return None, None
    return (
        _lower(routing.cheap, known.family),
        _lower(routing.mid, known.family) if known.family is Family.TOP else None,
    )


def _lower(target: str | None, family: Family) -> str | None:
    """`target`, if it is below the family; one that is none of Claude's is what the configuration takes it for."""
    found = claude_model(target) if target is not None else None
    return target if found is None or found.family < family else None


def _why_not(model: str, routing: Routing) -> str:
    known = claude_model(model)
    if known is None:
        listed = model in routing.table
        return f"routing.table has nothing cheaper for {model}" if listed else f"{model} is not in routing.table"
    if known.family is Family.HAIKU:
        return f"{model} is of the cheapest family, which is never routed"
    return f"neither routing.cheap nor routing.mid is below {model}"
