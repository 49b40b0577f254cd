"""`trioproxy lab …`: cancellation experiments. One module a command."""

from __future__ import annotations

from cyclopts import App

from trioproxy.cli.lab import compare, explore, report, script_from_trace, wire

_EXAMPLES = """Examples:
  trioproxy lab wire --target nginx --install   any proxy, over real sockets
  trioproxy lab explore                         this one, a fault at each step
  trioproxy lab compare                         designs that differ in one way
  trioproxy lab report results.jsonl            what was found, as a page
  trioproxy lab script-from-trace TRACE.jsonl   an incident as a story
"""


def command_line() -> App:
    """The group `lab`."""
    app = App(
        name="lab",
        help="Study what happens when somebody leaves.",
        help_format="plaintext",
        help_epilogue=_EXAMPLES,
    )
    app.command(compare.compare, help_epilogue=compare.EXAMPLES)
    app.command(wire.wire, help_epilogue=wire.EXAMPLES)
    app.command(explore.explore, help_epilogue=explore.EXAMPLES)
    app.command(report.report, help_epilogue=report.EXAMPLES)
    app.command(script_from_trace.script_from_trace, help_epilogue=script_from_trace.EXAMPLES)
    return app
