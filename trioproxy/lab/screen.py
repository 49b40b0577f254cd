"""What the demo puts on the terminal; plain text where there is none."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from trioproxy.lab.guest import AnswerEnding
from trioproxy.model import ExchangeOutcome, ServedBy, UsageSource
from trioproxy.views.cells import about

Row = Mapping[str, str | int | float | None]

INDENT = 3
# Lines longer than this are hard to read, however wide the terminal.
LINE_LENGTH = 84
# Columns of a terminal on which the ledger's table may breathe.
ROOMY = 100


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Let the BrokenPipeError through: what that means for the exit status is for the command line to say."""
        raise  # it is called while the error is being handled


class Screen:
    """Prints as it is told; nothing here waits."""

    def __init__(self, console: Console | None = None) -> None:
        if console is None and hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="replace")  # an ASCII terminal gets "?" for "✓"
        self._console = console or _Console(highlight=False)
        self._column = 0
        self._acts = 0

    def opening(self) -> None:
        """Without an address: whoever asked there now would be in the way of the acts."""
        self._console.print(
            Text.assemble(
                ("trioproxy demo\n", "bold"),
                ("client ─▶ ", "dim"),
                ("trioproxy", "cyan"),
                (" ─▶ ", "dim"),
                ("scripted upstream", "cyan"),
                ("\nno key, no network; the proxy is the one that serves", "dim"),
            ),
            soft_wrap=True,
        )

    def act(self, title: str) -> None:
        """The next act begins."""
        self._acts += 1
        self._console.print(Text.assemble((f"\n{self._acts}  ", "dim"), (title, "bold")))

    def type(self, word: str) -> None:
        """One word of an answer, in its place on the line."""
        width = min(LINE_LENGTH, self._console.width)
        if self._column and self._column + len(word.rstrip()) > width:
            self._console.print()
            self._column = 0
        if not self._column:
            self._console.print(" " * INDENT, end="")
            self._column = INDENT
        self._console.print(Text(word), end="", soft_wrap=True)
        self._column += len(word)

    def whole(self, words: int, first_ms: float, ending: AnswerEnding | None) -> None:
        """What was found of an answer that came whole."""
        self._finding("✓", "green", f"{words} words; the head after {first_ms:.0f} ms; the end: {ending}")

    def left(self, noticed_ms: float, how: str | None, words: int) -> None:
        """What was found when the client left."""
        self._finding(
            "✓",
            "green",
            f"left after {words} words; the upstream saw it {noticed_ms:.1f} ms later ({how}) and stopped",
        )

    def broken(self, ending: AnswerEnding | None, words: int) -> None:
        """What was found when the upstream broke off."""
        honest = ending is not AnswerEnding.CLEAN
        verdict = "not a clean end" if honest else "a lie"
        self._finding(
            "✓" if honest else "✗",
            "green" if honest else "red",
            f"reset after {words} words; what the client saw: {ending}, {verdict}",
        )

    def left_and_back(self, words: int) -> None:
        """The client has left, and asks again."""
        self._finding("…", "yellow", f"left after {words} words, and asks the same again:")

    def came_back(self, words: int, calls: int, ending: AnswerEnding | None) -> None:
        """What was found when the client had come back."""
        once = calls == 1
        self._finding(
            "✓" if once else "✗",
            "green" if once else "red",
            f"all {words} words from the first one on; calls upstream: {calls}; the end: {ending}",
        )

    def log(self, lines: Sequence[str]) -> None:
        """What the proxy has logged."""
        self._console.print(Text("\nThe log", style="bold"))
        for line in lines:
            self._console.print(Text(" " * INDENT + line, style="dim"), soft_wrap=True)

    def ledger(self, path: Path, rows: Sequence[Row]) -> None:
        """What the ledger at `path` holds."""
        self._console.print(Text.assemble(("\nThe ledger", "bold"), (f"  {path}", "dim")), soft_wrap=True)
        gap = 2 if self._console.width >= ROOMY else 1
        table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="dim")
        for name in ("", "model", "call", "delivery", "stop"):
            table.add_column(name, no_wrap=True)
        for name in ("in/out", "cost", "time"):
            table.add_column(name, no_wrap=True, justify="right")
        for number, row in enumerate(rows, 1):
            table.add_row(
                str(number),
                _text(row["model"] or row["model_requested"]),
                Text(_text(row["call_outcome"]), style="green" if row["call_outcome"] == "completed" else "yellow"),
                Text(_delivery(row), style="green" if row["outcome"] == "delivered" else "yellow"),
                _text(row["stop_reason"]),
                _tokens(row),
                about(_dollars(row["cost_usd"]), row["usage_source"] in (UsageSource.ESTIMATED, UsageSource.MIXED)),
                _seconds(row["call_duration_ms"]),
            )
        self._console.print(table)

    def commands(self, url: str, ledger: Path) -> None:
        """What to try while it keeps running; each line can be copied as it is."""
        where = Text.assemble(("\nIt keeps running at ", "bold"), (url, "cyan"), ("\nCtrl-C ends it.", "dim"))
        self._console.print(where, soft_wrap=True)
        for title, command in _commands(url, ledger):
            self._console.print(Text(f"\n# {title}", style="dim"))
            self._console.print(Text(command), soft_wrap=True)
        self._console.print()

    def _finding(self, mark: str, style: str, words: str) -> None:
        if self._column:
            self._console.print()
            self._column = 0
        self._console.print(Text.assemble((f"{mark:<{INDENT}}", style), (words, "dim")), soft_wrap=True)


