"""Write the table of endings into docs/cancellation.md, from trioproxy/rules/lifecycle.py.

python docs/make_endings.py            rewrite the block between the two markers
python docs/make_endings.py --check    exit 1 if it is not up to date
"""

from __future__ import annotations

import sys
from pathlib import Path

from trioproxy.rules.lifecycle import SIGNS, TABLE, Cause, Never, Phase

PAGE = Path(__file__).parent / "cancellation.md"
BEGIN, END = "<!-- endings: begin -->", "<!-- endings: end -->"


def table() -> str:
    """Both tables as Markdown: how causes show on the wire, and what each phase makes of them."""
    lines = ["| cause | shows as |", "| --- | --- |"]
    lines += [f"| {cause} | {'; '.join(SIGNS[cause])} |" for cause in Cause]
    for phase in Phase:
        lines += ["", f"### {phase}", "", "| cause | call | delivery | the client sees |", "| --- | --- | --- | --- |"]
        for cause in Cause:
            cell = TABLE[phase, cause]
            if isinstance(cell, Never):
                lines.append(f"| {cause} | – | – | cannot be: {cell.why} |")
            else:
                lines.append(f"| {cause} | `{cell.call}` | `{cell.delivery}` | {cell.seen} |")
    return "\n".join(lines)


def page(text: str) -> str:
    """`text` with the block between the markers made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


if __name__ == "__main__":
    old = PAGE.read_text()
    new = page(old)
    if "--check" in sys.argv:
        sys.exit(0 if old == new else f"{PAGE} is not up to date: run python docs/make_endings.py")
    PAGE.write_text(new)
