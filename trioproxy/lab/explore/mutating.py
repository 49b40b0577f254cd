"""A copy of the proxy with a bug in it: its text is changed on the way from the file to the import.

    MUTANTS[name] ─▶ mutate ─▶ import hook ─▶ trioproxy.relay, with the bug

Only in a process of its own, before anything has imported what is changed; no file is written.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType


@dataclass(frozen=True, slots=True)
class Edit:
    """`before`, which stands exactly once in the source of `module`, becomes `after`."""

    module: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A deliberate bug, and where it is looked for first.

    Args:
        words: what is wrong, as somebody could have written it.
        scenarios, faults: the slice that is explored; each scenario with each fault.
    """

    name: str
    words: str
    edits: tuple[Edit, ...]
    scenarios: tuple[str, ...]
    faults: tuple[str, ...]


class MutantLost(Exception):
    """The text that a mutant changes is not there any more, or is there more than once, or was imported already."""


def changed(text: str, module: str, edits: Sequence[Edit]) -> str:
    """The source of `module` with all its edits.

    Raises:
        MutantLost: one does not apply exactly once.
    """
    for edit in edits:
        if edit.module == module:
            if (times := text.count(edit.before)) != 1:
                raise MutantLost(f"{module}: expected once, found {times} times: {edit.before!r}")
            text = text.replace(edit.before, edit.after)
    return text


def mutate(mutant: Mutant) -> None:
    """From now on, in this process, the modules that `mutant` changes are imported with its bug.

    Raises:
        MutantLost: one of them has been imported already. One whose text does not apply fails as it is imported.
    """
    modules = {edit.module for edit in mutant.edits}
    if early := sorted(modules & sys.modules.keys()):
        raise MutantLost(f"imported before it could be changed: {', '.join(early)}")
    sys.meta_path.insert(0, _Finder(mutant.edits, modules))


class _Finder(MetaPathFinder):
    def __init__(self, edits: Sequence[Edit], modules: set[str]) -> None:
        self._edits = edits
        self._modules = modules

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The ordinary spec, with a loader that changes the text."""
        if fullname not in self._modules:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader, self._edits)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, original: SourceFileLoader, edits: Sequence[Edit]) -> None:
        super().__init__(original.name, original.path)
        self._edits = edits

    def get_code(self, fullname: str) -> CodeType:
        """Compiled from the changed text: neither from a cache nor into one."""
        text = changed(self.get_data(self.path).decode(), fullname, self._edits)
        return compile(text, self.path, "exec", dont_inherit=True)
