"""The targets that come with the lab, and those that somebody names."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from trioproxy.errors import ConfigurationError
from trioproxy.lab.wire.reading import read_target
from trioproxy.lab.wire.target import Target

FOLDER = Path(__file__).parent / "targets"
# No proxy at all: what the harness itself takes.
DIRECT = "direct"


def shipped() -> dict[str, Path]:
    """The files of the lab's own targets, by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}


def find(names: Sequence[str]) -> dict[str, Target]:
    """The targets by what each was called: a shipped name, or the path of a file; several of these with blanks between.

    Each comes once, in the order in which they were named. `direct`, which is none, is left out.

    Raises:
        ConfigurationError: every fault of every one of them.
    """
    known, problems = shipped(), list[str]()
    found: dict[str, Target] = {}
    for name in words_of(names):
        path = known.get(name, Path(name).expanduser())
        if name == DIRECT:
            continue
        if not path.exists():
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"expected a file, or one of: {', '.join(known)}"
            problems.append(f"option --target: {name}: no such target; {hint}")
            continue
        try:
            target = read_target(path)
        except ConfigurationError as error:
            problems += error.problems
        else:
            twin = next((each for each in found.values() if each.name == target.name), target)
            if twin != target:
                problems.append(f"{path}: name: there are two targets named {target.name!r}; expected another name")
            if twin is target:
                found[name] = target
    if problems:
        raise ConfigurationError(problems)
    return found


def words_of(names: Sequence[str]) -> list[str]:
    """Each name once; one that holds blanks or commas is several, unless there is a file called so."""
    found = (
        word for given in names for word in ([given] if Path(given).is_file() else given.replace(",", " ").split())
    )
    return list(dict.fromkeys(found))
