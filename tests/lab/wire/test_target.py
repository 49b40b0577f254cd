"""The schema of a target: no key but its own, and nothing empty."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from trioproxy.lab.wire.target import PROTOCOLS, Target

SMALL = {"name": "tiny", "says": "a proxy", "speaks": ["h1"], "run": {"command": ["proxy"]}}


def test_each_protocol_can_be_spoken():
    assert Target.model_validate({**SMALL, "speaks": list(PROTOCOLS)}).speaks == ["h1", "h2c", "h2"]


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"speaks": []},
        {"run": {"command": []}},
        {"run": {"command": ["x"], "graceful": "TERM"}},
        {"ask": {"path": ""}},
        {"unknown": 1},
        {"install": {"npm": ["x"]}},
    ],
    ids=str,
)
def test_what_is_refused(change: dict[str, object]):
    with pytest.raises(ValidationError):
        Target.model_validate({**SMALL, **change})
