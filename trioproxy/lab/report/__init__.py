"""Results files as one HTML page and as Markdown (`docs/lab/reports.md` says how to read them).

results.py   records, sorted out ──▶ cells.py, comparison.py   what they come to
sections.py  the parts of a report, of blocks.py: tables, pictures, timelines
page.py      as HTML, with html.py, html_timelines.py, markup.py
markdown.py  as Markdown
"""
