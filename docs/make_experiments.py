"""Run the lab's experiments and write what came of them into docs/experiments/.

python docs/make_experiments.py [NAME …]     measure, and write the pages and their index (a minute or two for all)
python docs/make_experiments.py --check      exit 1 if a page is not what its experiment makes
"""

from __future__ import annotations

import sys
from pathlib import Path

from trioproxy.lab.compare.experiment import find, names, page

FOLDER = Path(__file__).parent / "experiments"
INDEX = FOLDER / "README.md"
BEGIN, END = "<!-- experiments: begin -->", "<!-- experiments: end -->"


def index(text: str) -> str:
    """`text` with the list between the markers made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = [f"- [{find(name).QUESTION}]({name}.md)" for name in names()]
    return "\n".join([f"{before}{BEGIN}", *lines, f"{END}{after}"])


def main(arguments: list[str]) -> int:
    """Write, or check."""
    check = "--check" in arguments
    wanted = [each for each in arguments if not each.startswith("-")] or names()
    stale = []
    pages = {INDEX: index(INDEX.read_text("utf-8"))}
    for name in wanted:
        pages[FOLDER / f"{name}.md"] = page(name, find(name).measure(find(name).SEEDS))
        print(name, file=sys.stderr)
    for path, new in pages.items():
        if not path.exists() or path.read_text("utf-8") != new:
            stale.append(path.name)
            if not check:
                path.write_text(new, "utf-8")
    if check and stale:
        print(f"not up to date: {', '.join(stale)}; run python docs/make_experiments.py", file=sys.stderr)
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
