"""Claude's model names: which family a model is of, and its version.

    claude-opus-4-8   claude-haiku-4-5-20251001   claude-3-5-haiku-20241022   claude-sonnet-4-20250514

A family that nobody here knows is none: whether it is above or below another cannot be told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache


class Family(IntEnum):
    """From the cheapest to the top ones, which are ranked alike."""

    HAIKU = 0
    SONNET = 1
    TOP = 2


@dataclass(frozen=True, slots=True)
class ClaudeModel:
    """A model of Anthropic's by its name; `version` is `(major, minor)`, None where the name has none."""

    family: Family
    version: tuple[int, int] | None

    def before(self, major: int, minor: int = 0) -> bool:
        """Older than that version. A name without one is taken for a new model."""
        return self.version is not None and self.version < (major, minor)


_FAMILIES = {
    "haiku": Family.HAIKU,
    "sonnet": Family.SONNET,
    "opus": Family.TOP,
    "fable": Family.TOP,
    "mythos": Family.TOP,
}
# At most two digits are a version: eight are a date.
_VERSION = r"(\d{1,2})(?!\d)(?:[-.](\d{1,2})(?!\d))?"
_NAME = re.compile(rf"claude-(?:{_VERSION}-)?({'|'.join(_FAMILIES)})(?:-{_VERSION})?(?![a-z0-9])")


@lru_cache(maxsize=256)
def claude_model(name: str) -> ClaudeModel | None:
    """The model that `name` is of; None if it is none of Claude's, or of no family known here.

    Example: `claude-3-5-haiku-20241022` is a Haiku of version (3, 5), `claude-opus-4-8[1m]` an Opus of (4, 8).
    """
    found = _NAME.match(name.lower())
    if found is None:
        return None
    old_major, old_minor, family, major, minor = found.groups()
    number = (major, minor) if major else (old_major, old_minor)
    return ClaudeModel(_FAMILIES[family], (int(number[0]), int(number[1] or 0)) if number[0] else None)
