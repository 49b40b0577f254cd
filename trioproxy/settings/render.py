"""Settings as TOML text, secrets masked: what `trioproxy config check` prints."""

from __future__ import annotations

import json
import re
from enum import Enum

from pydantic import BaseModel

from trioproxy.settings.sections import Settings

_HIDDEN = "***"


def mask(text: str) -> str:
    """Hide what URLs in `text` carry in confidence: passwords, and tokens in the place of a user.

    Example: `https://me:secret@example.com` becomes `https://me:***@example.com`.
    """
    # Up to the last @ before the path: a password may contain one itself.
    text = re.sub(r"(://[^\s/:@]*):[^\s/]*@", rf"\1:{_HIDDEN}@", text)
    text = re.sub(r"(https?://)[^\s/:@]+@", rf"\1{_HIDDEN}@", text)
    return re.sub(r"([?&][^=&\s]*(?:password|passwd|secret|token)[^=&\s]*=)[^&\s\"]*", rf"\1{_HIDDEN}", text)


def render(settings: Settings) -> str:
    """The effective configuration as TOML; it loads again as it is where nothing had to be masked."""
    blocks = [_block("server", settings.server)]
    blocks += [_block(f"providers.{_key(name)}", provider) for name, provider in settings.providers.items()]
    blocks += [_block("timeouts", settings.timeouts), _block("ledger", settings.ledger)]
    return "\n".join(blocks)


def _block(title: str, section: BaseModel) -> str:
    lines = [f"[{title}]"]
    for name in type(section).model_fields:
        value = getattr(section, name)
        lines.append(f"# {name} is not set" if value is None else f"{name} = {_value(value)}")
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _value(name)


def _value(value: object) -> str:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        # JSON's escapes are TOML's, but TOML also wants DEL escaped.
        return json.dumps(mask(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
