"""The command `trioproxy`: one file for each group of commands.

    argv ─▶ main ─▶ a command ─▶ exit status
                        └─▶ ConfigurationError, LedgerError, … ─▶ a line on stderr and 2 or 1

Commands import what they run when they run it: `--help` and `--version` load
neither the server nor the HTTP client.
"""

from __future__ import annotations

from trioproxy.cli.entry import main

__all__ = ["main"]
