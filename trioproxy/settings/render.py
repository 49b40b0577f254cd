"""Settings as TOML text, secrets masked: what `trioproxy config check` prints."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
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
    blocks = []
    for name in Settings.model_fields:
        section = getattr(settings, name)
        if isinstance(section, Mapping):
            blocks += [_block((name, inner), provider) for inner, provider in section.items()]
        else:
            blocks.append(_block((name,), section))
    return "\n".join(blocks)


def dotted(path: Sequence[str]) -> str:
    """A key as TOML has it, with quotes where it needs them: `routing.table."gpt-4.1".cheap`."""
    return ".".join(_key(part) for part in path)


def _block(path: tuple[str, ...], section: BaseModel) -> str:
    """One section; a table in it comes behind its keys, each of its rows in a line."""
    lines, tables = [f"[{dotted(path)}]"], []
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Mapping):
            tables += ["", f"[{dotted((*path, name))}]", *(f"{_key(key)} = {_row(row)}" for key, row in value.items())]
        else:
            lines.append(f"# {name} is not set" if value is None else f"{name} = {_value(value)}")
    return "\n".join(lines + tables) + "\n"


def _row(row: BaseModel) -> str:
    return "{ " + ", ".join(f"{name} = {_value(value)}" for name, value in row if value is not None) + " }"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _value(name)


def _value(value: object) -> str:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        # JSON's escapes are TOML's, but TOML also wants DEL escaped.
        return json.dumps(mask(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
