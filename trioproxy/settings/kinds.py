"""The kinds of values that settings have, each with words for what is expected, and the table that they stand in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

_IN_MEMORY = frozenset({"sqlite://", "sqlite:///:memory:", "memory:"})


@dataclass(frozen=True, slots=True)
class Expected:
    """How an error message describes a value that would have been right."""

    words: str


def one_of(words: type[StrEnum]) -> Expected:
    """The words for a value that is one of an enumeration's."""
    return Expected("one of: " + ", ".join(words))


class Section(BaseModel):
    """A table of the configuration: nobody changes it, and it has no keys but its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _no_bool(value: Any) -> Any:
    # pydantic takes true for 1 and false for 0, and collects ValueError alone.
    if isinstance(value, bool):
        raise ValueError("a boolean is not a number")
    return value


def expand(path: str, home: str | None) -> str:
    """`path` with `home` in the place of a leading `~`."""
    return f"{home}{path[1:]}" if home and (path == "~" or path.startswith("~/")) else path


def _expand(path: str | None, info: ValidationInfo) -> str | None:
    return expand(path, (info.context or {}).get("home")) if path else path


def _base_url(value: str) -> str:
    if re.search(r"[\s\x00-\x1f\x7f]", value) or not value.isascii():
        raise ValueError("a URL has no blanks and no characters outside ASCII")
    parts = urlsplit(value)  # raises ValueError for a broken IPv6 literal
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("the scheme or the host is missing")
    parts.port  # noqa: B018  # raises ValueError where it is no port
    if "@" in parts.netloc:
        raise ValueError("credentials go out in the client's own headers, never from here")
    if "?" in value or "#" in value:
        raise ValueError("a base URL has no query and no fragment")
    base = value.rstrip("/")
    without = re.sub(r"/v1(beta)?$", "", base)
    if without != base:
        raise ValueError(f"write it without {base[len(without) :]}, the client's path brings that along: {without}")
    return base


def _ledger_url(value: str) -> str:
    if re.match(r"postgres(ql)?(\+\w+)?:", value):
        raise ValueError("PostgreSQL is not in this version")
    if value not in _IN_MEMORY and not re.fullmatch(r"sqlite:///[^?]*[^?/]", value):
        raise ValueError("not the URL of an SQLite file")
    return value


def _model_name(value: str) -> str:
    if not value or re.search(r"[\s\x00-\x1f\x7f]", value):
        raise ValueError("a name of a model is not empty and has no blanks")
    return value


Text = Annotated[str, Field(min_length=1), Expected("text that is not empty")]
Port = Annotated[
    int, BeforeValidator(_no_bool), Field(ge=0, le=65535), Expected("a whole number from 0 (any free port) to 65535")
]
Bytes = Annotated[int, BeforeValidator(_no_bool), Field(gt=0), Expected("a whole number of bytes, at least 1")]
Count = Annotated[int, BeforeValidator(_no_bool), Field(ge=0), Expected("a whole number, at least 0")]
CountFromOne = Annotated[int, BeforeValidator(_no_bool), Field(gt=0), Expected("a whole number, at least 1")]
Flag = Annotated[bool, Expected("true or false")]
Seconds = Annotated[float, BeforeValidator(_no_bool), Field(gt=0), Expected("a number of seconds greater than 0")]
SecondsFromZero = Annotated[float, BeforeValidator(_no_bool), Field(ge=0), Expected("a number of seconds, at least 0")]
PEM_FILE = Expected("the path of a PEM file")
FilePath = Annotated[str | None, Field(min_length=1), AfterValidator(_expand), PEM_FILE]
FolderPath = Annotated[str, Field(min_length=1), AfterValidator(_expand), Expected("the path of a folder")]
Share = Annotated[
    float, BeforeValidator(_no_bool), Field(ge=0, le=1), Expected("a share, from 0 (none) to 1 (all of them)")
]
BaseUrl = Annotated[
    str, AfterValidator(_base_url), Expected("an http:// or https:// URL without /v1, such as https://api.example.com")
]
LedgerUrl = Annotated[
    str,
    AfterValidator(_ledger_url),
    Expected("sqlite:///PATH (four slashes for an absolute path, ~ is expanded)"),
]
MODEL_NAME = Expected("the name of a model")
ModelName = Annotated[str, AfterValidator(_model_name), MODEL_NAME]
