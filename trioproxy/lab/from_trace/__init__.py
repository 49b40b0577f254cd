"""A run that was written down, as a script that can be played: an incident becomes a story.

    results file ─▶ run and its events ─▶ upstream scripts, client scripts ─▶ Story, and what it cannot tell

What is in the events is told: who sent how much when, how the upstream ended, when and how a client left. What is
not, is filled in so that the same ending comes of it: bytes of the same sizes, the protocol's last event where the
answer had one.
"""

from __future__ import annotations

from trioproxy.lab.from_trace.story import Retold, retell
from trioproxy.lab.from_trace.telling import Telling, telling

__all__ = ["Retold", "Telling", "retell", "telling"]
