"""Which file is read, on a disk that is a dict."""

from __future__ import annotations

from pathlib import Path

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.settings import Settings, find_config, resolve

HOME = {"HOME": "/home/me"}
USUAL = "/home/me/.config/trioproxy/config.toml"


class Disk(dict[str, bytes]):
    def has(self, path: Path) -> bool:
        return str(path) in self

    def read(self, path: Path) -> bytes:
        if self[str(path)] == b"<unreadable>":
            raise PermissionError(13, "Permission denied")
        return self[str(path)]

    def resolve(self, option: str | None, environ: dict[str, str]) -> Settings:
        return resolve(option, environ, exists=self.has, read=self.read)


@pytest.mark.parametrize(
    ("option", "environ", "found"),
    [
        ("a.toml", {"TRIOPROXY_CONFIG": "b.toml", **HOME}, "a.toml"),
        (None, {"TRIOPROXY_CONFIG": "b.toml", **HOME}, "b.toml"),
        (None, {"TRIOPROXY_CONFIG": "~/c.toml", **HOME}, "/home/me/c.toml"),
        (None, {"TRIOPROXY_CONFIG": "", **HOME}, USUAL),
        (None, {"XDG_CONFIG_HOME": "/xdg", **HOME}, "/xdg/trioproxy/config.toml"),
        (None, {"XDG_CONFIG_HOME": "relative", **HOME}, USUAL),
        (None, HOME, USUAL),
        (None, {"HOME": "/nobody"}, None),
        (None, {}, None),
    ],
)
def test_the_search(option: str | None, environ: dict[str, str], found: str | None):
    disk = Disk.fromkeys(["a.toml", "b.toml", "/home/me/c.toml", "/xdg/trioproxy/config.toml", USUAL], b"")
    assert find_config(option, environ, Disk(disk).has) == (None if found is None else Path(found))


@pytest.mark.parametrize(
    ("option", "environ", "origin"),
    [("a.toml", {}, "the command line"), (None, {"TRIOPROXY_CONFIG": "a.toml"}, "$TRIOPROXY_CONFIG")],
)
def test_a_named_file_must_be_there(option: str | None, environ: dict[str, str], origin: str):
    with pytest.raises(ConfigurationError) as caught:
        find_config(option, {**HOME, **environ}, Disk({USUAL: b""}).has)
    assert caught.value.problems == [f"a.toml: no such file; expected the configuration, which {origin} says is there"]


def test_a_file_is_read_and_named_in_problems():
    disk = Disk({"a.toml": b"\xef\xbb\xbf[server]\nport = 1\n", "b.toml": b"[server]\nport = -1\n"})
    assert disk.resolve("a.toml", {}).server.port == 1
    with pytest.raises(ConfigurationError, match=r"^b\.toml: server\.port: got -1"):
        disk.resolve("b.toml", {})


def test_no_file_is_no_problem():
    assert Disk().resolve(None, HOME) == Settings()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<unreadable>", "a.toml: cannot be read: Permission denied; expected a TOML file"),
        (b"x = '\xff'", "a.toml: not UTF-8 at byte 5; expected a TOML file"),
    ],
)
def test_a_file_that_cannot_be_read(content: bytes, said: str):
    with pytest.raises(ConfigurationError) as caught:
        Disk({"a.toml": content}).resolve("a.toml", {})
    assert caught.value.problems == [said]


def test_the_files_it_names_are_looked_at_where_a_check_is_given():
    disk = Disk({"a.toml": b"[providers.openai]\nca_file = 'ca.pem'\n"})

    def check(kind: str, file: Path, certificate: Path | None) -> str:
        return f"a {kind} that is wrong"

    assert disk.resolve("a.toml", {}).providers["openai"].ca_file == "ca.pem"
    with pytest.raises(ConfigurationError) as caught:
        resolve("a.toml", {}, exists=disk.has, read=disk.read, check=check)
    assert caught.value.problems == [
        'a.toml: providers.openai.ca_file: got "ca.pem" (a ca_file that is wrong); expected the path of a PEM file'
    ]
