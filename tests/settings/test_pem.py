"""The PEM files that a configuration names: each is looked at, and charged to its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.settings import load

HOME = {"HOME": "/home/me"}
SERVER = "[server]\ncertfile = 'c.pem'\nkeyfile = '~/k.pem'\n"


class Files(dict[str, str | None]):
    """By path what is wrong with a file, or None; one that is not in here is not there."""

    def __init__(self, faults: dict[str, str | None]) -> None:
        super().__init__(faults)
        self.asked: list[tuple[str, str, str | None]] = []

    def check(self, kind: str, file: Path, certificate: Path | None) -> str | None:
        self.asked.append((kind, str(file), None if certificate is None else str(certificate)))
        return self.get(str(file), "no such file")


def problems(text: str, files: Files, environ: dict[str, str] = HOME) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(text, "a.toml", environ, check=files.check)
    return caught.value.problems


def test_files_that_are_right_are_no_problem():
    files = Files({"c.pem": None, "/home/me/k.pem": None, "ca.pem": None})
    settings = load(f"{SERVER}[providers.openai]\nca_file = 'ca.pem'\n", "a.toml", HOME, check=files.check)
    assert settings.server.keyfile == "/home/me/k.pem"
    assert files.asked == [
        ("certfile", "c.pem", None),
        ("keyfile", "/home/me/k.pem", "c.pem"),
        ("ca_file", "ca.pem", None),
    ]


def test_each_problem_names_its_source_and_comes_with_all_others():
    text = f"{SERVER}port = -1\n[providers.openai]\nca_file = 'ca.pem'\n"
    variable = "TRIOPROXY_SERVER__KEYFILE"
    assert problems(text, Files({"ca.pem": "it holds no certificate"}), {**HOME, variable: "e"}) == [
        "a.toml: server.port: got -1; expected a whole number from 0 (any free port) to 65535",
        'a.toml: server.certfile: got "c.pem" (no such file); expected the path of a PEM file',
        f'environment variable {variable}: server.keyfile: got "e" (no such file); expected the path of a PEM file',
        'a.toml: providers.openai.ca_file: got "ca.pem" (it holds no certificate); expected the path of a PEM file',
    ]


def test_a_key_is_not_compared_with_a_certificate_that_is_none():
    files = Files({"c.pem": "it holds no certificate", "/home/me/k.pem": None})
    assert len(problems(SERVER, files)) == 1
    assert files.asked[1] == ("keyfile", "/home/me/k.pem", None)


def test_half_a_certificate_is_looked_at_all_the_same():
    assert problems("server.certfile = 'c.pem'", Files({})) == [
        "a.toml: server.certfile: given without server.keyfile; expected both or neither",
        'a.toml: server.certfile: got "c.pem" (no such file); expected the path of a PEM file',
    ]
    assert len(problems("server.keyfile = 'k.pem'", Files({}))) == 2


@pytest.mark.parametrize(
    "text",
    [
        "server = 1",
        "providers = 1",
        "providers.openai = 1",
        "server.certfile = 1\nserver.keyfile = ''",
        "providers.openai.ca_file = ['x']",
    ],
)
def test_what_is_no_path_is_not_looked_for(text: str):
    files = Files({})
    assert problems(text, files)
    assert files.asked == []
