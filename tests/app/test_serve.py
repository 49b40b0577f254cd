"""The server in this process: how it starts, what it refuses, how it is lost."""

from __future__ import annotations

import gc
import logging
import socket
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from trioproxy.app import compose as composition
from trioproxy.app.serve import ServerConfig, run_server, server_config
from trioproxy.errors import OurError
from trioproxy.lab.client import LabClient
from trioproxy.settings import Settings, load


def settings(tmp_path: Path, server: str = "port = 0", ledger: str | None = None) -> Settings:
    url = ledger or f"sqlite:///{tmp_path}/ledger.db"
    return load(f'[server]\n{server}\n[ledger]\nurl = "{url}"\n', "test.toml", {})


async def ready(url: str) -> int | None:
    async with await LabClient.connect(url) as client:
        await client.get("/_trioproxy/ready")
        return await client.head()


async def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    stop, statuses = trio.Event(), []

    async with trio.open_nursery() as nursery:

        async def run(*, task_status: trio.TaskStatus[str]) -> None:
            statuses.append(await run_server(settings(tmp_path), stop=stop, task_status=task_status))

        url = await nursery.start(run)
        assert await ready(url) == 200
        stop.set()

    assert statuses == [0]


async def test_an_address_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(OurError, match=rf"cannot listen on 127\.0\.0\.1:{port}: Address already in use"):
            await run_server(settings(tmp_path, f"port = {port}"), stop=trio.Event())
        with warnings.catch_warnings():  # Hypercorn leaves the socket that it could not bind to the collector
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


async def test_a_ledger_that_cannot_be_opened_fails_the_start(tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()

    with pytest.raises(OurError, match=r"^the ledger .*folder\.db cannot be opened"):
        await run_server(settings(tmp_path, ledger=f"sqlite:///{tmp_path}/folder.db"), stop=trio.Event())


@pytest.mark.parametrize("part", ["the ledger's writer", "the house"])
@pytest.mark.parametrize("how", ["raises", "returns"])
async def test_a_part_that_is_lost_ends_the_server_with_status_1(
    part: str, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Never a zombie that answers 500 for ever."""
    breaks = trio.Event()
    supervise: Callable[..., object] = composition._supervise

    class Breaking:
        async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
            task_status.started()
            await breaks.wait()
            if how == "raises":
                raise RuntimeError("a bug")

    async def sabotaged(app: object, name: str, service: object, *rest: object, **named: object) -> None:
        await supervise(app, name, Breaking() if name == part else service, *rest, **named)  # type: ignore[misc]

    monkeypatch.setattr(composition, "_supervise", sabotaged)
    monkeypatch.setattr(composition, "STRAGGLERS_S", 0.1)
    monkeypatch.setattr(composition, "CLOSING_S", 0.1)
    statuses = []

    if part == "the house":
        monkeypatch.setattr(composition.House, "open", property(lambda house: not house._closing.is_set()))

    async with trio.open_nursery() as nursery:

        async def run(*, task_status: trio.TaskStatus[str]) -> None:
            statuses.append(await run_server(settings(tmp_path), stop=trio.Event(), task_status=task_status))

        await nursery.start(run)
        with caplog.at_level(logging.CRITICAL):
            breaks.set()

    assert statuses == [1]
    assert part in caplog.text


def test_listening_sockets_notice_peers_that_have_vanished(tmp_path: Path) -> None:
    config = server_config(settings(tmp_path, "port = 0\nstalled_client_timeout = 45"))
    sockets = config.create_sockets()
    try:
        [listening] = sockets.insecure_sockets  # type: ignore[attr-defined]
        assert listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
    finally:
        listening.close()


def test_hypercorns_settings_are_ours(tmp_path: Path) -> None:
    config = server_config(settings(tmp_path, 'host = "::1"\nport = 9'))

    assert isinstance(config, ServerConfig)
    assert config.bind == ["[::1]:9"]
    assert config.keep_alive_max_requests == 10**9
    assert config.backlog >= 1024
    assert not config.include_server_header
    assert not config.include_date_header
