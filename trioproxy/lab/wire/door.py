"""How clients get in at a target, or without one at the upstream, with each protocol that it speaks."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from trioproxy.lab.guest.line import Way
from trioproxy.lab.wire.target import Protocol


def own_tls(certificate: Mapping[str, str]) -> ssl.SSLContext:
    """For an upstream that clients come to without a proxy: HTTP/2 by ALPN."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate["certfile"], certificate["keyfile"])
    context.set_alpn_protocols(["h2"])
    return context


@dataclass(frozen=True, slots=True)
class Door:
    """How one gets in, with each protocol. Without a target the upstream's own port is the door."""

    ports: Mapping[Protocol, int]
    cafile: str | None = None

    def __call__(self, protocol: Protocol) -> Way:
        """The way for a client of that protocol."""
        address = ("127.0.0.1", self.ports[protocol])
        return Way(address, self._tls(), ("h2",)) if protocol == "h2" else Way(address)

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.cafile)
        context.set_alpn_protocols(["h2"])
        return context
