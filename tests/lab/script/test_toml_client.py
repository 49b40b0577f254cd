"""A client's table: every moment, every deed, and what cannot be told."""

from __future__ import annotations

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.lab.script import (
    After,
    Ask,
    AtByte,
    AtEvent,
    AtPhase,
    ClientPhase,
    ClientScript,
    Deed,
    Going,
    Leave,
    ReadOn,
    ReadSlowly,
    SendMore,
    StopReading,
    When,
)
from trioproxy.lab.script.toml import parse_story


def client(told: str) -> ClientScript:
    return parse_story(f"[client]\n{told}\n[upstream]\nfault = 'reset'", "x.toml").clients[0]


@pytest.mark.parametrize(
    ("moment", "when"),
    [
        ("", After(0.0)),
        ("after = 1.5,", After(1.5)),
        ("at_byte = 3,", AtByte(3)),
        ("at_event = 3,", AtEvent(3)),
        *((f"at_phase = '{phase}',", AtPhase(phase)) for phase in ClientPhase),
    ],
)
def test_when(moment: str, when: When) -> None:
    assert client(f"steps = [{{ {moment} read_on = true }}]").steps == ((when, ReadOn()),)


@pytest.mark.parametrize(
    ("told", "deed"),
    [
        *((f"leave = '{how}'", Leave(how)) for how in Going),
        ("stop_reading = true", StopReading()),
        ("read_bytes_per_s = 10", ReadSlowly(10)),
        ("read_on = true", ReadOn()),
        ("send = 'GET / HTTP/1.1\\r\\n\\r\\n'".replace("'", '"'), SendMore(b"GET / HTTP/1.1\r\n\r\n")),
        ("send_base64 = '/w=='", SendMore(b"\xff")),
    ],
)
def test_what(told: str, deed: Deed) -> None:
    assert client(f"steps = [{{ at_event = 1, {told} }}]").steps == ((AtEvent(1), deed),)


def test_the_request() -> None:
    assert client("method = 'GET'\npath = '/x?y'\nbody = ''\nheaders = { a = 'b' }").ask == Ask(
        "/x?y", b"", ((b"a", b"b"),), "GET"
    )
    assert client("").ask == Ask()


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("path = 'x'", '2: client.path: got "x"; expected a path such as /v1/messages, without spaces'),
        ("path = '/a b'", '2: client.path: got "/a b"; expected a path such as'),
        ("method = 'get it'", '2: client.method: got "get it"; expected a method such as GET'),
        ("begin = -1", "2: client.begin: got -1; expected seconds"),
        ("steps = [{ leave = 'TCP' }]", '2: client.steps[0].leave: got "TCP"; expected one of: "FIN", "RST", '),
        ("steps = [{ at_phase = 'end', read_on = true }]", '2: client.steps[0].at_phase: got "end"'),
        ("steps = [{ at_event = 1 }]", "2: client.steps[0]: got nothing; expected one deed: one of leave, "),
        ("steps = [{ at_event = 1, at_byte = 1, read_on = true }]", "2: client.steps[0].at_event: got at_byte and at_"),
        ("steps = [{ resend = true }]", "2: client.steps[0]: Resend before Leave"),
        ("steps = [{ leave = 'FIN' }, { read_on = true }]", "2: client.steps[1]: a client that has left can only"),
        ("stepps = []", "2: client.stepps: unknown key; did you mean steps?"),
    ],
)
def test_what_is_wrong(told: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        client(told)

    [problem] = caught.value.problems
    assert problem.startswith(f"x.toml: line {said}")
