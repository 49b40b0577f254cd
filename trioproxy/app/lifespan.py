"""The lifespan under a Hypercorn that the user runs: `hypercorn -k trio trioproxy:app`.

Our mends of Hypercorn are installed here, before the first connection is accepted.
A wrong configuration fails the start, with every problem listed.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trioproxy.app import hypercorn_fixes
from trioproxy.app.certificates import fault
from trioproxy.app.compose import compose
from trioproxy.app.process import set_up_logging, tune_interpreter, warn_of_forward_proxies
from trioproxy.app.proxy import ProxyApp
from trioproxy.errors import ConfigurationError
from trioproxy.settings import resolve

log = logging.getLogger("trioproxy")


async def run_lifespan(adopt: Callable[[ProxyApp], None], scope: Any, receive: Any, send: Any) -> None:
    """Build the app from file and environment, hand it to `adopt`, and run its lifespan."""
    set_up_logging(ours_alone=True)
    try:
        settings = resolve(None, os.environ, exists=Path.exists, read=Path.read_bytes, check=fault)
    except ConfigurationError as error:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": f"the configuration is wrong\n{error}"})
        return
    warn_of_forward_proxies(os.environ)
    hypercorn_fixes.install(stalled_client_timeout_s=settings.server.stalled_client_timeout)
    app = compose(settings, on_lost=_end_the_process)
    adopt(app)
    tune_interpreter()
    await app(scope, receive, send)


def _end_the_process() -> None:
    """Hypercorn swallows what a lifespan raises and would go on, answering 500 for ever."""
    log.critical("ending the process: a part of the proxy is lost")
    logging.shutdown()
    os._exit(1)
