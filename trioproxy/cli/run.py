"""`trioproxy run`: a proxy that lives as long as one command.

start the proxy ─▶ start CMD ─▶ wait for CMD ─▶ drain the proxy ─▶ say what it cost
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from trioproxy.cli.options import AUTHORITIES, ConfigFile, settings_from

if TYPE_CHECKING:
    from trioproxy.settings import Settings

# As shells have it.
_CANNOT_EXECUTE = 126
_NOT_FOUND = 127

EXAMPLES = """Examples:
  trioproxy run -- claude
  trioproxy run -- codex exec "fix the tests"
  trioproxy run -- python agent.py
  trioproxy run --config trioproxy.toml -- make evals

Exit status: CMD's own; 128 + n if signal n ended it; 127 if it was not found,
126 if it could not be executed.
"""


def run(
    *command: Annotated[
        str, Parameter(name="CMD", required=True, allow_leading_hyphen=True, help="The command and its arguments.")
    ],
    config: ConfigFile = None,
    log: Annotated[str | None, Parameter(help="Append the proxy's log to this file; else there is none.")] = None,
) -> int:
    """Run a command with a proxy of its own, then say what it cost.

    The proxy listens on a free port of 127.0.0.1; the command finds it in
    ANTHROPIC_BASE_URL, OPENAI_BASE_URL and the like. SIGINT, SIGTERM and SIGHUP
    are passed on. Write -- before the command: what follows is the command's.
    """
    settings = _local(settings_from(config, reads=AUTHORITIES))
    program = command[0]
    if shutil.which(program) is None:
        there = os.path.dirname(program) and os.path.exists(program)  # noqa: PTH110, PTH120  # "./x" is not "x" here
        print(f"trioproxy: {program}: {'cannot be executed' if there else 'command not found'}", file=sys.stderr)
        return _CANNOT_EXECUTE if there else _NOT_FOUND
    import trio

    from trioproxy.app.serve import run_server
    from trioproxy.cli.companion import accompany
    from trioproxy.rules.ids import uuid7

    _log_to(log)
    owner = uuid7(time.time(), os.urandom(10))
    server = partial(run_server, owner=owner)
    status = trio.run(partial(accompany, settings, command, dict(os.environ), server=server))
    print(f"trioproxy: {_cost(settings.ledger.url, owner)}", file=sys.stderr)
    return status


def _local(settings: Settings) -> Settings:
    """For this host alone, and without TLS: CMD would have to be told to trust the certificate."""
    here = {"host": "127.0.0.1", "port": 0, "certfile": None, "keyfile": None}
    plain = settings.server.model_copy(update=here)
    return settings.model_copy(update={"server": plain})


def _cost(url: str, owner: str) -> str:
    """What the requests of the proxy `owner` cost, in a sentence."""
    from trioproxy.cli.drawing import printable
    from trioproxy.errors import LedgerError
    from trioproxy.store.reading import open_reader
    from trioproxy.views.sums import sentence

    try:
        with open_reader(url) as reader:
            return printable(sentence(reader.sums(owner=owner)[0]))
    except LedgerError as error:
        return f"what it cost is not known: {error.message}"


def _log_to(file: str | None) -> None:
    """Keep the log off the terminal, which is CMD's.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    import logging

    from trioproxy.app.process import set_up_logging
    from trioproxy.errors import ConfigurationError

    try:
        handler = logging.FileHandler(file) if file else logging.NullHandler()
    except OSError as error:
        raise ConfigurationError([f"option --log: cannot write the log to {file}: {error.strerror}"]) from None
    set_up_logging(handler)
