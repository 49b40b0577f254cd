"""`trioproxy serve`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from trioproxy.cli.options import PEM_FILES, ConfigFile, settings_from

EXAMPLES = """Examples:
  trioproxy serve
  trioproxy serve --config trioproxy.toml --host 0.0.0.0
  trioproxy serve --port 0   any free port: the first line of output has it
"""


def serve(
    *,
    config: ConfigFile = None,
    host: Annotated[str | None, Parameter(help="Address to listen on (127.0.0.1).")] = None,
    port: Annotated[int | None, Parameter(help="Port to listen on (8082); 0 picks a free one.")] = None,
) -> int:
    """Run the proxy.

    Prints one line once it accepts connections; logs go to standard error.
    SIGTERM or Ctrl-C lets streams in flight end (up to server.graceful_timeout);
    a second one stops at once.
    """
    settings = settings_from(config, {"server.host": host, "server.port": port}, reads=PEM_FILES)
    from trioproxy.app.serve import serve as run_until_signalled

    return run_until_signalled(settings)
