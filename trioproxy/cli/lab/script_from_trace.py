"""`trioproxy lab script-from-trace`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

EXAMPLES = """Examples:
  trioproxy lab script-from-trace traces/019b….jsonl -o incident.toml
  trioproxy lab script-from-trace results.jsonl --run 42
"""


def script_from_trace(
    file: Annotated[str, Parameter(help="A trace, or any results file in which a run has its timeline.")],
    /,
    *,
    run: Annotated[str | None, Parameter(help="Which run, by its id; needed where several have one.")] = None,
    out: Annotated[str | None, Parameter(name=("--out", "-o"), help="The story's file; else it is printed.")] = None,
) -> int:
    """Turn what happened into a story that the lab can play.

    The upstream's timing, sizes and end, and how the client left. What a story
    cannot tell stands in comments on top.
    """
    from pathlib import Path

    from trioproxy.errors import ConfigurationError
    from trioproxy.lab.from_trace import retell, telling
    from trioproxy.trace.files import read

    path = Path(file)
    try:
        records = read(path)
    except OSError as error:
        raise ConfigurationError([f"{path}: cannot be read: {error.strerror}; expected a results file"]) from None
    text = retell(telling(records, file, run)).toml()
    if out is None:
        print(text, end="")
        return 0
    try:
        Path(out).write_text(text, "utf-8")
    except OSError as error:
        raise ConfigurationError([f"option --out: cannot write {out}: {error.strerror}"]) from None
    return 0
