"""Dialects, pure: recognise requests, read them, meter answers, word errors."""

from __future__ import annotations

from collections.abc import Mapping

from trioproxy.model import Dialect
from trioproxy.providers.anthropic import Anthropic
from trioproxy.providers.base import Speaker
from trioproxy.providers.openai import OpenAI

SPEAKERS: Mapping[Dialect, Speaker] = {Dialect.ANTHROPIC: Anthropic(), Dialect.OPENAI: OpenAI()}
