"""Edits against a writer that knows where it has put every value, for any white space, escapes and repeated names."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.json_texts import NAMES, Span, Text, texts

from trioproxy.wire.editing import EditError, NoSuchMember, Path, added, removed, replaced, value_at

PATHS = st.lists(NAMES | st.integers(-1, 2), min_size=1, max_size=3).map(tuple)
NEW = b'{"new": [1.0, "\\u0041"]}'


def one_span(text: Text, path: Path) -> Span | None:
    """The place that `path` means; None if it leads nowhere. An EditError if a name on the way is there twice."""
    for end in range(1, len(path) + 1):
        spans = text.spans.get(path[:end], [])
        if not spans:
            return None
        if sum(name == path[end - 1] for name in spans[0].names) > 1 or len(spans) > 1:
            raise EditError
    return text.spans[path][0]


def any_path(data: st.DataObject, text: Text) -> Path:
    return data.draw(st.sampled_from(list(text.spans)) if text.spans and data.draw(st.booleans()) else PATHS)


def outcome(function: Any, *args: Any, **options: Any) -> Any:
    try:
        return function(*args, **options)
    except EditError as error:
        return type(error)


def parsed(text: bytes) -> Any:
    """With every member, also the repeated ones, and every number as it was written."""
    return json.loads(text, object_pairs_hook=list, parse_int=lambda n: ("int", n), parse_float=lambda n: ("float", n))


@given(text=texts(), data=st.data())
def test_nothing_but_the_value_is_replaced(text: Text, data: st.DataObject) -> None:
    path = any_path(data, text)
    span = outcome(one_span, text, path)
    written = text.written
    if isinstance(span, Span):
        out = replaced(written, path, NEW)
        assert out == written[: span.value] + NEW + written[span.end :]
        assert value_at(out, path) == NEW
        assert value_at(written, path) == written[span.value : span.end]
        assert replaced(out, path, written[span.value : span.end]) == written
        parsed(out)
    elif span is None:
        assert outcome(replaced, written, path, NEW) is NoSuchMember
        assert value_at(written, path) is None
    else:
        assert outcome(replaced, written, path, NEW) is EditError
        assert outcome(value_at, written, path) is EditError


@given(text=texts(), data=st.data())
def test_a_member_goes_with_one_comma_and_nothing_else(text: Text, data: st.DataObject) -> None:
    path = any_path(data, text)
    span = outcome(one_span, text, path)
    written = text.written
    if isinstance(span, Span):
        out = removed(written, path)
        before, after = written[: span.start], written[span.end :]
        if span.names.index(path[-1]):
            expected = before[: before.rindex(b",")] + after
        elif len(span.names) > 1:
            expected = before + after[after.index(b",") + 1 :].lstrip()
        else:
            expected = before + after
        assert out == expected
        assert parsed(out) == parsed_without(text, path)
    else:
        assert outcome(removed, written, path) is (NoSuchMember if span is None else EditError)


def parsed_without(text: Text, path: Path) -> Any:
    """The value of the text, decoded with all it has, less the one member."""
    value = parsed(text.written)
    container = value
    for name in path[:-1]:
        container = container[name] if isinstance(name, int) else dict(container)[name]
    names = text.spans[path][0].names
    del container[names.index(path[-1])]
    return value


@given(text=texts(), data=st.data(), name=NAMES)
def test_a_member_is_added_at_the_end_of_its_object(text: Text, data: st.DataObject, name: str) -> None:
    within = data.draw(st.just(()) | st.sampled_from([(), *text.spans]))
    written = text.written
    before = outcome(value_at, written, within) if within else written
    out = outcome(added, written, name, NEW, within=within)
    if not isinstance(before, bytes):
        assert out is EditError
    elif before.strip()[:1] not in (b"{", b"["):
        assert out is NoSuchMember
    elif before.strip()[:1] == b"[" or name in [pair[0] for pair in parsed(before)]:
        assert out is EditError
    else:
        member = json.dumps(name, ensure_ascii=False).encode() + b":" + NEW
        assert value_at(out, (*within, name)) == NEW
        assert parsed(value_at(out, within) if within else out)[-1] == parsed(b"{" + member + b"}")[0]
        assert removed(out, (*within, name)) == written
        assert len(out) == len(written) + len(member) + (parsed(before) != [])


@given(text=texts("object"), places=st.lists(st.integers(0, 200), min_size=1, max_size=3), junk=st.binary(max_size=2))
def test_what_is_not_json_is_refused_or_left_alone_outside_of_the_edit(
    text: Text, places: list[int], junk: bytes
) -> None:
    broken = text.written
    for place in places:
        broken = broken[: place % len(broken)] + junk + broken[place % len(broken) + 1 :] if broken else broken
    out = outcome(replaced, broken, ("a",), b"1")
    if isinstance(out, bytes):
        old = value_at(broken, ("a",))
        assert old is not None
        assert replaced(out, ("a",), old) == broken


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b" ", b"null", b"5", b'"a"', b"{", b"{,}", b"[,]", b'{"a"}', b'{"a":}', b'{"a":1', b'{"a":1,}', b"[1,]"),
        *(b'{"a":1]', b'[1}', b'{"a":1}}', b'{"a":1} x', b'{"a":1} {"a":1}', b'\xef\xbb\xbf{"a":1}', b'{a:1}'),
        *(b'{"a":01}', b'{"a":1.}', b'{"a":NaN}', b'{"a":-Infinity}', b'{"a":"\x01"}', b'{"a":"\\x"}', b'{"a":\x0c1}'),
        *(b'{"\x01":1}', b'{"\\x":1}', b'{"\xff":1}', b'{"a":1, 2}', b'{"a" 1}', b'{"a":1 "b":2}', b'{"b":"\\ud83d"'),
        b'{"b":' + b"[" * 100_000,
        b'{"a":1,"b":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_a_text_that_is_not_one_object_or_array_is_refused(text: bytes) -> None:
    for edit in (
        lambda: replaced(text, ("a",), b"1"),
        lambda: removed(text, ("a",)),
        lambda: added(text, "z", b"1"),
        lambda: value_at(text, ("a",)),
    ):
        with pytest.raises(EditError) as caught:
            edit()
        assert not isinstance(caught.value, NoSuchMember)
        assert isinstance(caught.value, ValueError)


def test_a_name_may_be_written_with_escapes() -> None:
    text = rb'{"mod\u0065l": "x", "\"": 1}'
    assert replaced(text, ("model",), b'"y"') == rb'{"mod\u0065l": "y", "\"": 1}'
    assert removed(text, ('"',)) == rb'{"mod\u0065l": "x"}'
    with pytest.raises(EditError, match="already"):
        added(text, "model", b"1")


def test_a_name_that_is_there_twice_is_refused_and_leaves_its_neighbours_editable() -> None:
    text = rb'{"a": 1, "model": "x", "a": [2], "b": {"a": 1, "c": 2, "a": 12}}'
    assert replaced(text, ("model",), b'"y"') == text.replace(b'"x"', b'"y"')
    assert replaced(text, ("b", "c"), b"3") == text.replace(b'"c": 2', b'"c": 3')
    for path in (("a",), ("b", "a"), ("a", 0)):
        with pytest.raises(EditError, match="'a' is there 2 times"):
            replaced(text, path, b"0")


@pytest.mark.parametrize("decoy", [rb'"x\",\"model\":\"y"', rb'"}"', b"[1,2]", b"12"])
def test_the_length_of_one_value_is_not_taken_for_that_of_its_namesake(decoy: bytes) -> None:
    for pair in ((decoy, b"1"), (b"1", decoy), (b'"' + b"z" * 30 + b'"', decoy)):
        text = b'{"a":%b,"model":"m","a":%b}' % pair
        assert value_at(text, ("model",)) == b'"m"'
        assert removed(text, ("model",)) == b'{"a":%b,"a":%b}' % pair


def test_half_a_surrogate_pair_elsewhere_does_no_harm() -> None:
    text = rb'{"model":"x", "system": "cut \ud83d"}'
    assert replaced(text, ("model",), b'"y"') == rb'{"model":"y", "system": "cut \ud83d"}'
    assert value_at(rb'{"\ud83d": 1, "a": 2}', ("a",)) == b"2"
    assert replaced(b"[0]", (0,), rb'"\ud83d"') == rb'["\ud83d"]'


def test_nesting_as_deep_as_any_reader_takes() -> None:
    deep = b"[" * 800 + b"]" * 800
    assert replaced(b'{"x":%b,"model":1}' % deep, ("model",), b"2") == b'{"x":%b,"model":2}' % deep


@pytest.mark.parametrize("new", [b"", b"1,", b'1,"x":2', b"nul", b"1 2", b"1],[2", b"[" * 100_000])
def test_what_is_put_in_is_one_value(new: bytes) -> None:
    for edit in (lambda: replaced(b'{"a":1}', ("a",), new), lambda: added(b"{}", "a", new)):
        with pytest.raises(EditError, match="put in"):
            edit()


def test_an_empty_path_leads_to_no_member() -> None:
    for edit in (lambda: replaced(b"{}", (), b"1"), lambda: removed(b"{}", ()), lambda: value_at(b"{}", ())):
        with pytest.raises(EditError, match="empty path"):
            edit()


def test_a_path_through_a_scalar_leads_nowhere() -> None:
    assert value_at(b'{"a": 5}', ("a", "b")) is None
    with pytest.raises(NoSuchMember, match="neither"):
        replaced(b'{"a": 5}', ("a", "b"), b"1")


def test_the_examples_of_the_documentation() -> None:
    assert replaced(b'{"model": "a", "n": 1.0}', ("model",), b'"b"') == b'{"model": "b", "n": 1.0}'
    assert removed(b'{"a": 1, "b": 2}', ("b",)) == b'{"a": 1}'
    assert added(b'{"a": 1}', "b", b"2") == b'{"a": 1,"b":2}'


def test_a_megabyte_is_searched_in_a_fraction_of_the_time_that_decoding_takes() -> None:
    message = {"role": "user", "content": [{"type": "text", "text": 'print("a\n")' * 40, "n": [1, {"x": 2.5}]}]}
    text = json.dumps({"messages": [message] * 1800, "model": "m", "stream": True}).encode()
    assert len(text) > 1_000_000
    edit_s = best_of(lambda: replaced(text, ("model",), b'"n"'))
    assert edit_s < best_of(lambda: json.loads(text)) / 2


def best_of(function: Any) -> float:
    times = []
    for _ in range(7):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def test_where_a_way_leads_nowhere_there_is_no_value() -> None:
    assert value_at(b'{"a": {"b": 1}}', ("a", "b")) == b"1"
    assert value_at(b'{"a": {"b": 1}}', ("a", "c")) is None
    assert value_at(b'{"a": {"b": 1}}', ("c", "b")) is None
    assert value_at(b'{"a": 1}', ("a", "b")) is None
