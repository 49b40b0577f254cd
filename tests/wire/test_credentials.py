from __future__ import annotations

import pytest

from trioproxy.wire import credentials
from trioproxy.wire.credentials import owner, secrets, unsaid

KEY = b"k" * 32
ALICE = ((b"x-api-key", b"sk-alice"), (b"content-type", b"application/json"))


@pytest.mark.parametrize(
    "name",
    [
        *(b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key", b"cookie", b"x-my-token"),
        *(b"openai-organization", b"openai-project", b"proxy-authorization"),
    ],
)
def test_credentials_tell_users_apart(name: bytes) -> None:
    assert owner(KEY, ((name, b"a"),)) != owner(KEY, ((name, b"b"),)) != owner(KEY, ())


def test_nothing_else_does() -> None:
    assert owner(KEY, ALICE) == owner(KEY, ((b"x-api-key", b"sk-alice"), (b"anthropic-beta", b"other")))


def test_a_byte_cannot_change_sides() -> None:
    assert owner(KEY, ((b"x-key", b"1"), (b"y-key", b""))) != owner(KEY, ((b"x-key", b""), (b"y-key", b"1")))


def test_the_secret_does_not_show_and_another_process_says_something_else() -> None:
    assert b"sk-alice" not in owner(KEY, ALICE)
    assert owner(KEY, ALICE) != owner(b"l" * 32, ALICE)


def test_a_key_in_the_query_is_a_secret_as_it_is_written_and_decoded() -> None:
    known = secrets((), b"beta=true&key=sk%2Falice+1&api_key=&token&access_token=abcdefg&q=keyword")
    assert set(known) == {"sk%2Falice+1", "sk/alice 1", "abcdefg"}


def test_secrets_are_taken_out_of_what_is_said() -> None:
    headers = ((b"Authorization", b"Bearer sk-alice-1"), (b"x-api-key", b"sk-alice"), (b"x-token", b"yes"))
    known = secrets(headers)
    assert unsaid("invalid x-api-key: sk-alice-1, yes", known) == "invalid x-api-key: [secret], yes"
    assert unsaid("Bearer sk-alice-1 sk-alice", known) == "[secret] [secret]"
    assert unsaid(None, known) is None
    assert unsaid("as it is", ()) == "as it is"


@pytest.mark.parametrize("length", [99, 100_000])
def test_a_long_name_is_looked_at_as_any_other_and_not_kept(length: int) -> None:
    plain, telling = b"x" * length, b"x" * length + b"-key"
    kept = credentials._is_known.cache_info().currsize

    assert secrets(((plain, b"no-secret"), (telling, b"sk-secret"))) == ("sk-secret",)
    assert credentials._is_known.cache_info().currsize - kept <= (1 if length < 100 else 0)
