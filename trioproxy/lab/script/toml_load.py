"""Files and texts to TOML tables, or to what is wrong with them. For stories, and whatever else the lab is told."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from trioproxy.errors import ConfigurationError

_PLACE = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)


def read_text(path: Path) -> str:
    """The text in a file.

    Raises:
        ConfigurationError: it cannot be read, or is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError([f"{path}: cannot be read: {error.strerror}; expected a TOML file"]) from error
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigurationError([f"{path}: line {line}: not valid TOML: not UTF-8"]) from error


def load(text: str, file_name: str) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises:
        ConfigurationError: it is none, with the place of the first error.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([f"{file_name}: {_placed(text, str(error))}"]) from error
    except RecursionError as error:
        raise ConfigurationError([f"{file_name}: not valid TOML: nested too deeply"]) from error
    except ValueError as error:  # an integer of thousands of digits
        raise ConfigurationError([f"{file_name}: not valid TOML: {error}"]) from error


def _placed(text: str, said: str) -> str:
    # The position is in the message alone before Python 3.14.
    found = _PLACE.fullmatch(said)
    if found is None:
        return f"not valid TOML: {said}"
    line = found[2] or str(text.count("\n") + 1)
    column = found[3] or str(len(text.rpartition("\n")[2]) + 1)
    return f"line {line}, column {column}: not valid TOML: {found[1]}"
