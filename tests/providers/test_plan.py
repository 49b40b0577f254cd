from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioproxy.model import Arrival, Plan, RawHeaders
from trioproxy.providers.base import Kind, Operation
from trioproxy.providers.plan import plan
from trioproxy.rules.routes import Route

GENERATION = Operation(Kind.CHAT, generation=True)
OTHER = Operation(Kind.OTHER, generation=False)


def arrival(method: str = "POST", query: bytes = b"", headers: RawHeaders = ()) -> Arrival:
    return Arrival("e1", 0.0, method, b"/groq/v1/x", query, headers, "1.1")


@pytest.mark.parametrize(
    ("base_url", "host", "target"),
    [
        ("https://api.groq.com/openai", b"api.groq.com", b"/openai/v1/x"),
        ("https://api.groq.com/openai/", b"api.groq.com", b"/openai/v1/x"),
        ("https://api.groq.com", b"api.groq.com", b"/v1/x"),
        ("https://api.groq.com/", b"api.groq.com", b"/v1/x"),
        ("http://127.0.0.1:9000", b"127.0.0.1:9000", b"/v1/x"),
        ("http://[::1]:9000/a/b", b"[::1]:9000", b"/a/b/v1/x"),
        ("http://user:secret@host:1", b"host:1", b"/v1/x"),
    ],
)
def test_where_it_goes(base_url: str, host: bytes, target: bytes) -> None:
    made = plan(arrival(), Route("groq", b"/v1/x"), OTHER, base_url=base_url, ca_file=None, body=None)
    assert made == Plan("POST", base_url, target, ((b"host", host),), None)


def test_the_query_goes_along() -> None:
    asked = arrival(query=b"a=1&b=%2F?")
    made = plan(asked, Route("groq", b"/v1/x"), OTHER, base_url="http://h", ca_file=None, body=None)
    assert made.target == b"/v1/x?a=1&b=%2F?"


def test_a_generation_asks_for_an_answer_that_can_be_read() -> None:
    asked = arrival(headers=((b"Accept-Encoding", b"br"), (b"Transfer-Encoding", b"chunked")))
    made = plan(asked, Route("groq", b"/v1/x"), GENERATION, base_url="http://h", ca_file="/ca.pem", body=b"{}")
    assert made.headers == ((b"host", b"h"), (b"accept-encoding", b"identity"), (b"content-length", b"2"))
    assert made.body == b"{}"
    assert made.ca_file == "/ca.pem"


def test_a_body_that_streams_keeps_its_framing_and_its_encodings() -> None:
    class Pieces:
        def __aiter__(self) -> Pieces:
            raise NotImplementedError

        async def __anext__(self) -> bytes:
            raise NotImplementedError

    headers = ((b"Content-Length", b"7"), (b"Accept-Encoding", b"br"))
    pieces = Pieces()
    made = plan(
        arrival("PUT", headers=headers), Route("groq", b"/v1/x"), OTHER, base_url="http://h", ca_file=None, body=pieces
    )
    assert (made.method, made.headers, made.body) == ("PUT", ((b"host", b"h"), *headers), pieces)


@given(st.text(max_size=9), st.binary(max_size=20), st.binary(max_size=20), st.binary(max_size=20))
def test_method_path_query_and_body_are_the_clients(method: str, tail: bytes, query: bytes, body: bytes) -> None:
    made = plan(
        arrival(method, query), Route("groq", b"/v1" + tail), GENERATION, base_url="http://h/p", ca_file=None, body=body
    )
    assert made.method == method
    assert made.target == b"/p/v1" + tail + (b"?" + query if query else b"")
    assert made.body == body
