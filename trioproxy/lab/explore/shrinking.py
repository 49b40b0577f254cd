"""Smaller stories: each with one thing less in it, the largest things first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trioproxy.lab.script import Chunk, ClientScript, Script, Story


def smaller(story: Story) -> Iterator[Story]:
    """Stories with fewer clients, calls, chunks, deeds or pauses than `story`; none that cannot be told."""
    yield from _fewer_clients(story)
    if len(story.upstream) > 1:
        yield replace(story, upstream=story.upstream[:-1])
    for number, script in enumerate(story.upstream):
        for less in _shorter(script):
            yield replace(story, upstream=(*story.upstream[:number], less, *story.upstream[number + 1 :]))
    for number, client in enumerate(story.clients):
        for plainer in _plainer(client):
            yield replace(story, clients=(*story.clients[:number], plainer, *story.clients[number + 1 :]))
    if any(story.begin_s):
        yield replace(story, begin_s=())


def _fewer_clients(story: Story) -> Iterator[Story]:
    if len(story.clients) == 1:
        return
    begin_s = (*story.begin_s, *[0.0] * (len(story.clients) - len(story.begin_s)))
    for number in range(len(story.clients)):
        clients = (*story.clients[:number], *story.clients[number + 1 :])
        yield replace(story, clients=clients, begin_s=(*begin_s[:number], *begin_s[number + 1 :]))


def _shorter(script: Script) -> Iterator[Script]:
    """Without half of the chunks, without one of them, without its pauses, with less in a chunk."""
    chunks = [at for at, (_, action) in enumerate(script.steps) if isinstance(action, Chunk)]
    half = len(chunks) // 2
    for gone in ([chunks[:half], chunks[half:]] if half else []) + [[at] for at in chunks]:
        yield replace(script, steps=tuple(step for at, step in enumerate(script.steps) if at not in gone))
    if any(after_s for after_s, _ in script.steps):
        yield replace(script, steps=tuple((0.0, action) for _, action in script.steps))
    for at in chunks:
        after_s, action = script.steps[at]
        if isinstance(action, Chunk) and len(action.data) > 1:
            less = (after_s, Chunk(action.data[: len(action.data) // 2]))
            yield replace(script, steps=(*script.steps[:at], less, *script.steps[at + 1 :]))


def _plainer(client: ClientScript) -> Iterator[ClientScript]:
    """Without one of its last deeds; a story that cannot be told without it is passed over."""
    for count in range(len(client.steps)):
        try:
            yield replace(client, steps=client.steps[:count])
        except ValueError:
            continue
