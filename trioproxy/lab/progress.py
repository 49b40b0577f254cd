"""A progress bar on standard error, where that is a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Tell(Protocol):
    """Takes how much is done, of how much, and what else is to be said."""

    def __call__(self, done: int, of: int, said: str = "", /) -> None:
        """Show it."""
        ...


@contextmanager
def bar(words: str) -> Iterator[Tell]:
    """Inside, it is there; yields what it is told by."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(words, total=None, said="")

        def tell(done: int, of: int, said: str = "", /) -> None:
            progress.update(task, completed=done, total=of, said=said)

        yield tell
