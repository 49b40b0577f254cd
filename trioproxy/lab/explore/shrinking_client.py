"""A client with one thing less to do, or to ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from trioproxy.lab.script import After, Ask, AtByte, AtEvent, ClientScript, ClientStep, Resend

T = TypeVar("T")

# The smallest body that an API takes for a request.
_LEAST = b"{}"


def without_one(things: Sequence[T]) -> Iterator[tuple[T, ...]]:
    """`things` without the last of them, without the one before it, …"""
    for number in reversed(range(len(things))):
        yield (*things[:number], *things[number + 1 :])


def with_other(things: Sequence[T], number: int, thing: T) -> tuple[T, ...]:
    """`things` with another one at that place."""
    return (*things[:number], thing, *things[number + 1 :])


def plainer(client: ClientScript) -> Iterator[ClientScript]:
    """Without its last deeds or one of them, one of them sooner, with less in the request."""
    for steps in _less_to_do(client.steps):
        try:
            yield replace(client, steps=steps)
        except ValueError:  # a story that cannot be told without it
            continue
    for ask in _less_to_ask(client.ask):
        yield replace(client, ask=ask)


def _less_to_do(steps: tuple[ClientStep, ...]) -> Iterator[tuple[ClientStep, ...]]:
    for count in range(len(steps) - 1):
        yield steps[:count]
    yield from without_one(steps)
    for at, step in enumerate(steps):
        for sooner in _sooner(step):
            yield with_other(steps, at, sooner)


def _sooner(step: ClientStep) -> Iterator[ClientStep]:
    when, deed = step
    match when:
        case After(seconds_s) if seconds_s:
            yield After(0.0), deed
        case AtByte(count) | AtEvent(count) if count > 1:
            yield type(when)(count // 2), deed
        case _:
            pass
    if isinstance(deed, Resend) and deed.headers:
        yield when, Resend()


def _less_to_ask(ask: Ask) -> Iterator[Ask]:
    if len(ask.body) > len(_LEAST):
        yield replace(ask, body=_LEAST)
    for headers in without_one(ask.headers):
        yield replace(ask, headers=headers)
