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
from trioproxy.wire.canonical import Json, canonical
from trioproxy.wire.editing import Path, removed, replaced

_BETA = b"anthropic-beta"
_LONG_CONTEXT = b"context-1m"
_CACHE_CONTROL = b'"cache_control"'
_CACHED_MEMBER = b',"cache_control":{"type":"ephemeral"}'
# From where to where in a body what is put.
Splice = tuple[int, int, bytes]

_escaped_letter = re.compile(rb"\\u00[567]").search
_model_first = re.compile(rb'[ \t\r\n]*\{[ \t\r\n]*"model"[ \t\r\n]*:[ \t\r\n]*("[^"\\]*")').match


def edited(
    body: bytes, value: object, headers: RawHeaders, *, model: str | None, cached: bool
) -> tuple[bytes, RawHeaders]:
    """The request as it goes out; with nothing to be done, the very same objects.

    Args:
        value: the decoded `body` (`wire.canonical.read`), an object with a `model`.
        headers: the client's. A `content-length` among them is the caller's to mend.
        model: what is sent in place of the client's; None: that.
        cached: a `cache_control` is added.

    Raises:
        EditError: the body cannot be edited; send it as it is.
    """
    if model is None:
        return (_spliced(body, _caching(body)) if cached else body), headers
    for path in effort_members(value) if not takes_effort(model) else ():
        body = removed(body, path)
    name = msgspec.json.encode(model)
    first = _model_first(body)  # where it mostly is; `value` was read, so no name is there twice
    splices = [(*first.span(1), name)] if first is not None else []
    if first is None:
        body = replaced(body, ("model",), name)
    return _spliced(body, *splices, *([_caching(body)] if cached else [])), without_long_context(headers)


def effort_members(value: object) -> tuple[Path, ...]:
    """Where the decoded body sets the effort. An `output_config` that is left empty stays: the API takes it."""
    places: tuple[Path, ...] = (("effort",), ("output_config", "effort"))
    return tuple(path for path in places if path[-1] in (members(value) if len(path) == 1 else _output_config(value)))


def without_long_context(headers: RawHeaders) -> RawHeaders:
    """`headers` without the names that begin with `context-1m` in `anthropic-beta`; a field left empty is left out.

    The very same object where there is none.
    """
    kept, taken = [], False
    for name, field in headers:
        if name.lower() == _BETA and _LONG_CONTEXT in field:
            listed = field.split(b",")
            left = [each for each in listed if not each.strip().startswith(_LONG_CONTEXT)]
            if len(left) < len(listed):
                taken = True
                field = b",".join(left).strip(b" \t")
                if not field.strip(b", \t"):
                    continue
        kept.append((name, field))
    return tuple(kept) if taken else headers


def sets_cache_control(body: bytes, found: Json) -> bool:
    """Whether the client has set a `cache_control` anywhere.

    Looking for the name's bytes is exact where no letter is escaped: within a string the closing quote would have a
    backslash before it. (A string that is just this word counts as one.) Where one is, the canonical text is searched.

    Args:
        found: what was read of the body.
    """
    try:
        plain = found.shortest or not _escaped_letter(body)
        return _CACHE_CONTROL in (body if plain else canonical(found.value))
    except RecursionError:  # it could just be read: leave it alone
        return True


def _caching(body: bytes) -> Splice:
    """Adds it to an object with a member or more."""
    end = body.rindex(b"}")
    return end, end, _CACHED_MEMBER


def _spliced(body: bytes, *splices: Splice) -> bytes:
    """All at once: of a megabyte each copy costs more than anything else that is done to it."""
    there, at = memoryview(body), 0
    parts: list[bytes | memoryview] = []
    for start, end, new in splices:
        parts += (there[at:start], new)
        at = end
    return b"".join((*parts, there[at:]))


def _output_config(value: object) -> dict[str, object]:
    return members(members(value).get("output_config"))
