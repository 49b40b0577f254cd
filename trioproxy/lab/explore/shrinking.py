"""Smaller stories: each with one thing less in it, the largest things first.

story ─▶ a client, a call ─▶ chunks, words, pauses ─▶ deeds, headers, numbers
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trioproxy.lab.explore.shrinking_client import plainer, with_other, without_one
from trioproxy.lab.script import Chunk, Head, Interim, Raw, Script, Story, Take


def smaller(story: Story) -> Iterator[Story]:
    """Stories with one thing less than `story`, or one thing made plainer; none that cannot be told."""
    yield from _fewer_clients(story)
    if len(story.upstream) > 1:
        for upstream in without_one(story.upstream):
            yield replace(story, upstream=upstream)
    for number, script in enumerate(story.upstream):
        for less in _shorter(script):
            yield replace(story, upstream=with_other(story.upstream, number, less))
    for number, client in enumerate(story.clients):
        for simple in plainer(client):
            yield replace(story, clients=with_other(story.clients, number, simple))
    if any(story.begin_s):
        yield replace(story, begin_s=())


def _fewer_clients(story: Story) -> Iterator[Story]:
    if len(story.clients) == 1:
        return
    for clients, begin_s in zip(without_one(story.clients), without_one(story.begin_s), strict=True):
        yield replace(story, clients=clients, begin_s=begin_s)


def _shorter(script: Script) -> Iterator[Script]:
    """Without half of the chunks or one of them, a 1xx or raw bytes; without pauses; taken and written plainly."""
    chunks = [at for at, (_, action) in enumerate(script.steps) if isinstance(action, Chunk)]
    others = [at for at, (_, action) in enumerate(script.steps) if isinstance(action, Interim | Raw)]
    half = len(chunks) // 2
    for gone in ([chunks[:half], chunks[half:]] if half else []) + [[at] for at in chunks + others]:
        try:
            yield replace(script, steps=tuple(step for at, step in enumerate(script.steps) if at not in gone))
        except ValueError:  # a head that is raw bytes: what follows it cannot be told without
            continue
    paused = [at for at, (after_s, _) in enumerate(script.steps) if after_s]
    for these in ([paused] if len(paused) > 1 else []) + [[at] for at in paused]:
        steps = tuple((0.0 if at in these else after_s, action) for at, (after_s, action) in enumerate(script.steps))
        yield replace(script, steps=steps)
    if script.write_bytes is not None:
        yield replace(script, write_bytes=None)
    if script.take is not Take.WHOLE:
        yield replace(script, take=Take.WHOLE)
    if script.take_bytes_per_s is not None:
        yield replace(script, take_bytes_per_s=None)
    yield from _less_in_a_step(script)


def _less_in_a_step(script: Script) -> Iterator[Script]:
    """Half of what is in a chunk; a head, or a 1xx, without one of its headers."""
    for at, (after_s, action) in enumerate(script.steps):
        match action:
            case Chunk(data) if len(data) > 1:
                yield replace(script, steps=with_other(script.steps, at, (after_s, Chunk(data[: len(data) // 2]))))
            case Head() | Interim():
                for headers in without_one(action.headers):
                    plain = after_s, replace(action, headers=headers)
                    yield replace(script, steps=with_other(script.steps, at, plain))
            case _:
                pass
