"""Stories as TOML: what is written is read again, and all errors of a file are told at once."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.stories import stories

from trioproxy.errors import ConfigurationError
from trioproxy.lab.answers import message_stream
from trioproxy.lab.script import (
    After,
    Ask,
    AtEvent,
    ClientScript,
    Going,
    Leave,
    Resend,
    Reset,
    Script,
    Silence,
    Story,
)
from trioproxy.lab.script.toml import parse_story, read_story, write_story

BROKEN_OFF = """
[upstream]
answer = "anthropic"
up_to = 4
every = 0.5
fault = "reset"
"""
FIVE_ERRORS = """name = 3
[[upstream]]
steps = [
    { after = -1, head = 200 },
    { send = "a", repeat = 3, bytes = 4 },
    { fault = "resett" },
]
[client]
boddy = 1
steps = [{ at_event = 3, leave = "RST", read_on = true }]
"""


def problems(text: str, file_name: str = "story.toml") -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse_story(text, file_name)
    return caught.value.problems


@given(stories())
@settings(deadline=None)
def test_what_is_written_is_read_again(story: Story) -> None:
    assert parse_story(write_story(story), "x.toml") == story


def test_a_stream_that_breaks_off_takes_four_lines() -> None:
    story = parse_story(BROKEN_OFF, "stories/broken off.toml")

    answer = message_stream("One two three.").up_to(4).script(every_s=0.5, then=Reset())
    assert story == Story("broken off", (answer,))


def test_several_upstreams_and_clients() -> None:
    story = parse_story(
        """
        name = "twice"
        [[upstream]]
        fault = "silence"
        [[upstream]]
        after = 2
        fault = "reset"
        [[client]]
        [[client]]
        begin = 1.5
        path = "/v1/chat/completions"
        headers = { x-one = "1", x-two = ["2", "3"] }
        body.model = "m"
        steps = [{ at_event = 3, leave = "RST" }, { after = 1, resend = true, headers = [["x-again", "1"]] }]
        """,
        "x.toml",
    )

    headers = ((b"x-one", b"1"), (b"x-two", b"2"), (b"x-two", b"3"))
    steps = ((AtEvent(3), Leave(Going.RST)), (After(1.0), Resend(((b"x-again", b"1"),))))
    ask = Ask("/v1/chat/completions", b'{"model":"m"}', headers)
    assert story == Story(
        "twice",
        (Script.of(Silence()), Script.of(2.0, Reset())),
        (ClientScript(), ClientScript(ask, steps)),
        (0.0, 1.5),
    )


def test_five_errors_are_told_at_once_with_their_lines() -> None:
    assert [each.rpartition("; ")[0] for each in problems(FIVE_ERRORS)] == [
        "story.toml: line 1: name: got 3",
        "story.toml: line 4: upstream[0].steps[0].after: got -1",
        "story.toml: line 5: upstream[0].steps[1].repeat: got repeat beside bytes",
        'story.toml: line 6: upstream[0].steps[2].fault: got "resett" (did you mean "reset"?)',
        "story.toml: line 9: client.boddy: unknown key",
        "story.toml: line 10: client.steps[0].read_on: got leave and read_on",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "s.toml: line 1: tells no upstream; expected a table [upstream], or one [[upstream]] for each call"),
        ("upstream = 1", "s.toml: line 1: upstream: got 1; expected a table"),
        ("upstream = []", "s.toml: line 1: upstream: got an empty array; expected a table [[upstream]]"),
        ("upstream = [1]", "s.toml: line 1: upstream[0]: got 1; expected a table in braces"),
        ("[upstream]", "s.toml: line 1: upstream: tells nothing; expected steps, an answer or a fault"),
        ("[upstream]\nsteps = 3", "s.toml: line 2: upstream.steps: got 3; expected an array of tables"),
        ("\n[upstream]\nsteps = []", "s.toml: line 2: upstream: a script ends with End, Close, "),
        ('[upstream]\nfault = "reset"\n[upstreem]', "s.toml: line 3: upstreem: unknown key; did you mean upstream?"),
        ("a = ", "s.toml: line 1, column 5: not valid TOML: Invalid value"),
        ("a = [", "s.toml: line 1, column 6: not valid TOML: Invalid value"),
    ],
)
def test_what_is_no_story(text: str, said: str) -> None:
    [problem] = problems(text, "s.toml")
    assert problem.startswith(said)


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "off.toml"
    path.write_text(BROKEN_OFF)

    assert read_story(path).name == "off"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.floats(),
        lambda deeper: (
            st.lists(deeper, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "upstream",
                        "client",
                        "steps",
                        "name",
                        "head",
                        "headers",
                        "after",
                        "send",
                        "fault",
                        "answer",
                        "text",
                        "up_to",
                        "body",
                        "leave",
                        "at_byte",
                        "take",
                        "x",
                    ]
                ),
                deeper,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
@example({"upstream": {"steps": [{"head": 2**70}]}})
@example({"upstream": {"steps": [{"send": "x", "bytes": 2**62}]}})
@settings(deadline=None)
def test_whatever_a_file_says_it_is_a_story_or_a_list_of_problems(value: object) -> None:
    text = toml(value) if isinstance(value, dict) else f"x = {toml(value)}"
    tomllib.loads(text)

    story: Story | None = None
    said: list[str] = []
    try:
        story = parse_story(text, "x.toml")
    except ConfigurationError as error:
        said = error.problems

    assert (story is None) == bool(said)
    assert all(each.startswith("x.toml: line ") for each in said)


def toml(value: object, top: bool = True) -> str:
    """Any value as TOML; None is a date, which JSON lacks."""
    import json

    match value:
        case None:
            return "1979-05-27"
        case dict() if top:
            return "\n".join(f"{json.dumps(key)} = {toml(each, False)}" for key, each in value.items())
        case dict():
            return "{" + ", ".join(f"{json.dumps(key)} = {toml(each, False)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(toml(each, False) for each in value) + "]"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case bool():
            return str(value).lower()
    return str(value)
