"""Parse the command line, run one command, turn whatever happened into an exit status.

Nobody sees a traceback, except who asks for it with `TRIOPROXY_TRACEBACK=1`.

    0    done
    1    the work failed
    2    the command line or the configuration is wrong
    130  Ctrl-C
    141  the reader of our output went away (as if killed by SIGPIPE)
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

from cyclopts import App, CycloptsError, UnusedCliTokensError

from trioproxy import __version__
from trioproxy.cli import config, demo, explain, lab, ledger, run, serve
from trioproxy.errors import ConfigurationError, TrioProxyError

_EXAMPLES = """Examples:
  trioproxy demo                        see it work, without a key or a network
  trioproxy run -- claude               Claude Code through a proxy of its own
  trioproxy serve                       a proxy for everybody, on port 8082
  trioproxy ledger summary --by model   what it has cost

Exit status: 0 done, 1 the work failed, 2 the command line or the configuration
is wrong.
"""


def command_line() -> App:
    """All commands."""
    app = App(
        name="trioproxy",
        help="A streaming reverse proxy for LLM APIs that notices when its clients leave.",
        help_format="plaintext",
        help_epilogue=_EXAMPLES,
        version=f"trioproxy {__version__}",
        suppress_keyboard_interrupt=False,
    )
    app.command(serve.serve, help_epilogue=serve.EXAMPLES)
    app.command(run.run, help_epilogue=run.EXAMPLES)
    app.command(ledger.command_line())
    app.command(config.command_line())
    app.command(explain.explain, help_epilogue=explain.EXAMPLES)
    app.command(demo.demo, help_epilogue=demo.EXAMPLES)
    app.command(lab.command_line())
    return app


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command in `argv` (without the program's name; the process's own by default).

    Returns the exit status and raises nothing but SystemExit.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        status = command_line()(arguments, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt, BaseExceptionGroup) as error:  # noqa: BLE001  # where all become a status
        if os.environ.get("TRIOPROXY_TRACEBACK"):
            traceback.print_exception(error)
        return _report(_cause(error))
    return status or 0


def _cause(error: BaseException) -> BaseException:
    """The error itself, where Trio has wrapped it in a group; of several, Ctrl-C, else the first."""
    while isinstance(error, BaseExceptionGroup):
        interrupts = error.subgroup(KeyboardInterrupt)
        error = (interrupts or error).exceptions[0]
    return error


def _report(error: BaseException) -> int:
    match error:
        case ConfigurationError():
            _say(*error.problems)
            return 2
        case CycloptsError():
            _say(f"trioproxy: {_said(error)}", "Try 'trioproxy --help', or --help after a command.")
            return 2
        case KeyboardInterrupt():
            return 130
        case BrokenPipeError():
            # The interpreter flushes standard output once more at its end: let it go nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            return 141
        case TrioProxyError():
            _say(f"trioproxy: {error.message}")
        case OSError():
            _say(f"trioproxy: {error}")
        case _:
            _say(
                f"trioproxy: a fault of the program itself: {type(error).__name__}: {error}",
                "Set TRIOPROXY_TRACEBACK=1 to see where, and please report it.",
            )
    return 1


def _said(error: CycloptsError) -> str:
    if isinstance(error, UnusedCliTokensError):
        extra = [f'"{token}"' for token in error.unused_tokens or ()]
        return f"Unexpected argument{'s' * (len(extra) != 1)} {' '.join(extra)}."
    return str(error)


def _say(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)
