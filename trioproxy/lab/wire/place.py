"""Where a target runs this time: its folder, its ports, the upstream's; how the strings of its file are filled in."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trioproxy.lab.ports import free_ports
from trioproxy.lab.script.toml_lines import Path as Key
from trioproxy.lab.wire import peers
from trioproxy.lab.wire.target import PROTOCOLS, Protocol, Target

# What may stand in braces, and what it is.
PLACES: Mapping[str, str] = {
    "port": "the port it listens on",
    "port_h2c": "the port for HTTP/2 without TLS, where that is another",
    "port_h2": "the port for HTTP/2 with TLS, where that is another",
    "upstream_port": "the port of the scripted upstream, on 127.0.0.1",
    "folder": "a folder of this run's own",
    "environment": "the folder of the target's own virtual environment",
    "python": "the interpreter of that environment; without `install.pip`, the one that runs the lab",
    "peers": "the folder of the proxies that come with the lab",
    "certfile": "a certificate for localhost and 127.0.0.1",
    "keyfile": "its key",
    "pemfile": "both in one file",
    "cafile": "the authority that signed it",
}
_BRACES = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_FILLED_SECTIONS = ("files", "run", "ask", "ledger", "versions")


def environment_of(target: Target) -> Path:
    """The folder of the target's own virtual environment, whether it is there or not."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(cache) if cache.startswith("/") else Path.home() / ".cache"
    return base / "trioproxy" / "lab" / target.name


def python_of(target: Target) -> Path:
    """The interpreter that `{python}` stands for."""
    return environment_of(target) / "bin" / "python" if target.install.pip else Path(sys.executable)


def which(target: Target, program: str) -> str | None:
    """Where a program of the target is: in its own environment, on the PATH, or where Debian has its servers."""
    path = os.pathsep.join([str(environment_of(target) / "bin"), os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    return shutil.which(program, path=path)


@dataclass(frozen=True, slots=True)
class Place:
    """One run's place. `values` are what the braces stand for."""

    target: Target
    folder: Path
    values: Mapping[str, str] = field(repr=False)

    def fill(self, text: str) -> str:
        """`text` with every known place filled in."""
        return _BRACES.sub(lambda found: self.values.get(found[1], found[0]), text)

    def port(self, protocol: Protocol) -> int:
        """Where clients of that protocol go."""
        own = f"port_{protocol}"
        return int(self.values[own if own in used_places(self.target) else "port"])

    @property
    def ports(self) -> list[int]:
        """All that it has to listen on."""
        return sorted({self.port(protocol) for protocol in self.target.speaks})


def place_for(target: Target, folder: Path, upstream_port: int, certificate: Mapping[str, str]) -> Place:
    """A place with free ports; `certificate` has `certfile`, `keyfile` and `cafile`, if there is one."""
    port, port_h2c, port_h2 = free_ports(len(PROTOCOLS))
    return Place(
        target,
        folder,
        {
            "port": str(port),
            "port_h2c": str(port_h2c),
            "port_h2": str(port_h2),
            "upstream_port": str(upstream_port),
            "folder": str(folder),
            "environment": str(environment_of(target)),
            "python": str(python_of(target)),
            "peers": str(Path(peers.__file__).parent),
            **certificate,
        },
    )


def used_places(target: Target) -> set[str]:
    """The places that the target's strings hold."""
    return {name for _, text in _strings(target.model_dump()) for name in _BRACES.findall(text)}


def unknown_places(data: Mapping[str, Any]) -> list[tuple[Key, str]]:
    """Braces that stand for nothing: key and what is wrong with it."""
    return [
        (key, f"{{{name}}} is no place; expected one of: {', '.join(PLACES)}")
        for section in _FILLED_SECTIONS
        for key, text in _strings(data.get(section), (section,))
        for name in dict.fromkeys(_BRACES.findall(text))
        if name not in PLACES
    ]


def _strings(value: object, key: Key = ()) -> Iterator[tuple[Key, str]]:
    match value:
        case str():
            yield key, value
        case Mapping():
            for name, each in value.items():
                yield from _strings(each, (*key, str(name)))
        case list():
            for number, each in enumerate(value):
                yield from _strings(each, (*key, number))
