"""`trioproxy config check`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from trioproxy.cli.options import PEM_FILES, settings_from

_EXAMPLES = """Examples:
  trioproxy config check
  trioproxy config check trioproxy.toml
  TRIOPROXY_SERVER__PORT=9000 trioproxy config check
"""


def command_line() -> App:
    """The group `config`."""
    app = App(name="config", help="Look at the configuration.", help_format="plaintext", help_epilogue=_EXAMPLES)
    app.command(check)
    return app


def check(
    file: Annotated[
        str | None, Parameter(help="The file; without it, the one that `trioproxy serve` would use.")
    ] = None,
    /,
) -> int:
    """Validate the configuration and print the effective one as TOML, secrets masked.

    Exit status 2 where it is wrong: then standard error has all problems, one a
    line.
    """
    settings = settings_from(file, reads=PEM_FILES)
    from trioproxy.settings import find_config, render, variables

    found = find_config(file, os.environ, Path.exists)
    applied = ", ".join(variables(os.environ))
    source = f"{found or 'built-in defaults'}, with {applied} of the environment" if applied else found
    print(f"# {source or 'built-in defaults'}; secrets masked\n")
    print(render(settings), end="")
    return 0