def _commands(url: str, ledger: Path) -> list[tuple[str, str]]:
    hello = '"stream":true,"messages":[{"role":"user","content":"Hello"}]'
    json = "-H 'content-type: application/json'"
    anthropic = f"""{url}/v1/messages {json} -H 'anthropic-version: 2023-06-01' \\
  -d '{{"model":"claude-haiku-4-5","max_tokens":200,{hello}}}'"""
    openai = f"""{url}/openai/v1/chat/completions {json} -H 'x-demo-ending: reset' \\
  -d '{{"model":"gpt-5-mini",{hello}}}'"""
    python = f"""python3 - <<'END'
from anthropic import Anthropic
client = Anthropic(base_url="{url}", api_key="demo")
question = {{"role": "user", "content": "Hello"}}
with client.messages.stream(model="claude-haiku-4-5", max_tokens=200, messages=[question]) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)
print()
END"""
    return [
        ("Anthropic's API", f"curl -N {anthropic}"),
        ("OpenAI's; the header makes the upstream break off (reset, close or silence)", f"curl -N {openai}"),
        ("Claude Code", f"ANTHROPIC_BASE_URL={url} ANTHROPIC_API_KEY=demo claude -p Hello"),
        ("Python (pip install anthropic)", python),
        ("the ledger, as it grows", f"TRIOPROXY_LEDGER__URL=sqlite:///{ledger} trioproxy ledger tail"),
    ]


def _tokens(row: Row) -> str:
    """Input and output; what is estimated has a `~`."""
    source = row["usage_source"]
    taken = about(_text(row["input_tokens"]), source == UsageSource.ESTIMATED)
    return f"{taken}/{about(_text(row['output_tokens']), source in (UsageSource.ESTIMATED, UsageSource.MIXED))}"


def _delivery(row: Row) -> str:
    """How it ended; of one that was delivered without a call of its own, by whom it was served."""
    shared = row["served_by"] in (ServedBy.JOINED, ServedBy.REPLAYED) and row["outcome"] == ExchangeOutcome.DELIVERED
    return _text(row["served_by"] if shared else row["outcome"])


def _text(value: str | float | None) -> str:
    return "-" if value is None else str(value)


def _dollars(value: str | float | None) -> str:
    return f"${value:.5f}" if isinstance(value, int | float) else "-"


def _seconds(value: str | float | None) -> str:
    return f"{value / 1000:.2f} s" if isinstance(value, int | float) else "-"
