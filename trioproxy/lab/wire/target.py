"""A target: a proxy that somebody can start, as a small TOML file. `docs/lab/wire.md` is the reference.

Strings may hold `{port}`, `{upstream_port}`, `{folder}` and other places of one run (`place.py`, PLACES).
"""

from __future__ import annotations

import signal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

from trioproxy.settings.kinds import Expected, Flag, Seconds

Protocol = Literal["h1", "h2c", "h2"]
PROTOCOLS: tuple[Protocol, ...] = ("h1", "h2c", "h2")


def _not_empty(value: Any) -> Any:
    if not value:
        raise ValueError("it is empty")
    return value


def _signal(value: str) -> str:
    if not value.startswith("SIG") or not hasattr(signal, value):
        raise ValueError("no such signal")
    return value


NotEmpty = AfterValidator(_not_empty)
Text = Annotated[str, NotEmpty, Expected("text")]
Words = Annotated[list[str], Expected("an array of strings")]
Command = Annotated[list[str], NotEmpty, Expected("a command: an array of strings, the program first")]
Table = Annotated[dict[str, str], Expected("a table of strings")]
Signal = Annotated[str, AfterValidator(_signal), Expected('the name of a signal, like "SIGTERM"')]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Install(_Section):
    """What it needs. `programs` must be found, in the target's own virtual environment or on the PATH."""

    programs: Words = []
    pip: Words = []
    apt: Words = []


class Run(_Section):
    """How it is started, and how long that may take. It stays in the foreground."""

    command: Command
    environment: Table = {}
    start_limit_s: Seconds = 30.0
    # Asks it to end once its streams have.
    graceful: Signal = "SIGTERM"


class Asking(_Section):
    """How a question reaches the upstream through it. The body is an Anthropic message's."""

    path: Annotated[str, AfterValidator(_not_empty), Expected('a path, like "/v1/messages"')] = "/v1/messages"
    headers: Table = {}
    model: Text = "claude-haiku-4-5"
    # Bytes of the answer pass unchanged; else an event may be worded anew.
    verbatim: Flag = True


class LedgerQueries(_Section):
    """How its ledger is read once it has ended. Each query gives one number."""

    sqlite: Text
    # All rows; those that have an end; those that are more than one for the same call.
    opened: Text
    settled: Text
    doubled: Text


class Target(_Section):
    """All of a target's file."""

    name: Text
    says: Text
    speaks: Annotated[
        list[Protocol],
        NotEmpty,
        Expected('what clients may speak: of "h1", "h2c" (prior knowledge), "h2"'),
    ]
    # What it speaks to the upstream.
    upstream: Annotated[Literal["h1", "h2c"], Expected('"h1" or "h2c"')] = "h1"
    install: Install = Install()
    files: Table = {}
    run: Run
    ask: Asking = Asking()
    ledger: LedgerQueries | None = None
    # What tells its versions: commands by name; the first line they print that is not empty counts.
    versions: Annotated[dict[str, list[str]], Expected("a table of commands, each an array of strings")] = {}
