"""An upstream's table: every deed, every fault, and what cannot be told."""

from __future__ import annotations

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.lab.script import (
    Action,
    Chunk,
    Close,
    End,
    Ending,
    Framing,
    Garble,
    GoAway,
    Head,
    Interim,
    Raw,
    Refuse,
    Reset,
    RstStream,
    Script,
    Short,
    Silence,
    Take,
    Unreachable,
)
from trioproxy.lab.script.toml import parse_story

ENDS = "a script ends with End, Close, Short, Reset, RstStream, GoAway, Garble, Silence, Refuse or Unreachable"


def script(told: str) -> Script:
    return parse_story(f"[upstream]\n{told}", "x.toml").script(1)


def problems(told: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        script(told)
    return [each.removeprefix("x.toml: line ") for each in caught.value.problems]


@pytest.mark.parametrize(
    ("step", "action"),
    [
        ('interim = 100, headers = { a = "b" }', Interim(100, ((b"a", b"b"),))),
        ('head = 404, headers = { a = "b" }, framing = "close"', Head(404, ((b"a", b"b"),), Framing.CLOSE)),
        ('head = 200, framing = "length", length_bytes = 9', Head(framing=Framing.LENGTH, length_bytes=9)),
        ('raw = "HTTP"', Raw(b"HTTP")),
        ('raw_base64 = "/w=="', Raw(b"\xff")),
    ],
)
def test_before_the_body(step: str, action: Action) -> None:
    assert script(f"steps = [{{ after = 0.5, {step} }}, {{ fault = 'reset' }}]") == Script.of(0.5, action, Reset())


@pytest.mark.parametrize(
    ("step", "ending"),
    [
        ("end = true", End()),
        ("end = true, hang_up = true", End(hang_up=True)),
        ("fault = 'close'", Close()),
        ("fault = 'short'", Short()),
        ("fault = 'short', missing_bytes = 7", Short(7)),
        ("fault = 'reset'", Reset()),
        ("fault = 'rst_stream'", RstStream()),
        ("fault = 'rst_stream', code = 0", RstStream(0)),
        ("fault = 'goaway', code = 8", GoAway(8)),
        ("fault = 'silence'", Silence()),
    ],
)
def test_how_it_ends(step: str, ending: Ending) -> None:
    told = script(f"steps = [{{ head = 200, framing = 'length' }}, {{ send = 'x' }}, {{ after = 1, {step} }}]")

    assert told == Script.of(Head(framing=Framing.LENGTH), Chunk(b"x"), 1.0, ending)


@pytest.mark.parametrize(
    ("fault", "ending"), [("refuse", Refuse()), ("unreachable", Unreachable()), ("silence", Silence())]
)
def test_a_fault_alone(fault: str, ending: Ending) -> None:
    assert script(f"fault = '{fault}'\nafter = 2") == Script.of(2.0, ending)


def test_a_fault_after_steps() -> None:
    assert script("steps = [{ head = 200 }]\nfault = 'garble'") == Script.of(Head(), Garble())


def test_how_it_takes_and_sends() -> None:
    assert script("fault = 'reset'\ntake = 'beside'\ntake_bytes_per_s = 100\nbyte_by_byte = true") == Script.of(
        Reset(), take=Take.BESIDE, take_bytes_per_s=100, write_bytes=1
    )
    assert script("fault = 'reset'\nwrite_bytes = 7\nbyte_by_byte = false").write_bytes == 7


def test_all_that_is_out_of_place_is_told() -> None:
    steps = "\n".join(
        ["{ send = 'x' },", "{ end = true },", "{ head = 200 },", "{ interim = 103 },", "{ fault = 'short' },"]
    )

    assert problems(f"steps = [\n{steps}\n{{ send = '' }} ]") == [
        "3: upstream.steps[0]: Chunk before the head",
        "4: upstream.steps[1]: End before the head",
        "5: upstream.steps[2]: nothing can follow End",
        "6: upstream.steps[3]: Interim after the head",
        "7: upstream.steps[4].fault: Short needs a head with Framing.LENGTH",
        "8: upstream.steps[5]: nothing can follow Short",
        "8: upstream.steps[5]: an empty Chunk would end a chunked body: say End",
        f"8: upstream.steps[5]: {ENDS}",
    ]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("fault = 'reset'\nsteps = [{ fault = 'close' }]", "2: upstream.fault: nothing can follow Close"),
        ("fault = 'goaway'\ncode = -1", "3: upstream.code: got -1; expected a whole number from 0 to 4294967295"),
        ("fault = 'reset'\nmissing_bytes = 3", "3: upstream.missing_bytes: unknown key; expected one of: "),
        ("fault = 'reset'\nbyte_by_byte = true\nwrite_bytes = 2", "4: upstream.write_bytes: got write_bytes beside"),
        (
            "steps = [{ head = 100 }, { end = true }]",
            "2: upstream.steps[0].head: got 100; expected a whole number from 2",
        ),
        ("steps = [{ interim = 200 }, { fault = 'reset' }]", "2: upstream.steps[0].interim: got 200; expected a whole"),
        ("steps = [{}, { fault = 'reset' }]", "2: upstream.steps[0]: got nothing; expected one deed: one of head, "),
        ("steps = [{ head = 200, framing = 'short' }, { fault = 'short' }]", "2: upstream.steps[0].framing: got "),
        ("take = 'some'\nfault = 'reset'", '2: upstream.take: got "some"'),
    ],
)
def test_one_error_is_told_once(told: str, said: str) -> None:
    [problem] = problems(told)
    assert problem.startswith(said)
