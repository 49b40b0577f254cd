"""`trioproxy demo`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

EXAMPLES = """Examples:
  trioproxy demo
  trioproxy demo --serve                keeps running, for curl and SDKs
"""


def demo(
    *,
    serve: Annotated[
        bool, Parameter(negative="", show_default=False, help="Keep the proxy and its upstream running.")
    ] = False,
    port: Annotated[
        int, Parameter(validator=Number(gte=0, lte=65535), help="Port of the proxy; 0 picks a free one.")
    ] = 0,
) -> int:
    """See it work: a scripted upstream, the proxy in front of it, four answers.

    One is streamed word by word, one is left in the middle, one is broken by the
    upstream, one is left and asked for again; then their ledger rows. Needs no key
    and no network.
    """
    from trioproxy.lab.demo import demo as show

    return show(serve, port)
