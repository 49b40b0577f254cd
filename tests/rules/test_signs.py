"""What counts as asking for work, and what as code; and what only looks like it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from trioproxy.rules.signs import WORK, code_construct, code_fence, file_name, path, work_asked

Find = Callable[[str], str | None]


@pytest.mark.parametrize(
    ("find", "text", "expected"),
    [
        (work_asked, "Fix the bug", "fix"),
        (work_asked, "could you please REFACTOR this?", "refactor"),
        (work_asked, "add, then test.", "add"),
        (work_asked, "What is a prefix?", None),
        (work_asked, "what does fix_me mean?", None),
        (work_asked, "what is in src/build/test?", None),
        (work_asked, "what does --fix do?", None),
        (work_asked, "what does update() do?", None),
        (work_asked, "what is test.py?", None),
        (work_asked, "", None),
        (code_fence, "```py\n1\n```", "```"),
        (code_fence, "~~~\n1\n~~~", "~~~"),
        (code_fence, "so:\n~~~\n1", "~~~"),
        (code_fence, "about ~~~ that", None),
        (code_fence, "`x`", None),
        (file_name, "see main.py", "main.py"),
        (file_name, "see MAIN.PY.", "MAIN.PY"),
        (file_name, "in src/app.test.ts?", "app.test.ts"),
        (file_name, "`package.json`", "package.json"),
        (file_name, "the Makefile", "Makefile"),
        (file_name, "Node.js and vue.js", None),
        (file_name, "Node.js in server.js", "server.js"),
        (file_name, "e.g. this, i.e. that", None),
        (file_name, "a.c", None),
        (file_name, "a.py", "a.py"),
        (file_name, "\n.py", None),
        (file_name, "example.com, 3.14, U.S.A.", None),
        (file_name, "main.python", None),
        (file_name, "p" * 90 + ".py", None),
        (file_name, "Node.js " * 20 + "main.py", None),
        (code_construct, "what does foo() do?", "foo()"),
        (code_construct, "why print(x)?", "print(x"),
        (code_construct, "a == b", "=="),
        (code_construct, "x => x + 1", "=>"),
        (code_construct, "std::move", "std::move"),
        (code_construct, "{'a': 1}", "{"),
        (code_construct, "x = 1;\ny", "1;\ny"),
        (code_construct, "what is max_tokens?", "max_tokens"),
        (code_construct, "what is getValue?", "getValue"),
        (code_construct, "use `ls`", "`ls`"),
        (code_construct, "a <div> and", "<div>"),
        (code_construct, "<a href=", "<a href="),
        (code_construct, "import os\n", "import os"),
        (code_construct, "from a.b import c", "from a.b import c"),
        (code_construct, "SELECT 1", "SELECT"),
        (code_construct, "a TypeError", "TypeError"),
        (code_construct, "which file(s), and/or (if any)?", None),
        (code_construct, "import taxes from abroad", None),
        (code_construct, "Error and Exception, selected; that is it", None),
        (code_construct, "iPhone, YouTube, GitHub, eBay", None),
        (code_construct, "class and function are words; let me know", None),
        (code_construct, "E = mc2", None),
        (code_construct, "1 < 2, x = 1", None),
        (path, "in /etc/hosts", "/etc/hosts"),
        (path, "~/notes", "~/notes"),
        (path, "run ./run.sh", "./run.sh"),
        (path, "see ../src", "../src"),
        (path, "in src/app/main", "src/app/main"),
        (path, "in src/main.py", "src/main.py"),
        (path, "C:\\Users\\x", "C:\\Users"),
        (path, "and/or, yes/no", None),
        (path, "on 1/2/2026", None),
        (path, "https://example.com/a/b", None),
        (path, "/help", None),
        (path, "", None),
    ],
)
def test_a_sign_is_found_where_it_is_one(find: Find, text: str, expected: str | None):
    assert find(text) == expected


def test_words_of_questions_ask_for_no_work():
    questions = "explain tell list name compare what why how is are can does show describe"
    assert WORK.isdisjoint(questions.split(" "))


HOSTILE = [
    "a",
    " ",
    ".",
    "a.",
    "a/",
    "/a",
    "a_",
    "aA",
    "a(",
    "`a",
    "<a ",
    "class a ",
    "import ",
    ".py",
    "d3.js ",
    "\n \t",
    "-a",
]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("find", [work_asked, code_fence, file_name, code_construct, path])
def test_time_is_linear_in_the_length(find: Find, piece: str):
    text = piece * (100_000 // len(piece))
    started = time.process_time()
    find(text)
    assert time.process_time() - started < 0.5
