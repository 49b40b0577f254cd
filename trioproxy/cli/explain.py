"""`trioproxy explain`."""

from __future__ import annotations

import json as json_module
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from trioproxy.cli.options import ConfigFile, settings_from

if TYPE_CHECKING:
    from trioproxy.model import RawHeaders
    from trioproxy.providers.explanation import Explanation

EXAMPLES = """Examples:
  trioproxy explain request.json
  trioproxy explain - --path /openai/v1/chat/completions < request.json
  trioproxy explain request.json --header 'anthropic-beta: context-1m-2025'
"""


def explain(
    file: Annotated[str, Parameter(help="A request's body; - is standard input.", allow_leading_hyphen=True)],
    /,
    *,
    path: Annotated[str, Parameter(help="What it is sent to, with its query.")] = "/v1/messages",
    header: Annotated[
        list[str] | None, Parameter(help="A header of the request, 'name: value'; may be repeated.", negative=())
    ] = None,
    json: Annotated[bool, Parameter(negative="", show_default=False, help="For programs: one JSON object.")] = False,
    config: ConfigFile = None,
) -> int:
    """Print what would be done with a request, and why.

    Nothing is sent: which provider and model it goes to, how hard its prompt is
    taken to be, what is edited, how long the call outlives its client, whether its
    answer may be joined or replayed.
    """
    from dataclasses import asdict

    from trioproxy.errors import ClientError, ConfigurationError
    from trioproxy.model import Arrival
    from trioproxy.providers.explanation import explanation

    settings = settings_from(config)
    raw_path, _, query = path.encode().partition(b"?")
    arrival = Arrival("", 0.0, "POST", raw_path, query, _headers(header or []), "1.1")
    body = _read(file)
    try:
        found = explanation(arrival, body, settings)
    except ClientError as error:
        raise ConfigurationError([f"option --path: {error.message}"]) from None
    except ValueError as error:
        raise ClientError(f"{'standard input' if file == '-' else file}: {error}") from None
    print(json_module.dumps(asdict(found), ensure_ascii=False) if json else "\n".join(_lines(found)))
    return 0


def _headers(given: list[str]) -> RawHeaders:
    from trioproxy.errors import ConfigurationError

    pairs = [line.partition(":") for line in given]
    if wrong := [line for line, (name, colon, _) in zip(given, pairs, strict=True) if not (name.strip() and colon)]:
        raise ConfigurationError([f"option --header: got {line!r}; expected 'name: value'" for line in wrong])
    return tuple((name.strip().lower().encode(), value.strip().encode()) for name, _, value in pairs)


def _read(file: str) -> bytes:
    from trioproxy.errors import ConfigurationError

    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise ConfigurationError(
            [f"{file}: {(error.strerror or str(error)).lower()}; expected a request's body"]
        ) from None


def _lines(found: Explanation) -> list[str]:
    """For people: a fact a line, and what it is made of below it."""
    from trioproxy.cli.drawing import printable

    score = "none" if found.score is None else f"{found.score} of 10"
    reuse = (f"no: {found.not_reused}",) if found.not_reused is not None else _reuse(found)
    facts: list[tuple[str, str, tuple[str, ...]]] = [
        ("goes to", f"{found.provider}, dialect {found.dialect}, as {found.target}", ()),
        ("request", f"{found.kind}, {'a generation' if found.generation else 'passed on unread'}", ()),
        ("model asked", found.model_requested or "-", ()),
        ("model sent", found.model_sent or "-", ()),
        ("routing", found.routing, ()),
        ("score", score, found.reasons),
        *([("held back", found.held_back, ())] if found.held_back else []),
        ("edited", "nothing" if not found.edits else "", found.edits),
        ("prompt caching", found.prompt_caching, ()),
        ("usage of chat streams", found.include_usage, ()),
        ("client leaves", f"{found.on_disconnect}: {_stay(found)}", ()),
        ("reuse", "", reuse),
        *([("not known here", "", found.unknown)] if found.unknown else []),
    ]
    width = max(len(name) for name, _, _ in facts)
    lines = []
    for name, fact, parts in facts:
        shown = [*([fact] if fact else []), *parts]
        lines += [f"{name if not at else '':{width}}  {printable(text)}" for at, text in enumerate(shown)]
    return lines


def _stay(found: Explanation) -> str:
    """What becomes of the call when its client leaves."""
    if not found.outlives_s:
        return f"ends at once: {found.bound}" if found.bound else "ends at once"
    if found.until is not None:
        return f"lives on until its {found.until}, for {found.outlives_s:g} s at most"
    return f"lives on for {found.outlives_s:g} s"


def _reuse(found: Explanation) -> tuple[str, ...]:
    """How the request may be answered without a call of its own."""
    replayed = f"its answer is replayed for {found.replay_window_s:g} s after its end"
    joins = {
        "resend": "joins a call of the same request whose client has left, or as a retry",
        "always": "joins any live call of the same request",
        "never": "joins no call (replay.join)",
    }
    return (
        replayed if found.replay_window_s else "its answer is not replayed (replay.window)",
        joins[str(found.join)],
    )
