"""The whole of a run as a story, with remarks on what a story cannot tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trioproxy.lab.from_trace.client import client_script
from trioproxy.lab.from_trace.telling import Telling
from trioproxy.lab.from_trace.upstream import Call
from trioproxy.lab.script import Ask, Script, Silence, Story
from trioproxy.lab.script.toml import parse_story, write_story
from trioproxy.model import Dialect, Policy
from trioproxy.rules.lifecycle import Phase
from trioproxy.settings import BUILT_IN_PROVIDERS
from trioproxy.trace.records import Event, Lane, What

# What is asked for in place of a request whose bytes are not known.
_USUAL_PATH = {Dialect.ANTHROPIC: "/v1", Dialect.OPENAI: "/openai/v1"}


@dataclass(frozen=True, slots=True)
class Retold:
    """A story, and what is to be known of it."""

    story: Story
    remarks: tuple[str, ...]

    def toml(self) -> str:
        """The story as a file, the remarks as comments on top."""
        return "".join(f"# {remark}\n" for remark in self.remarks) + "\n" + write_story(self.story)


def retell(telling: Telling) -> Retold:
    """What happened in a run, as something that can be played."""
    played = parse_story(telling.run.script, f"run {telling.run.id}: script") if telling.run.script else None
    whos = telling.whos(Lane.CLIENT) or [0]
    asks = {who: _ask(telling, who, played) for who in whos}
    calls = [*_calls(telling, asks[whos[0]].path, played)]
    scripts = [call.script() for call in calls] or [Script.of(Silence())]
    clients = [client_script(telling, who, asks[who]) for who in whos]
    return Retold(
        Story(f"from {telling.run.id}", tuple(scripts), tuple(clients), tuple(_begin_s(telling, whos))),
        tuple(_remarks(telling, calls)),
    )


def _calls(telling: Telling, path: str, played: Story | None) -> Iterator[Call]:
    """The calls of a run; where none is in it, or nothing of what it sent, the one that a client's answer tells of."""
    whos = sorted({*telling.whos(Lane.UPSTREAM), *telling.whos(Lane.PUMP)})
    shared = not whos and telling.first(Lane.SEAT, None, What.JOINED, What.REPLAYED) is not None
    told = telling.first(Lane.UPSTREAM, None, What.HEAD, What.BYTES, What.BROKE)
    told = told or telling.first(Lane.PUMP, None) or telling.first(Lane.SETTLE, None)
    if shared or (whos and told is None and telling.first(Lane.CLIENT, None, What.HEAD) is not None):
        yield Call(telling, Lane.CLIENT, telling.whos(Lane.CLIENT)[0], path, played.script(1) if played else None)
        return
    for who in whos:
        yield Call(telling, Lane.UPSTREAM, who, path, played.script(who + 1) if played else None)


def _ask(telling: Telling, who: int, played: Story | None) -> Ask:
    if played is not None and who < len(played.clients):
        return played.clients[who].ask
    event = telling.first(Lane.CLIENT, who, What.REQUEST)
    method, _, path = (event.note if event is not None else "").partition(" ")
    if not path:
        return Ask()
    body = b"{}"
    if telling.measure("media_type") == "text/event-stream":
        body = b'{"stream":true}'
    if event is not None and _never_sent(telling):
        body += b" " * (event.size_bytes - len(body))
    return Ask(_known(telling, path), body if method == "POST" else b"", method=method)


def _known(telling: Telling, path: str) -> str:
    """The path, at a provider that every proxy knows."""
    provider, dialect = telling.run.cell.get("provider"), telling.measure("dialect")
    if provider is None or provider in BUILT_IN_PROVIDERS or dialect not in list(Dialect):
        return path
    return _USUAL_PATH[Dialect(dialect)] + path.removeprefix(f"/{provider}/v1")


def _never_sent(telling: Telling) -> bool:
    phases = {event.note for event in telling.of(Lane.PUMP, None, What.PHASE)}
    return Phase.SENDING in phases and Phase.WAITING not in phases


def _begin_s(telling: Telling, whos: list[int]) -> list[float]:
    asked = [telling.first(Lane.CLIENT, who, What.REQUEST) for who in whos]
    times = [event.at_s if event is not None else 0.0 for event in asked]
    return [round(at_s - min(times), 6) for at_s in times]


def _remarks(telling: Telling, calls: list[Call]) -> Iterator[str]:
    run = telling.run
    yield f"Made from run {run.id} of {run.subject}: " + ", ".join(
        f"{axis} {value}" for axis, value in run.cell.items()
    )
    if not calls:
        yield "No upstream was called: the proxy answered by itself. The upstream here says nothing."
    elif calls[0].lane is Lane.CLIENT:
        yield "What its upstream sent is not in the run: it is told from what the client was given."
    if any(not call.bytes_known for call in calls):
        yield "The bytes of the answer were not kept: these are others, of the same sizes."
    if coding := telling.measure("content_coding"):
        yield f"The answer was encoded ({coding}); here it is not."
    if dropped := telling.measure("dropped_events"):
        yield f"{dropped} chunks or phases were counted, not listed: those chunks are one here."
    policy = telling.measure("policy")
    if policy not in (None, Policy.ABORT):
        yield f"The policy {policy} applied: what a proxy is set to is no part of a story."
    if telling.measure("exchange") == "rejected":
        yield "The request was refused; a story tells no request that is unfit, or never ends."
    for event in telling.events:
        if said := _untold(event):
            yield said


def _untold(event: Event) -> str | None:
    """What happened that no script does."""
    if event.what is What.FAULT:
        return f"At {event.at_s:g} s the lab did this, which is no part of the story: {event.note}"
    if event.what is What.CANCELLED and event.note in ("shutdown", "fault of ours"):
        return f"At {event.at_s:g} s the call was cancelled by a {event.note}, which is no part of the story."
    return None
