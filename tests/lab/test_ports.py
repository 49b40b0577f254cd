from __future__ import annotations

import socket
from pathlib import Path

import pytest

from trioproxy.lab import ports
from trioproxy.lab.ports import free_ports


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    file = tmp_path / "ip_local_port_range"
    monkeypatch.setattr(ports, "_KERNELS", file)
    return file


def test_they_are_different_and_none_that_the_kernel_gives_away() -> None:
    found = free_ports(20)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        first, last = map(int, ports._KERNELS.read_text().split())
        assert first <= sock.getsockname()[1] <= last

    assert len(set(found)) == 20
    assert not [port for port in found if first <= port <= last]


def test_one_that_somebody_has_is_passed_over(kernels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        monkeypatch.setattr(ports, "_FIRST", port)
        kernels.write_text(f"{port + 1}\t65535")
        with pytest.raises(OSError, match="1 free ports were asked for, and there are 0"):
            free_ports(1)


def test_where_the_kernel_gives_away_all_of_them_it_is_one_of_those(kernels: Path) -> None:
    kernels.write_text("1024\t65535")
    assert len(set(free_ports(5))) == 5
