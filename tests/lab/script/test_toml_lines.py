"""Where keys stand, in every way that TOML can be written."""

from __future__ import annotations

from trioproxy.lab.script.toml_lines import key_lines

TEXT = """# a comment with [brackets] = and "quotes"
name = "a # no comment"  # one
'lite''ral' = 1
""".replace("'lite''ral'", "'literal key'")

REST = '''"quoted \\u0041" = { a = 1, b.c = [2,
  3], d = {} }
text = """
[not.a.table]
x = \\"1\\" """
raw = \'\'\'
y = 1\'\'\'
steps = [
    { after = 1, send = "a]}" },   # ]
    # nothing
    { end = true },
]

[[client]]
path = "/a"
  [client.headers]
  x-a = "1"

[[client]]
  [[client.steps]]
  leave = 'RST'
  [[client.steps]]
  after = 1979-05-27T07:32:00Z
[ a . b ]
c = 1.5
'''


def test_every_key_has_its_line() -> None:
    assert key_lines((TEXT + REST).replace("\n", "\r\n")) == {
        ("name",): 2,
        ("literal key",): 3,
        ("quoted A",): 4,
        ("quoted A", "a"): 4,
        ("quoted A", "b"): 4,
        ("quoted A", "b", "c"): 4,
        ("quoted A", "b", "c", 0): 4,
        ("quoted A", "b", "c", 1): 5,
        ("quoted A", "d"): 5,
        ("text",): 6,
        ("raw",): 9,
        ("steps",): 11,
        ("steps", 0): 12,
        ("steps", 0, "after"): 12,
        ("steps", 0, "send"): 12,
        ("steps", 1): 14,
        ("steps", 1, "end"): 14,
        ("client",): 17,
        ("client", 0): 17,
        ("client", 0, "path"): 18,
        ("client", 0, "headers"): 19,
        ("client", 0, "headers", "x-a"): 20,
        ("client", 1): 22,
        ("client", 1, "steps"): 23,
        ("client", 1, "steps", 0): 23,
        ("client", 1, "steps", 0, "leave"): 24,
        ("client", 1, "steps", 1): 25,
        ("client", 1, "steps", 1, "after"): 26,
        ("a", "b"): 27,
        ("a", "b", "c"): 28,
    }


def test_an_empty_text_has_none() -> None:
    assert key_lines("") == {}
    assert key_lines("  # nothing\n") == {}
