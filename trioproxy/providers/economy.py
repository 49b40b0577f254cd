"""What is done to a generation request so that it costs less: decided, edited, and put in words for the ledger.

    value ─▶ decide ─▶ rerouted ─▶ with_prompt_caching ─▶ body, headers, savings
             rules     providers   providers

Where the body cannot be edited (it is compressed, or a name is in it twice) it goes out as it came,
and the savings say what was held back. `trioproxy explain` shows the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from trioproxy.model import RawHeaders, Saving, SavingKind
from trioproxy.providers.base import Kind
from trioproxy.providers.rerouting import effort_members, rerouted, with_prompt_caching
from trioproxy.rules.cache_state import CacheState
from trioproxy.rules.refusals import takes_effort
from trioproxy.rules.routing import Decision, decide, held
from trioproxy.settings import RoutingSettings
from trioproxy.wire.canonical import MAX_MEMBERS, Json
from trioproxy.wire.editing import EditError
from trioproxy.wire.headers import content_coding

ROUTED = frozenset((Kind.MESSAGES, Kind.CHAT, Kind.RESPONSES))
# A longer name is none of a model's.
MAX_MODEL_CHARS = 500


@dataclass(frozen=True, slots=True)
class Economy:
    """A request as it goes out. With nothing done, `body` and `headers` are the client's own objects."""

    body: bytes = field(repr=False)
    headers: RawHeaders = field(repr=False)
    # None where routing is off, or the request is none to be routed.
    decision: Decision | None = None
    savings: tuple[Saving, ...] = ()
    # What was edited, for people.
    edits: tuple[str, ...] = ()

    @property
    def model(self) -> str | None:
        """What is sent in place of the client's model; None where that is sent."""
        return self.decision.model if self.decision is not None else None

    @property
    def caching(self) -> Saving | None:
        """What was done about prompt caching, or held back; None where nothing was to be done."""
        return next((saving for saving in self.savings if saving.kind is SavingKind.PROMPT_CACHING), None)


def economised(
    kind: Kind,
    body: bytes,
    found: Json | None,
    headers: RawHeaders,
    routing: RoutingSettings,
    *,
    cache: CacheState | None = None,
    input_tokens: int | None = None,
) -> Economy:
    """Do to a request what the configuration allows. Raises nothing.

    Args:
        body: as the client sent it, perhaps compressed.
        found: what was read of the body; None where it is no JSON, and then nothing is done.
        headers: the client's. A `content-length` among them is the caller's to mend.
        cache: of the request's session (`rules/cache_state.py`), None where nothing is known.
        input_tokens: about how many the request is, where it has been estimated.
    """
    out = Economy(body, headers)
    value = found.value if found is not None else None
    if kind not in ROUTED or found is None or not isinstance(value, dict):
        return out
    model = value.get("model")
    if not isinstance(model, str) or not 0 < len(model) <= MAX_MODEL_CHARS:
        return out
    coding = content_coding(headers)
    obstacle = f"the request's body is compressed ({coding})" if coding else None
    if len(value) > MAX_MEMBERS:
        obstacle = f"the request's body has over {MAX_MEMBERS} members"
    if routing.enabled:
        decision = decide(value, model, routing, cache=cache, input_tokens=input_tokens)
        out = _routed(out, value, held(decision, obstacle) if obstacle else decision)
    if routing.prompt_caching and kind is Kind.MESSAGES:
        out = _cached(out, found, Saving(SavingKind.PROMPT_CACHING, model, out.model or model), obstacle)
    return out


def _routed(out: Economy, value: object, decision: Decision) -> Economy:
    try:
        body, headers = rerouted(out.body, value, out.headers, decision)
    except EditError as error:
        why = f"the request's body cannot be edited ({error})"
        body, headers, decision = out.body, out.headers, held(decision, why)
    edits = _edits(value, out.headers, headers, decision.model) if decision.model is not None else ()
    return Economy(body, headers, decision, (decision.saving,) if decision.saving else (), edits)


def _cached(out: Economy, found: Json, saving: Saving, obstacle: str | None) -> Economy:
    if obstacle is not None:
        return replace(out, savings=(*out.savings, replace(saving, held_back=obstacle)))
    body = with_prompt_caching(out.body, found)
    if body is None:
        return out
    edits = (*out.edits, "cache_control added at the top of the body")
    return replace(out, body=body, savings=(*out.savings, saving), edits=edits)


def _edits(value: object, before: RawHeaders, after: RawHeaders, model: str) -> tuple[str, ...]:
    gone = () if takes_effort(model) else effort_members(value)
    edits = ["model replaced", *(f"{'.'.join(map(str, path))} taken away" for path in gone)]
    if before != after:
        edits.append("context-1m taken out of anthropic-beta")
    return tuple(edits)
