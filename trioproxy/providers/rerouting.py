"""The edits that routing and prompt caching make to a request, and no others (`docs/routing.md`).

    model                          replaced
    anthropic-beta                 without `context-1m*`, which is for the client's own model
    effort, output_config.effort   taken away for a Haiku that does not know it
    cache_control                  added at the top, opt-in, where the client has set none anywhere

Every other byte of the body and the headers is the client's (`wire/editing.py`).
"""

from __future__ import annotations

import re

import msgspec

from trioproxy.model import RawHeaders
from trioproxy.providers.fields import members
from trioproxy.rules.refusals import takes_effort
from trioproxy.rules.routing import Decision
from trioproxy.wire.canonical import Json, canonical
from trioproxy.wire.editing import Path, removed, replaced

_BETA = b"anthropic-beta"
_LONG_CONTEXT = b"context-1m"
_CACHE_CONTROL = b'"cache_control"'
_CACHED_MEMBER = b',"cache_control":{"type":"ephemeral"}'
_escaped_letter = re.compile(rb"\\u00[567]").search
_model_first = re.compile(rb'[ \t\r\n]*\{[ \t\r\n]*"model"[ \t\r\n]*:[ \t\r\n]*("[^"\\]*")').match


def rerouted(body: bytes, value: object, headers: RawHeaders, decision: Decision) -> tuple[bytes, RawHeaders]:
    """The request for `decision.model`; as it is where that is None.

    Args:
        value: the decoded `body` (`wire.canonical.read`).
        headers: the client's. A `content-length` among them is the caller's to mend.

    Raises:
        EditError: the body cannot be edited; send it as it is.
    """
    if decision.model is None:
        return body, headers
    for path in effort_members(value) if not takes_effort(decision.model) else ():
        body = removed(body, path)
    name = msgspec.json.encode(decision.model)
    first = _model_first(body)  # where it mostly is; `value` was read, so no name is there twice
    if first is not None:
        there = memoryview(body)
        body = b"".join((there[: first.start(1)], name, there[first.end(1) :]))
    else:
        body = replaced(body, ("model",), name)
    return body, without_long_context(headers)


def effort_members(value: object) -> tuple[Path, ...]:
    """Where the decoded body sets the effort. An `output_config` that is left empty stays: the API takes it."""
    places: tuple[Path, ...] = (("effort",), ("output_config", "effort"))
    return tuple(path for path in places if path[-1] in (members(value) if len(path) == 1 else _output_config(value)))


def without_long_context(headers: RawHeaders) -> RawHeaders:
    """`headers` without the names that begin with `context-1m` in `anthropic-beta`; a field left empty is left out."""
    kept = []
    for name, field in headers:
        if name.lower() == _BETA and _LONG_CONTEXT in field:
            listed = field.split(b",")
            left = [each for each in listed if not each.strip().startswith(_LONG_CONTEXT)]
            if len(left) < len(listed):
                field = b",".join(left).strip(b" \t")
                if not field.strip(b", \t"):
                    continue
        kept.append((name, field))
    return tuple(kept)


def with_prompt_caching(body: bytes, found: Json) -> bytes | None:
    """A body of the Messages API with a `cache_control` at its top; None where the client has set one anywhere.

    Looking for the name's bytes is exact where no letter is escaped: within a string the closing quote would have a
    backslash before it. (A string that is just this word counts as one.) Where one is, the canonical text is searched.

    Args:
        body: an object with a member or more, which are none of the proxy's own.
        found: what was read of it.
    """
    try:
        plain = found.shortest or not _escaped_letter(body)
        if _CACHE_CONTROL in (body if plain else canonical(found.value)):
            return None
    except RecursionError:  # it could just be read
        return None
    there, end = memoryview(body), body.rindex(b"}")
    return b"".join((there[:end], _CACHED_MEMBER, there[end:]))


def _output_config(value: object) -> dict[str, object]:
    return members(members(value).get("output_config"))
