"""DNS, TCP and TLS; `line.py` under it is tested here and, with exchanges on it, in test_http1.py."""

from __future__ import annotations

import hashlib
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio
import trustme
from cryptography import x509
from support.calls import call, plan_for
from support.raw_upstream import OK, Peer, Scripted, answering

from trioproxy.errors import UpstreamConnectFailed
from trioproxy.lab.ports import free_ports
from trioproxy.sources.dialing import Origin, Trust, _why, dial
from trioproxy.sources.upstream import Upstream

ServerTls = Callable[..., ssl.SSLContext]


class NoSuchName(trio.abc.HostnameResolver):
    async def getaddrinfo(self, *args: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def getnameinfo(self, *args: Any) -> Any:
        raise NotImplementedError


async def test_refused() -> None:
    port = free_ports(1)[0]
    with pytest.raises(UpstreamConnectFailed, match=f"cannot connect to 127.0.0.1:{port}: Connection refused"):
        await dial(Origin(tls=False, host="127.0.0.1", port=port), Trust())


async def test_no_such_name() -> None:
    before = trio.socket.set_custom_hostname_resolver(NoSuchName())
    try:
        with pytest.raises(UpstreamConnectFailed, match=r"nowhere\.test:443: Name or service not known"):
            await dial(Origin(tls=True, host="nowhere.test", port=443), Trust())
    finally:
        trio.socket.set_custom_hostname_resolver(before)


async def test_a_name_that_cannot_be_one() -> None:
    with pytest.raises(UpstreamConnectFailed, match="cannot connect"):
        await dial(Origin(tls=False, host="a" * 64 + ".test", port=1), Trust())


async def test_the_kernel_watches_over_the_connection(scripted: Scripted) -> None:
    upstream = await scripted(answering(OK))
    line = await dial(Origin(tls=False, host="127.0.0.1", port=upstream.port), Trust())
    options = line._stream  # type: ignore[attr-defined]
    assert options.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert options.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    line.close()
    line.close()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
async def test_tls_with_an_authority_of_ones_own(
    name: str, scripted: Scripted, source: Upstream, server_tls: ServerTls, ca_file: str
) -> None:
    upstream = await scripted(answering(OK, OK), tls=server_tls(name))
    url = f"https://{name}:{upstream.port}"
    for _ in range(2):
        _, body = await call(source, plan_for(url, b"hello", ca_file=ca_file))
        assert body == b"hi"
    assert len(upstream.peers) == 1, "TLS connections are used again as well"


async def test_http_1_1_is_agreed_on(scripted: Scripted, source: Upstream, server_tls: ServerTls, ca_file: str) -> None:
    context = server_tls("127.0.0.1")
    context.set_alpn_protocols(["h2", "http/1.1"])
    upstream = await scripted(answering(OK), tls=context)
    await call(source, plan_for(upstream.url, ca_file=ca_file))
    stream = upstream.peers[0].stream
    assert isinstance(stream, trio.SSLStream)
    assert stream.selected_alpn_protocol() == "http/1.1"


async def test_tls_with_ssl_cert_file(
    scripted: Scripted, server_tls: ServerTls, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)
    upstream = await scripted(answering(OK), tls=server_tls("127.0.0.1"))
    async with Upstream() as source:
        _, body = await call(source, plan_for(upstream.url))
    assert body == b"hi"


async def test_tls_with_ssl_cert_dir(
    scripted: Scripted, server_tls: ServerTls, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / f"{subject_hash(authority)}.0"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    upstream = await scripted(answering(OK), tls=server_tls("127.0.0.1"))
    async with Upstream() as source:
        _, body = await call(source, plan_for(upstream.url))
    assert body == b"hi"


def subject_hash(authority: trustme.CA) -> str:
    """The name under which OpenSSL looks for a certificate in a directory: X509_NAME_hash of its subject."""
    types = {"O": b"\x06\x03\x55\x04\x0a", "OU": b"\x06\x03\x55\x04\x0b"}
    canonical = b""
    for attribute in x509.load_pem_x509_certificate(authority.cert_pem.bytes()).subject:
        value = str(attribute.value).lower().encode()
        pair = types[attribute.rfc4514_attribute_name] + der(0x0C, value)
        canonical += der(0x31, der(0x30, pair))
    return hashlib.sha1(canonical).digest()[3::-1].hex()


def der(tag: int, content: bytes) -> bytes:
    return bytes((tag, len(content))) + content


@pytest.mark.parametrize(
    ("names", "trusted", "says"),
    [
        (("127.0.0.1",), False, "certificate not accepted: unable to get local issuer certificate"),
        (("127.0.0.2",), True, "certificate not accepted: IP address mismatch"),
        (("localhost",), True, "certificate not accepted: IP address mismatch"),
    ],
)
async def test_a_certificate_that_proves_nothing(
    names: tuple[str, ...],
    trusted: bool,
    says: str,
    scripted: Scripted,
    source: Upstream,
    server_tls: ServerTls,
    ca_file: str,
) -> None:
    received = []

    async def script(peer: Peer) -> None:
        received.append(await peer.head())

    upstream = await scripted(script, tls=server_tls(*names))
    with pytest.raises(UpstreamConnectFailed, match=says):
        await call(source, plan_for(upstream.url, ca_file=ca_file if trusted else None))
    await (await upstream.peer(0)).gone.wait()
    assert received in ([], [b""]), "nothing of the request went out"


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
async def test_an_upstream_that_speaks_no_tls(
    answer: bytes, scripted: Scripted, source: Upstream, open_sockets: Callable[[], int]
) -> None:
    async def script(peer: Peer) -> None:
        await peer.more()
        await peer.send(answer)

    upstream = await scripted(script)
    before = open_sockets()
    with pytest.raises(UpstreamConnectFailed, match=f"no TLS with 127.0.0.1:{upstream.port}: ."):
        await call(source, plan_for(f"https://127.0.0.1:{upstream.port}"))
    assert open_sockets() <= before + 1  # the upstream's own end may still be closing


async def test_under_tls_nothing_goes_out_once_sending_is_given_up(
    scripted: Scripted, server_tls: ServerTls, ca_file: str
) -> None:
    """Half a TLS record may have gone out: whatever came behind it would be garbage. Reading goes on."""

    async def script(peer: Peer) -> None:
        received.append(await peer.body(4))
        await peer.send(b"read on")
        while await peer.more():
            pass

    received: list[bytes] = []
    upstream = await scripted(script, tls=server_tls("127.0.0.1"))
    line = await dial(Origin(tls=True, host="127.0.0.1", port=upstream.port, ca_file=ca_file), Trust())
    assert await line.send(b"once")
    line.stop_sending()
    assert not await line.send(b"more")
    assert await line.receive() == b"read on"
    line.close()
    await upstream.peers[0].gone.wait()
    assert received == [b"once"]
    assert upstream.peers[0].received == b""


@pytest.mark.parametrize("steps", range(6))
async def test_giving_up_at_any_step_of_a_write_is_for_good(
    steps: int, scripted: Scripted, server_tls: ServerTls, ca_file: str
) -> None:
    """Ten times: the two tasks run in any order."""
    upstream = await scripted(Peer.until_gone, tls=server_tls("127.0.0.1"))
    for _ in range(10):
        line = await dial(Origin(tls=True, host="127.0.0.1", port=upstream.port, ca_file=ca_file), Trust())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(line.send, b"once")
            for _ in range(steps):
                await trio.lowlevel.checkpoint()
            line.stop_sending()
        assert not await line.send(b"more")
        line.close()


async def test_certificates_that_cannot_be_read(source: Upstream, tmp_path: Path) -> None:
    for path in (tmp_path / "missing.pem", tmp_path):
        with pytest.raises(UpstreamConnectFailed, match="trusted certificates"):
            await call(source, plan_for("https://127.0.0.1:1", ca_file=str(path)))


async def test_one_context_for_each_set_of_authorities(ca_file: str) -> None:
    trust = Trust()
    assert trust.context(ca_file) is trust.context(ca_file)
    assert trust.context(None) is trust.context(None)
    assert trust.context(None) is not trust.context(ca_file)


def test_origins_as_text() -> None:
    assert str(Origin(tls=True, host="example.org", port=443)) == "example.org:443"
    assert str(Origin(tls=True, host="::1", port=443)) == "[::1]:443"


@pytest.mark.parametrize("error", [ssl.SSLEOFError(8, "EOF occurred"), ssl.SSLZeroReturnError(6, "closed (EOF)")])
def test_a_handshake_that_is_closed_is_said_to_be(error: ssl.SSLError) -> None:
    """Which of the two it is depends on the version of Python; their numbers are OpenSSL's, not the system's."""
    assert _why(error) == "closed during the handshake"
