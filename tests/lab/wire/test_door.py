"""A way in for each protocol."""

from __future__ import annotations

from pathlib import Path

from trioproxy.lab.wire.certificate import make_certificate
from trioproxy.lab.wire.door import Door


def test_plain_protocols_need_no_certificate():
    door = Door({"h1": 1, "h2c": 2})
    assert door("h1").address == ("127.0.0.1", 1)
    assert door("h2c").tls is None


def test_http2_over_tls_trusts_the_runs_own_authority(tmp_path: Path):
    way = Door({"h2": 3}, make_certificate(tmp_path)["cafile"])("h2")
    assert way.tls is not None
    assert len(way.tls.get_ca_certs()) == 1
    assert way.alpn == ("h2",)
