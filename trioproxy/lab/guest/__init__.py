"""Scripted clients over real sockets: HTTP/1.1 and HTTP/2, and what they saw."""

from __future__ import annotations

from trioproxy.lab.guest.client import PROTOCOLS, impossible, play_client
from trioproxy.lab.guest.play import Manner
from trioproxy.lab.guest.seen import AnswerEnding, Seen, Visit

__all__ = ["PROTOCOLS", "AnswerEnding", "Manner", "Seen", "Visit", "impossible", "play_client"]
