"""Stories that come with the lab, one for each fault of either side. `docs/lab/stories.md` lists them."""

from __future__ import annotations

from importlib.resources import as_file, files

from trioproxy.lab.script import Story
from trioproxy.lab.script.toml import read_story


def names() -> list[str]:
    """Their names, in order."""
    return sorted(each.name.removesuffix(".toml") for each in files(__name__).iterdir() if each.name.endswith(".toml"))


def shipped(name: str) -> Story:
    """The story of that name.

    Raises:
        KeyError: there is none.
    """
    if name not in names():
        raise KeyError(name)
    with as_file(files(__name__) / f"{name}.toml") as path:
        return read_story(path)
