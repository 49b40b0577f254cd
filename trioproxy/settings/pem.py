"""The PEM files that the configuration names: which they are, and what is said of one that will not do.

They are read off the raw tables, so that they are looked at also where something else is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from trioproxy.settings import merge
from trioproxy.settings.kinds import PEM_FILE, expand
from trioproxy.settings.problems import shown
from trioproxy.settings.render import dotted, mask

PemKey = Literal["certfile", "keyfile", "ca_file"]
# What is wrong with the file under a key, in words that fit in brackets, or None. With a `keyfile` comes
# the certificate that it has to fit, where that one is in order.
PemCheck = Callable[[PemKey, Path, Path | None], str | None]


def unfit_files(tables: merge.Merge, home: str | None, check: PemCheck) -> list[str]:
    """One line for each file that `check` finds fault with."""
    lines: list[str] = []
    certificate = None
    for path, key, name in _named(tables.tables):
        file = Path(expand(name, home))
        fault = check(key, file, certificate if key == "keyfile" else None)
        if key == "certfile" and fault is None:
            certificate = file
        if fault is not None:
            said = f"got {shown(str(file))} ({fault}); expected {PEM_FILE.words}"
            lines.append(mask(f"{tables.origin(path)}: {dotted(path)}: {said}"))
    return lines


def _named(tables: Mapping[str, object]) -> Iterator[tuple[merge.Path, PemKey, str]]:
    """Key by key, the certificate before its key; what is no path is reported elsewhere."""
    server, providers = tables.get("server"), tables.get("providers")
    sections: list[tuple[merge.Path, object, tuple[PemKey, ...]]] = [(("server",), server, ("certfile", "keyfile"))]
    if isinstance(providers, Mapping):
        sections += [(("providers", name), provider, ("ca_file",)) for name, provider in providers.items()]
    for path, section, keys in sections:
        for key in keys:
            name = section.get(key) if isinstance(section, Mapping) else None
            if isinstance(name, str) and name:
                yield (*path, key), key, name
