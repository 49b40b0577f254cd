"""What somebody asked for on a command line: names in lists, and what is said of one that is not known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from trioproxy.errors import ConfigurationError


def several(given: Sequence[str] | None) -> tuple[str, ...]:
    """The names in an option that may be repeated and takes several with commas between; each once.

    A file whose own name has a comma in it is one name.
    """
    names: list[str] = []
    for text in given or ():
        names += [text] if _is_file(text) else [each.strip() for each in text.split(",")]
    return tuple(dict.fromkeys(names))


def _is_file(text: str) -> bool:
    return "," in text and Path(text.partition("@")[0]).is_file()


def unknown(what: str, name: str, known: Iterable[str], otherwise: str = "") -> str:
    """The problem: `option --fault: got 'leve' (did you mean 'leave'?); expected one of: leave, …`."""
    names = list(known)
    close = get_close_matches(name.lower(), names, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"{what}: got {name!r}{hint}; expected one of: {', '.join(names)}{otherwise}"


def alone(what: str, others: Mapping[str, object]) -> None:
    """Refuse what would be ignored beside `what`: every other option that was given a value.

    Raises:
        ConfigurationError: there are some; each is named.
    """
    problems = [
        f"{name}: means nothing beside {what}; expected one or the other"
        for name, value in others.items()
        if value is not None and value is not False
    ]
    if problems:
        raise ConfigurationError(problems)
