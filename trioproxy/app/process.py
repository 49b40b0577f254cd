"""What a process that runs the proxy sets once: its log, and its interpreter."""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Mapping

log = logging.getLogger("trioproxy")

SWITCH_INTERVAL_S = 0.001
# Objects made since the last collection, and of how many collections the next is a greater one.
GC_THRESHOLDS = (10_000, 10, 10)


def set_up_logging(handler: logging.Handler | None = None, *, ours_alone: bool = False) -> None:
    """Logs go to `handler`, standard error by default; `TRIOPROXY_LOG` sets the level (default info).

    `ours_alone` leaves the logs of everything but trioproxy to whoever runs the process.
    """
    level = os.environ.get("TRIOPROXY_LOG", "info").upper()
    handler = handler or logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-8s %(message)s"))
    logger = log if ours_alone else logging.getLogger()
    logger.addHandler(handler)
    logger.setLevel(logging.getLevelNamesMapping().get(level, logging.INFO))
    log.propagate = not ours_alone
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for each request


def warn_of_forward_proxies(environ: Mapping[str, str]) -> None:
    """Say that upstreams are connected to directly, where the environment asks for a forward proxy."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        if environ.get(name):
            log.warning("%s is set, but forward proxies are not used: upstreams are connected to directly", name)
            return


def tune_interpreter() -> None:
    """What a server with one thread beside its event loop wants of the interpreter; call it once all is loaded."""
    # The ledger's thread asks for the interpreter lock some ten times a commit. With the default of 5 ms a busy
    # event loop gives it away so rarely that a first byte waited 49 ms for its row instead of 3.
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    # What is loaded by now stays: the garbage collector need not look at it again.
    gc.collect()
    gc.freeze()
    # A request makes some thousand objects and throws them away again: with the default of 700, one in three was held
    # up by a collection that found next to nothing.
    gc.set_threshold(*GC_THRESHOLDS)
