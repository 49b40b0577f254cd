"""Signs in a text that it asks for work, or is about code. Each finder returns the first one, or None.

Time is linear in the text's length, whatever it is: every repetition is bounded, and where a sign begins
in the middle of a word, it is the rare character that is looked for, and what stands before it looked back at.
"""

from __future__ import annotations

import re
from itertools import islice

# Verbs that ask to produce or to change something, or to go through a lot of it. Those that ask
# for an answer (explain, tell, list, name, compare, translate) are what a question is made of.
_VERBS = """
add analyse analyze architect automate benchmark bisect build change clean commit compile configure convert create
debug delete deploy design develop diagnose draft edit enhance extend extract finish fix generate handle implement
improve install integrate investigate make merge migrate modify move optimise optimize parallelise parallelize plan
publish rebase redesign refactor remove rename reorganise reorganize replace research resolve restructure review
rewrite run scaffold simplify solve split test troubleshoot update upgrade vectorise vectorize write
"""
WORK = frozenset(_VERBS.split())
# A word of its own: none that is part of a name, a path, an option or a call.
_WORD = re.compile(r"(?<![\w./\\@#$-])[a-z]+(?![\w/\\(=]|\.\w)")

_SUFFIXES = (
    "bash|bat|c|cc|cfg|cjs|clj|cmake|conf|cpp|cs|css|csv|dart|env|ex|exs|go|gradle|h|hpp|hs|html|ini|ipynb|java|jl|js|"
    "json|jsonl|jsx|kt|lock|log|lua|md|mjs|ml|mm|php|pl|proto|ps1|py|pyi|r|rb|rs|rst|sass|scala|scss|sh|sql|svelte|"
    "svg|swift|tex|tf|toml|ts|tsx|txt|vue|xml|yaml|yml|zig|zsh"
)
_SUFFIX = re.compile(rf"\.(?:{_SUFFIXES})(?![\w.]\w|\w)", re.IGNORECASE)
_STEM = re.compile(r"(?<![\w.-])[\w.-]{1,80}\Z")
_STEM_CHARS = 100
_NAMED_FILE = re.compile(r"(?:Makefile|Dockerfile|Procfile|Rakefile|Gemfile|CMakeLists|Jenkinsfile|README|CHANGELOG)\b")
_MOST_FILES = 20
_SHORTEST_FILE = 4  # characters: a.py, and ab.c, but not a.c
# Products that are named like files.
_NO_FILES = re.compile(
    r"(?:alpine|angular|backbone|chart|d3|discord|ember|express|moment|next|node|nuxt|p5|react|socket|three|vue)\.js",
    re.IGNORECASE,
)

# The text begins with a line's end here. Every alternative begins with one character, no set: so the search jumps
# from one such character to the next, eight times as fast.
_CONSTRUCT = re.compile(
    r"\((?<=\w\()(?:\)|(?!s\))[^()\s])"  # a call, but not "file(s)"
    r"|=[=>]|!=|>=|<=|->|::|&&|\|\||\+\+|\{|\}|;[ \t]{0,20}(?:\n|\Z)"
    r"|_(?<=[a-z0-9]_)[a-z0-9]"  # snake_case
    r"|`[^`\n]{1,100}`"
    r"|<!?/?[a-z]{1,20}(?: [a-z-]{1,20}=|/?>)"
    r"|#include\b|\n[ \t]{0,40}(?:import [\w.]{1,60}(?:;|\n|\Z| as )|from [\w.]{1,60} import )"
    r"|SELECT\b|INSERT INTO\b|CREATE TABLE\b|Traceback \(|Error\b(?<=\wError)|Exception\b(?<=\wException)"
)
_WORD_BEFORE = re.compile(r"(?<!\w)\w+\Z")
_WORD_AFTER = re.compile(r"\w{1,30}(?!\w)")
_HUMP = re.compile(r"[A-Z](?<=[a-z][A-Z])[a-z]")
_CAMEL_CASE = re.compile(r"\b[a-z]{2,40}[A-Z][a-z]")
_PATH = re.compile(
    r"(?<![\w/.:~\\-])(?:"
    r"(?:~|\.{1,2})/[\w.-]{1,80}"  # ~/notes, ./run, ../src
    r"|/[\w.-]{1,80}/[\w.-]{1,80}"  # /etc/hosts
    r"|[A-Za-z_][\w.-]{0,80}/[\w.-]{1,80}/[\w.-]{1,80}"  # src/app/main
    r"|[A-Za-z_][\w.-]{0,80}/[\w-]{1,80}\.[a-z]\w{0,10}"  # src/main.py
    r"|[A-Za-z]:\\\w{1,80}"
    r")"
)


def work_asked(text: str) -> str | None:
    """A verb that asks for work; "fix" in "Can you fix it?", but not in "prefix", `fix_me` or `src/fix/`."""
    return next((word for word in _WORD.findall(text.lower()) if word in WORK), None)


def code_fence(text: str) -> str | None:
    """Three backquotes, or three tildes at the beginning of a line."""
    if "```" in text:
        return "```"
    return "~~~" if text.startswith("~~~") or "\n~~~" in text else None


def file_name(text: str) -> str | None:
    """A name with the suffix of source code, data or text, or one like Makefile; but not Node.js. Of twenty tried."""
    for suffix in islice(_SUFFIX.finditer(text), _MOST_FILES):
        stem = _STEM.search(text, max(0, suffix.start() - _STEM_CHARS), suffix.start())
        name = stem[0] + suffix[0] if stem else ""
        if len(name) >= _SHORTEST_FILE and not _NO_FILES.fullmatch(name):
            return name
    named = _NAMED_FILE.search(text)
    return named[0] if named else None


def code_construct(text: str) -> str | None:
    """A call, an operator, braces, `inline code`, snake_case, camelCase, a tag, an import, SQL, an error's name."""
    text = "\n" + text
    found = _CONSTRUCT.search(text) or (_CAMEL_CASE.search(text) if _HUMP.search(text) else None)
    return _whole_words(text, *found.span()) if found else None


def path(text: str) -> str | None:
    """A path of a file system; but not a URL, "and/or", or a date."""
    found = _PATH.search(text) if "/" in text or ":\\" in text else None
    return found[0] if found else None


def _whole_words(text: str, start: int, end: int) -> str:
    """What is between `start` and `end`, and the rest of the words there, of up to 30 characters."""
    before = _WORD_BEFORE.search(text, max(0, start - 30), start)
    after = _WORD_AFTER.match(text, end)
    return text[before.start() if before else start : after.end() if after else end].strip()
