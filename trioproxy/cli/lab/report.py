"""`trioproxy lab report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from trioproxy.lab.report.results import Results

EXAMPLES = """Examples:
  trioproxy lab report results.jsonl                      writes results.html
  trioproxy lab report results.jsonl --markdown results.md
  trioproxy lab report before.jsonl after.jsonl --html changes.html
"""


def report(
    results: Annotated[Path, Parameter(help="A results file: JSON Lines of explore, compare, wire or a trace.")],
    other: Annotated[Path | None, Parameter(help="Another one, to be compared with it.")] = None,
    /,
    *,
    html: Annotated[
        Path | None, Parameter(help="The page; by default RESULTS.html beside RESULTS, unless --markdown is given.")
    ] = None,
    markdown: Annotated[Path | None, Parameter(help="The same tables as Markdown.")] = None,
    run: Annotated[
        list[str] | None, Parameter(help="Draw the timeline of this run alone; may be repeated.", negative=())
    ] = None,
) -> int:
    """Turn results into a page with tables, pictures and timelines.

    The page is one file that needs no network. With OTHER it shows both side by side
    and which differences exceed the confidence intervals.
    """
    from trioproxy.errors import ConfigurationError
    from trioproxy.lab.report.markdown import markdown as as_markdown
    from trioproxy.lab.report.page import page

    files = [results] if other is None else [results, other]
    problems: list[str] = []
    read = [found for file in files if (found := _read(file, problems)) is not None]
    unknown = [id for id in run or () if not any(id in each.events for each in read)]
    if read and not problems:
        where = " or ".join(map(str, files))
        problems += [f"option --run: got {id!r}; expected a run that has events in {where}" for id in unknown]
    if problems:
        raise ConfigurationError(problems)
    second = read[1] if other is not None else None
    if html is None and markdown is None:
        html = results.with_suffix(".html")
    if html is not None:
        _write("--html", html, page(read[0], second, run or ()))
    if markdown is not None:
        _write("--markdown", markdown, as_markdown(read[0], second))
    return 0


def _read(file: Path, problems: list[str]) -> Results | None:
    """The file sorted out; None, with its problems added, if it is no results file."""
    from trioproxy.errors import ConfigurationError
    from trioproxy.lab.report.results import results
    from trioproxy.trace.files import read

    try:
        return results(file.name, read(file))
    except ConfigurationError as error:
        problems += error.problems
    except OSError as error:
        problems.append(f"{file}: {(error.strerror or str(error)).lower()}; expected a results file (JSON Lines)")
    return None


def _write(option: str, file: Path, text: str) -> None:
    from trioproxy.errors import ConfigurationError

    try:
        file.write_text(text, "utf-8", errors="replace")
    except OSError as error:
        raise ConfigurationError([f"option {option}: cannot write {file}: {error.strerror}"]) from None
    print(file)
