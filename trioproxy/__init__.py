"""trioproxy: a streaming reverse proxy for LLM APIs on Trio's structured concurrency.

`app` is what `hypercorn -k trio trioproxy:app` serves. Importing it reads
nothing and patches nothing: everything is built when the lifespan starts.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"
__all__ = ["__version__", "app"]


class _App:
    """An ASGI application that is built at `lifespan.startup`, from file and environment."""

    def __init__(self) -> None:
        self._app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            from trioproxy.app.lifespan import run_lifespan

            await run_lifespan(self._adopt, scope, receive, send)
        elif self._app is None:
            raise RuntimeError("trioproxy needs the ASGI lifespan: serve it with `hypercorn -k trio`")
        else:
            await self._app(scope, receive, send)

    def _adopt(self, app: Any) -> None:
        self._app = app


app = application = _App()
