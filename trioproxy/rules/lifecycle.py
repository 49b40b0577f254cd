"""Phases of a call (table of endings to follow)."""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """Where a call is, seen from its upstream."""

    CONNECTING = "connecting"
    SENDING = "sending the request"
    WAITING = "waiting for the head"
    STREAMING = "between chunks"
    BLOCKED = "blocked on a slow client"
    ENDED = "after the last chunk"
