"""The faces: Hypercorn, Quart, and what the outside sees.

`trioproxy.app` is the name of this package and of the ASGI application. Whoever imports a
module of the package makes Python put the package in the application's place, so the package
can be called as well, and is then the application.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from trioproxy import application

        await application(scope, receive, send)


sys.modules[__name__].__class__ = _Callable
