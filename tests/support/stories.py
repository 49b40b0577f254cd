"""Any story that can be told, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from trioproxy.lab.script import (
    After,
    Ask,
    AtByte,
    AtEvent,
    AtPhase,
    Chunk,
    ClientPhase,
    ClientScript,
    ClientStep,
    Close,
    End,
    Framing,
    Garble,
    GoAway,
    Going,
    Head,
    Interim,
    Leave,
    Raw,
    ReadOn,
    ReadSlowly,
    Refuse,
    Resend,
    Reset,
    RstStream,
    Script,
    SendMore,
    Short,
    Silence,
    Step,
    StopReading,
    Story,
    Take,
    Unreachable,
)

SECONDS = st.floats(0, 1e6)
NUMBERS = st.integers(1, 2**31)
TOKENS = st.text("abcXYZ019-_.!~", min_size=1, max_size=8).map(str.encode)
VALUES = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=12).map(
    lambda text: text.strip(" \t").encode("latin-1")
)
HEADERS = st.lists(st.tuples(TOKENS, VALUES), max_size=4).map(tuple)
PIECES = st.one_of(
    st.binary(max_size=20),
    st.text(max_size=20).map(str.encode),
    st.tuples(st.binary(min_size=1, max_size=3), st.integers(1, 200)).map(lambda each: each[0] * each[1]),
)
BODIES = st.one_of(PIECES, st.sampled_from([b"{}", b'{"a":[1,{"b":1.5}],"c d":true}', b'{"a":null}', b'{ "a":1}']))


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """What an upstream does with one request."""
    alone = st.sampled_from([Refuse(), Unreachable()])
    if draw(st.integers(0, 9)) == 0:
        return Script.of(draw(SECONDS), draw(alone))
    actions: list[object] = draw(st.lists(st.builds(Interim, st.integers(100, 199), HEADERS), max_size=2))
    actions += [Raw(data) for data in draw(st.lists(PIECES, max_size=1))]
    endings = [st.just(Close()), st.just(Reset()), st.just(Silence())]
    endings += [st.builds(kind, st.integers(0, 2**32 - 1)) for kind in (RstStream, GoAway)]
    if draw(st.booleans()):
        length_bytes = st.none() | st.integers(0, 2**40)
        head = draw(st.builds(Head, st.integers(200, 999), HEADERS, st.sampled_from(Framing), length_bytes))
        actions.append(head)
        if head.framing is not Framing.NONE:
            actions += [Chunk(data) for data in draw(st.lists(PIECES.filter(bool), max_size=4))]
        endings.append(st.builds(End, st.booleans()))
        if head.framing is Framing.LENGTH:
            endings.append(st.builds(Short, NUMBERS))
        if head.framing is Framing.CHUNKED:
            endings.append(st.just(Garble()))
    actions.append(draw(st.one_of(endings)))
    steps: tuple[Step, ...] = tuple((draw(st.just(0.0) | SECONDS), action) for action in actions)  # type: ignore[misc]
    return Script(steps, draw(st.sampled_from(Take)), draw(st.none() | NUMBERS), draw(st.none() | st.just(1) | NUMBERS))


@st.composite
def client_scripts(draw: st.DrawFn) -> ClientScript:
    """What a client does."""
    after = st.builds(After, SECONDS)
    moment = st.one_of(
        after, st.builds(AtByte, NUMBERS), st.builds(AtEvent, NUMBERS), st.builds(AtPhase, st.sampled_from(ClientPhase))
    )
    deed = st.one_of(
        st.just(StopReading()), st.just(ReadOn()), st.builds(ReadSlowly, NUMBERS), st.builds(SendMore, PIECES)
    )
    steps: list[ClientStep] = []
    for more in draw(st.lists(st.lists(st.tuples(moment, deed), max_size=3), max_size=2)):
        if steps:
            steps.append((draw(after), draw(st.builds(Resend, HEADERS))))
        steps += [*more, (draw(moment), Leave(draw(st.sampled_from(Going))))]
    ask = Ask(
        "/" + draw(st.text("aZ0/?%=", max_size=12)),
        draw(BODIES),
        draw(HEADERS),
        draw(st.sampled_from(["POST", "GET", "HEAD"])),
    )
    return ClientScript(ask, tuple(steps))


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A whole story."""
    clients = draw(st.lists(client_scripts(), min_size=1, max_size=3))
    begin_s = draw(st.lists(SECONDS, max_size=len(clients)))
    name = draw(st.text(min_size=1, max_size=12))
    upstream = draw(st.lists(scripts(), min_size=1, max_size=3))
    return Story(name, tuple(upstream), tuple(clients), tuple(begin_s))
