"""HTML and SVG that escape by construction: text goes in as `str` and comes out as text.

    tag("td", "<b>", class_="note")  ──▶  Markup('<td class="note">&lt;b&gt;</td>')

Only `Markup` is taken as it is, and only this file and the two constants of `page.py` (our style, our script) make one.
Names of elements and attributes are ours, never data. What a terminal or a reader could be fooled with (control
characters, marks that turn the direction of text) becomes visible.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

# Elements that have no end tag in HTML; inside of SVG they do not occur.
_VOID = frozenset({"br", "meta", "link", "input", "hr", "col"})
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Markup:
    """Text that is HTML already."""

    text: str

    def __str__(self) -> str:
        return self.text


Node = Markup | str | int | None | Iterable["Node"]
Attribute = str | int | float | bool | None


def tag(name: str, /, *children: Node, **attributes: Attribute) -> Markup:
    """An element. `class_` and `for_` are spelt so for Python's sake; `_` inside of a name is `-`.

    An attribute that is None or False is left out, one that is True stands without a value. Floats are
    rounded to hundredths: they are places in a picture.
    """
    head = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{head}>")
    return Markup(f"<{name}{head}>{_inside(children)}</{name}>")


def together(*children: Node) -> Markup:
    """Nodes one after the other, without an element around them."""
    return Markup(_inside(children))


def seen(text: str) -> str:
    """`text` with what has no shape of its own made visible; tabs and ends of lines stay."""
    return _UNSEEN.sub(_shown, text.replace("\r\n", "\n"))


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)  # the picture of the control character
    return "\u2421" if code == 0x7F else "\ufffd"


def _inside(children: Iterable[Node]) -> str:
    return "".join(_node(child) for child in children)


def _node(child: Node) -> str:
    match child:
        case None:
            return ""
        case Markup():
            return child.text
        case str():
            return escape(seen(child), quote=False)
        case int():
            return str(child)
        case _:
            return _inside(child)


def _attribute(key: str, value: Attribute) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    shown = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else seen(str(value))
    return f' {name}="{escape(shown)}"'
