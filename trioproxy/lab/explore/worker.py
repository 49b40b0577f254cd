"""A process that explores what it is told to: parts come on standard input, findings go out, one a line.

    python -m trioproxy.lab.explore.worker [mutant]

It ends when its input does, so none is left when whoever started it is gone. With the name of a mutant it explores a
copy of the proxy with that bug: nothing of the proxy may be imported before that copy is in place.
"""

from __future__ import annotations

import gc
import logging
import signal
import sys


def main(arguments: list[str]) -> int:
    """Work until there is no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us ends us
    if not arguments:
        return _work()
    from trioproxy.lab.explore.mutants import MUTANTS
    from trioproxy.lab.explore.mutating import MutantLost, mutate

    try:
        mutate(MUTANTS[arguments[0]])
        return _work()
    except MutantLost as lost:
        print(f"mutant {arguments[0]}: {lost}", file=sys.stderr)
        return 1


def _work() -> int:
    from trioproxy.lab.explore.working import work

    gc.freeze()  # what is imported stays
    gc.disable()
    # Nobody reads where a line was logged (https://docs.python.org/3/howto/logging.html#optimization).
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    return work(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
