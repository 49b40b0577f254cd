"""What is done to a generation request so that it costs less: decided, edited, and put in words for the ledger.

    value ─▶ decide ─▶ sets_cache_control? ─▶ edited ─▶ body, headers, savings
             rules     providers              providers

Where the body cannot be edited (it is compressed, or a name is in it twice) it goes out as it came,
and the savings say what was held back. `trioproxy explain` shows the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from trioproxy.model import RawHeaders, Saving, SavingKind
from trioproxy.providers.asking import MAX_MEMBERS
from trioproxy.providers.base import Kind
from trioproxy.providers.rerouting import edited, effort_members, sets_cache_control
from trioproxy.rules.cache_state import CacheState
from trioproxy.rules.refusals import takes_effort
from trioproxy.rules.routing import Decision, decide, held
from trioproxy.settings import RoutingSettings
from trioproxy.wire.canonical import Json
from trioproxy.wire.editing import EditError

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
    coding: str = "",
    cache: CacheState | None = None,
    input_tokens: int | None = None,
) -> Economy:
    """Do to a request what the configuration allows. Raises nothing.

    Args:
        body: as the client sent it, perhaps compressed.
        found: what was read of the body; None where it is no JSON, and then nothing is done.
        headers: the client's. A `content-length` among them is the caller's to mend.
        coding: of `body`, as its `content-encoding` says; empty where it is none.
        cache: of the request's session (`rules/cache_state.py`), None where nothing is known.
        input_tokens: about how many the request is, where it has been estimated.
    """
    value = found.value if found is not None else None
    if kind not in ROUTED or found is None or not isinstance(value, dict):
        return Economy(body, headers)
    model = value.get("model")
    if not isinstance(model, str) or not 0 < len(model) <= MAX_MODEL_CHARS:
        return Economy(body, headers)
    obstacle = f"the request's body is compressed ({coding})" if coding else None
    if len(value) > MAX_MEMBERS:
        obstacle = f"the request's body has over {MAX_MEMBERS} members"
    decision = decide(value, model, routing, cache=cache, input_tokens=input_tokens) if routing.enabled else None
    if decision is not None and obstacle:
        decision = held(decision, obstacle)
    caching = None
    if routing.prompt_caching and kind is Kind.MESSAGES and (obstacle or not sets_cache_control(body, found)):
        caching = Saving(SavingKind.PROMPT_CACHING, model, model, held_back=obstacle)
    return _done(body, value, headers, decision, caching)


def edits(out: Economy, value: object, headers: RawHeaders) -> tuple[str, ...]:
    """What was edited, for people; `value` and `headers` are the client's."""
    said: list[str] = []
    if out.model is not None:
        gone = () if takes_effort(out.model) else effort_members(value)
        said += ["model replaced", *(f"{'.'.join(map(str, path))} taken away" for path in gone)]
    if out.headers != headers:
        said.append("context-1m taken out of anthropic-beta")
    if out.caching is not None and out.caching.held_back is None:
        said.append("cache_control added at the top of the body")
    return tuple(said)


def _done(
    body: bytes, value: dict[str, object], headers: RawHeaders, decision: Decision | None, caching: Saving | None
) -> Economy:
    """What was decided, done."""
    model = decision.model if decision is not None else None
    cached = caching is not None and caching.held_back is None
    try:
        new_body, new_headers = edited(body, value, headers, model=model, cached=cached)
    except EditError as error:
        assert decision is not None, "only a model that is replaced can fail"
        return _done(body, value, headers, held(decision, f"the request's body cannot be edited ({error})"), caching)
    savings = [decision.saving] if decision is not None and decision.saving is not None else []
    if caching is not None:
        savings.append(caching if model is None else replace(caching, model_to=model))
    return Economy(new_body, new_headers, decision, tuple(savings))
