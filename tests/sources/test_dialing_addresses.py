"""A name with several addresses, of which some are dead. On Linux all of 127.0.0.0/8 is loopback."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import trio
from support.calls import Notes, call, plan_for

from trioproxy.errors import UpstreamConnectFailed
from trioproxy.rules.lifecycle import Phase
from trioproxy.sources.upstream import Upstream

NAME = "several.test"
ServerTls = Callable[..., ssl.SSLContext]
Treatment = Callable[[trio.SocketStream], Awaitable[None]]


class Names(trio.abc.HostnameResolver):
    """`several.test` has these addresses, in this order."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    async def getaddrinfo(self, host: Any, port: Any, *more: Any, **named: Any) -> Any:
        await trio.lowlevel.checkpoint()
        assert host == NAME.encode()
        if not self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in self.addresses]

    async def getnameinfo(self, *args: Any) -> Any:
        raise NotImplementedError


@pytest.fixture
async def names() -> Names:
    names = Names()
    trio.socket.set_custom_hostname_resolver(names)  # for this run of Trio's: for this test
    return names


class Hosts:
    """Listens at one port of several addresses; each treats whoever connects in its own way."""

    def __init__(self) -> None:
        self.accepted: list[str] = []
        self.port = 0

    async def serve(
        self,
        treatments: dict[str, Treatment],
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        async with trio.open_nursery() as nursery:
            for address, treat in treatments.items():

                async def accepted(stream: trio.SocketStream, address: str = address, treat: Treatment = treat) -> None:
                    self.accepted.append(address)
                    with contextlib.suppress(trio.BrokenResourceError):
                        await treat(stream)

                listeners = await trio.open_tcp_listeners(self.port, host=address)
                self.port = listeners[0].socket.getsockname()[1]
                nursery.start_soon(trio.serve_listeners, accepted, listeners)
            task_status.started()


@pytest.fixture
async def hosts(nursery: trio.Nursery, watchdog: None, names: Names) -> AsyncIterator[Callable[..., Awaitable[Hosts]]]:
    """`await hosts({address: treatment, …}, *dead)`: the name has all of them, the dead ones first."""

    async def start(treatments: dict[str, Treatment], *dead: str) -> Hosts:
        hosts = Hosts()
        await nursery.start(hosts.serve, treatments)
        names.addresses = [*dead, *treatments]
        return hosts

    yield start
    nursery.cancel_scope.cancel()


def secure(context: ssl.SSLContext) -> Treatment:
    """Answers one request over TLS."""

    async def treat(stream: trio.SocketStream) -> None:
        await plain(trio.SSLStream(stream, context, server_side=True, https_compatible=True))

    return treat


async def plain(stream: trio.abc.Stream) -> None:
    """Answers one request."""
    if b"\r\n\r\n" in await stream.receive_some(65536):
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")


async def close(stream: trio.SocketStream) -> None:
    """FIN in the handshake, once the ClientHello is here."""
    await stream.receive_some(65536)


async def reset(stream: trio.SocketStream) -> None:
    """RST in the handshake: the ClientHello is not read."""
    await trio.lowlevel.wait_readable(stream.socket)
    stream.socket.close()


async def reset_at_once(stream: trio.SocketStream) -> None:
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    stream.socket.close()


async def silence(stream: trio.SocketStream) -> None:
    await stream.receive_some(65536)
    await trio.sleep_forever()


async def test_one_that_refuses_costs_nothing(hosts: Callable[..., Awaitable[Hosts]], source: Upstream) -> None:
    there = await hosts({"127.0.0.2": plain}, "127.0.0.3", "127.0.0.4")
    _, body = await call(source, plan_for(f"http://{NAME}:{there.port}"))
    assert body == b"hi"


async def test_one_that_does_not_answer_costs_the_stagger(
    hosts: Callable[..., Awaitable[Hosts]], source: Upstream
) -> None:
    """The queue of a listener that nobody serves is full: whoever else connects hears nothing."""
    there = await hosts({"127.0.0.2": plain}, "127.0.0.3")
    with socket.socket() as full, contextlib.ExitStack() as queue:
        full.bind(("127.0.0.3", there.port))
        full.listen(0)
        for _ in range(4):
            sock = queue.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(full.getsockname())
        with trio.fail_after(5):
            _, body = await call(source, plan_for(f"http://{NAME}:{there.port}"))
    assert body == b"hi"


@pytest.mark.parametrize("hang_up", [close, reset, reset_at_once])
async def test_one_that_hangs_up_before_tls_is_agreed_on(
    hang_up: Treatment, hosts: Callable[..., Awaitable[Hosts]], source: Upstream, server_tls: ServerTls, ca_file: str
) -> None:
    there = await hosts(
        {"127.0.0.2": hang_up, "127.0.0.4": hang_up, "127.0.0.5": secure(server_tls(NAME)), "127.0.0.6": hang_up},
        "127.0.0.3",
    )
    _, body = await call(source, plan_for(f"https://{NAME}:{there.port}", b"hello", ca_file=ca_file))
    assert body == b"hi"
    tried = list(dict.fromkeys(there.accepted)) if hang_up is reset_at_once else there.accepted
    assert tried == ["127.0.0.2", "127.0.0.4", "127.0.0.5"], "each once, in order"


async def test_when_all_hang_up_each_was_tried_once(
    hosts: Callable[..., Awaitable[Hosts]], source: Upstream, ca_file: str, open_sockets: Callable[[], int]
) -> None:
    there = await hosts({"127.0.0.2": close, "127.0.0.4": close}, "127.0.0.3")
    before = open_sockets()
    with pytest.raises(UpstreamConnectFailed) as caught:
        await call(source, plan_for(f"https://{NAME}:{there.port}", ca_file=ca_file))
    origin = f"{NAME}:{there.port}"
    assert str(caught.value) == (
        f"no TLS with {origin}: closed during the handshake, cannot connect to {origin}: Connection refused"
    )
    assert there.accepted == ["127.0.0.2", "127.0.0.4"]
    await trio.testing.wait_all_tasks_blocked(0.01)
    assert open_sockets() == before


@pytest.mark.parametrize("hang_up", [reset, reset_at_once])
async def test_a_reset_is_said_to_be_one(
    hang_up: Treatment, hosts: Callable[..., Awaitable[Hosts]], source: Upstream, ca_file: str
) -> None:
    there = await hosts({"127.0.0.2": hang_up})
    with pytest.raises(UpstreamConnectFailed, match=f"with|to {NAME}:{there.port}: Connection reset by peer"):
        await call(source, plan_for(f"https://{NAME}:{there.port}", ca_file=ca_file))


async def test_a_name_that_is_gone_by_then(
    names: Names, hosts: Callable[..., Awaitable[Hosts]], source: Upstream, ca_file: str
) -> None:
    async def forget(stream: trio.SocketStream) -> None:
        names.addresses.clear()
        await close(stream)

    there = await hosts({"127.0.0.2": forget, "127.0.0.4": plain})
    with pytest.raises(UpstreamConnectFailed, match="closed during the handshake"):
        await call(source, plan_for(f"https://{NAME}:{there.port}", ca_file=ca_file))
    assert there.accepted == ["127.0.0.2"]


@pytest.mark.parametrize("first", [True, False])
async def test_a_certificate_that_proves_nothing_is_not_got_round(
    first: bool, hosts: Callable[..., Awaitable[Hosts]], source: Upstream, server_tls: ServerTls, ca_file: str
) -> None:
    wrong, right = secure(server_tls("other.test")), secure(server_tls(NAME))
    treatments = {"127.0.0.2": wrong, "127.0.0.4": right}
    there = await hosts(treatments if first else {"127.0.0.5": close, **treatments})
    with pytest.raises(UpstreamConnectFailed, match="certificate not accepted"):
        await call(source, plan_for(f"https://{NAME}:{there.port}", ca_file=ca_file))
    assert there.accepted[-1] == "127.0.0.2"


async def test_a_cancellation_in_the_second_handshake_leaves_nothing_open(
    hosts: Callable[..., Awaitable[Hosts]], source: Upstream, ca_file: str, open_sockets: Callable[[], int]
) -> None:
    there = await hosts({"127.0.0.2": close, "127.0.0.4": silence})
    before = open_sockets()
    notes = Notes()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(call, source, plan_for(f"https://{NAME}:{there.port}", ca_file=ca_file), notes)
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert there.accepted == ["127.0.0.2", "127.0.0.4"]
        assert notes.phases == [Phase.CONNECTING]
        nursery.cancel_scope.cancel()
    assert open_sockets() == before + 1  # the silent one's own end
