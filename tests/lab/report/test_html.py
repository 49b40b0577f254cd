"""Blocks as HTML: heads that say what they are heads of, links to runs that are drawn."""

from __future__ import annotations

from trioproxy.lab.report.blocks import Cell, Column, Facts, Folded, Output, Row, Section, Table, Tone, Words
from trioproxy.lab.report.html import Place, show, show_section


def _table(
    rows: tuple[Row, ...], corner: tuple[str, ...] = ("x",), columns: tuple[Column, ...] = (Column("c"),)
) -> Table:
    return Table("what", corner, columns, rows)


def test_a_section_has_its_heading() -> None:
    shown = show_section(Section("A & B", "a", (Words("<x>"),)), Place()).text

    assert shown == '<section aria-labelledby="a"><h2 id="a"><a href="#a">A &amp; B</a></h2><p>&lt;x&gt;</p></section>'


def test_small_blocks() -> None:
    assert (
        show(Facts((("a", "b"), ("c", ""))), Place()).text == '<dl class="facts"><div><dt>a</dt><dd>b</dd></div></dl>'
    )
    assert '<pre tabindex="0">(it said nothing)</pre>' in show(Output("t", ""), Place()).text
    assert (
        show(Folded("t", (Words("w"),)), Place()).text
        == '<details class="folded"><summary>t</summary><p>w</p></details>'
    )


def test_a_group_of_rows_has_its_head_once() -> None:
    rows = (Row(("FIN", "head"), (Cell("1"),)), Row(("FIN", "body"), (Cell("2"),)), Row(("RST", "head"), (Cell("3"),)))
    shown = show(_table(rows, ("cause", "phase")), Place()).text

    assert '<tr><th scope="col">cause</th><th scope="col">phase</th><th scope="col">c</th></tr>' in shown
    assert shown.count('<th scope="rowgroup" rowspan="2">FIN</th>') == 1
    assert shown.count("<tbody>") == 2
    assert '<tr><th scope="row">body</th><td><span class="value">2</span></td></tr>' in shown


def test_a_group_of_columns_has_its_head_above() -> None:
    columns = (Column("h1", "nginx"), Column("h2", "nginx"), Column("naive", numeric=True))
    shown = show(_table((Row(("a",), (Cell(), Cell(), Cell())),), columns=columns), Place()).text

    assert (
        '<tr><th scope="col" rowspan="2">x</th><th scope="colgroup" colspan="2" class="group">nginx</th>'
        '<th scope="col" rowspan="2" class="number">naive</th></tr>'
        '<tr><th scope="col">h1</th><th scope="col">h2</th></tr>'
    ) in shown


def test_a_cell_says_all_it_has() -> None:
    cell = Cell("2 ms", "told 1 of 2", Tone.PARTLY, "⚠ 1 lie", "all of it", run="a b")
    row = (Row(("a",), (cell,)),)
    linked, unlinked = show(_table(row), Place("b:", {"a b"})).text, show(_table(row), Place()).text

    assert (
        '<td class="partly" title="all of it"><a href="#run=b%3Aa%20b"><span class="value">2 ms</span></a>'
        '<span class="alarm">⚠ 1 lie</span><span class="detail">told 1 of 2</span></td>'
    ) in linked
    assert "<a " not in unlinked


def test_a_legend_says_what_colours_say() -> None:
    table = Table("what", ("x",), (Column("c"),), (), legend=((Tone.NEVER, "never told"),))

    assert '<li><span class="swatch never"></span>never told</li>' in show(table, Place()).text
