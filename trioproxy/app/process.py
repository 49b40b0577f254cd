"""What a process that runs the proxy sets once: its log, and its interpreter."""

from __future__ import annotations

import gc
import logging
import os
import sys

SWITCH_INTERVAL_S = 0.001


def set_up_logging(handler: logging.Handler | None = None) -> None:
    """Logs go to `handler`, standard error by default; `TRIOPROXY_LOG` sets the level (default info)."""
    level = os.environ.get("TRIOPROXY_LOG", "info").upper()
    logging.basicConfig(
        handlers=[handler or logging.StreamHandler(sys.stderr)],
        level=logging.getLevelNamesMapping().get(level, logging.INFO),
        format="%(asctime)s %(levelname)-8s %(message)s",
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for each request


def tune_interpreter() -> None:
    """What a server with one thread beside its event loop wants of the interpreter; call it once all is loaded."""
    # The ledger's thread asks for the interpreter lock some ten times a commit. With the default of 5 ms a busy
    # event loop gives it away so rarely that a first byte waited 49 ms for its row instead of 3.
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    # What is loaded by now stays: the garbage collector need not look at it again.
    gc.collect()
    gc.freeze()
