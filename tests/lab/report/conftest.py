"""Debian's Chromium, and pages in it that may neither ask for anything from elsewhere nor complain.

Playwright runs an asyncio loop of its own while a page is open: a browser lives as long as the module whose tests look
at it, and these are plain functions, none of Trio's.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from trioproxy.lab.report.page import page as write_page
from trioproxy.lab.report.results import results
from trioproxy.trace.records import Record


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("chromium is missing, and pages cannot be looked at without: sudo apt install chromium")
    with sync_playwright() as playwright:
        # Its sandbox does not work as root.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@dataclass
class Desk:
    """Opens reports. `asked` and `said` are what all of its pages asked for, and what their consoles said."""

    browser: Browser
    folder: Path
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def open(
        self,
        first: list[Record],
        second: list[Record] | None = None,
        address: str = "",
        width: int = 1280,
        **options: Any,
    ) -> Page:
        """The report on one file or two, at `#address`; `options` are those of Playwright's `new_context`."""
        file = self.folder / "report.html"
        other = results("after.jsonl", second) if second is not None else None
        file.write_text(write_page(results("before.jsonl" if other else "results.jsonl", first), other))
        context = self.browser.new_context(viewport={"width": width, "height": 900}, **options)
        page = context.new_page()
        page.on("request", lambda request: self.asked.append(request.url.partition("#")[0]))
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", lambda dialog: self.said.append(f"dialog: {dialog.message}"))
        page.goto(f"{file.as_uri()}{f'#{address}' if address else ''}")
        return page


@pytest.fixture
def desk(chromium: Browser, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(chromium, tmp_path)
    yield desk
    for context in chromium.contexts:
        context.close()
    assert set(desk.asked) == {(tmp_path / "report.html").as_uri()}
    assert desk.said == []


Cells = dict[tuple[str, ...], dict[tuple[str, ...], str]]


@pytest.fixture
def table_of() -> Callable[[Page, str], Cells]:
    """Reads the table with a caption as a person does: heads of the row -> heads of the column -> text."""

    def read(page: Page, caption: str) -> Cells:
        found = page.locator("table").filter(has=page.locator("caption", has_text=caption)).first
        rows = found.evaluate(_READ)
        return {tuple(heads): {tuple(column): text for column, text in cells} for heads, cells in rows}

    return read


_READ = """table => {
  const grid = [];
  [...table.rows].forEach((row, y) => {
    grid[y] ??= [];
    let x = 0;
    for (const cell of row.cells) {
      while (grid[y][x]) x++;
      for (let dy = 0; dy < cell.rowSpan; dy++)
        for (let dx = 0; dx < cell.colSpan; dx++) (grid[y + dy] ??= [])[x + dx] = cell;
      x += cell.colSpan;
    }
  });
  const top = table.tHead.rows.length;
  const text = cell => cell.innerText.trim().replace(/\\s+/g, ' ');
  return grid.slice(top).map(row => [
    row.filter(cell => cell.tagName === 'TH').map(text),
    row.map((cell, x) => [[...new Set(grid.slice(0, top).map(line => line[x]))].map(text), text(cell)])
       .filter((_, x) => row[x].tagName === 'TD'),
  ]);
}"""
