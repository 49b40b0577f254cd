"""`python -m trioproxy`: the same as the command `trioproxy`."""

from __future__ import annotations

import sys

from trioproxy.cli import main

if __name__ == "__main__":
    sys.exit(main())
