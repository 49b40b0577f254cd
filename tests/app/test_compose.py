"""What the configuration says arrives where it applies."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from trioproxy.app.compose import compose
from trioproxy.desk import Desk
from trioproxy.model import Head, Policy, Until
from trioproxy.rules.disconnect import Terms
from trioproxy.settings import load
from trioproxy.store.recordings import Recording


async def desk(tmp_path: Path, toml: str) -> Desk:
    await trio.lowlevel.checkpoint()  # what is composed holds events, which are made within a run
    text = f'[ledger]\nurl = "sqlite:///{tmp_path}/ledger.db"\n{toml}'
    return compose(load(text, "test.toml", {}), on_lost=lambda: None).desk


async def test_the_policies_of_each_provider(tmp_path: Path) -> None:
    found = await desk(
        tmp_path,
        """
        [disconnect]
        policy = "linger"
        linger = 7.5
        drain_limit = 70
        until = "usage"
        max_detached = 3
        [replay]
        max_body_bytes = 12345
        [providers.groq]
        on_disconnect = "drain"
        """,
    )
    linger = Terms(
        policy=Policy.LINGER, linger_s=7.5, drain_limit_s=70.0, until=Until.USAGE, max_detached=3, max_bytes=12345
    )
    assert found.terms["anthropic"] == linger
    assert found.terms["groq"].policy is Policy.DRAIN
    assert set(found.terms) == set(found.providers)


async def test_the_bounds_of_what_is_kept(tmp_path: Path) -> None:
    found = await desk(tmp_path, "[replay]\nmax_entries = 2\nmax_total_bytes = 9000\nmax_body_bytes = 8000")
    assert found.reuse is not None
    assert found.reuse.settings.max_body_bytes == 8000
    recordings = found.reuse.recordings
    for number in range(5):
        recordings.keep(b"%d" % number, Recording("c", Head(200, ()), b"x", 0.0, 5.0))
    assert len(recordings) == 2
    assert recordings.reserve(9000)
    assert not recordings.reserve(1)
    other = await desk(tmp_path, "")
    assert other.reuse is not None
    assert other.reuse.key != found.reuse.key


@pytest.mark.parametrize(
    ("toml", "reuse", "routing"),
    [
        ("", True, False),
        ("[replay]\nenabled = false", False, False),
        ("[routing]\nenabled = true", True, True),
        ("[routing]\nprompt_caching = true", True, True),
    ],
)
async def test_what_is_off_is_not_there(tmp_path: Path, toml: str, reuse: bool, routing: bool) -> None:
    found = await desk(tmp_path, toml)
    assert (found.reuse is not None, found.routing is not None) == (reuse, routing)
