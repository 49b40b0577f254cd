"""`trioproxy lab …`: cancellation experiments. One module a command."""

from __future__ import annotations

from cyclopts import App

_EXAMPLES = """Examples:
"""


def command_line() -> App:
    """The group `lab`."""
    return App(
        name="lab",
        help="Study what happens when somebody leaves.",
        help_format="plaintext",
        help_epilogue=_EXAMPLES,
    )
