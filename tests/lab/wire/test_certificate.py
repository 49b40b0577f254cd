"""A certificate that clients may check."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path

import pytest

from trioproxy.lab.wire.certificate import make_certificate
from trioproxy.lab.wire.trouble import TargetTrouble


def test_it_can_be_served_and_checked(tmp_path: Path):
    paths = make_certificate(tmp_path)
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(paths["certfile"], paths["keyfile"])
    ssl.create_default_context(cafile=paths["cafile"])


def test_without_trustme_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(TargetTrouble, match=r"pip install 'trioproxy\[lab\]'"):
        make_certificate(tmp_path)
