"""Results files: JSON Lines in, JSON Lines out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from trioproxy.errors import ConfigurationError
from trioproxy.trace.records import SCHEMA, Header, Record

# Of one file so many lines that are no record are named.
MOST_PROBLEMS = 10

_decode = msgspec.json.Decoder(Record).decode
_encode = msgspec.json.Encoder().encode


def write(records: Iterable[Record], file: BinaryIO) -> None:
    """Write `records`, a header first, one a line."""
    for record in records:
        file.write(line(record))


def line(record: Record) -> bytes:
    """`record` as a line, with its end."""
    return _encode(record) + b"\n"


def read(path: Path) -> list[Record]:
    """All records of a file.

    Raises:
        ConfigurationError: the lines that are no record, with file and line; no header, or one of another schema.
            Of a file whose first line is no record nothing more is said.
        OSError: it cannot be read.
    """
    problems: list[str] = []
    records: list[Record] = []
    for number, text in _lines(path.read_bytes()):
        try:
            records.append(_decode(text))
        except msgspec.MsgspecError as error:
            if not records:
                raise ConfigurationError(
                    [f"{path}: line {number}: no record: {error}; expected the header of a results file ({SCHEMA})"]
                ) from None
            problems.append(f"{path}: line {number}: no record: {error}")
    if len(problems) > MOST_PROBLEMS:
        problems[MOST_PROBLEMS:] = [f"{path}: {len(problems) - MOST_PROBLEMS:,} more lines are no record"]
    first = records[0] if records else None
    if not problems and not isinstance(first, Header):
        problems.append(f"{path}: line 1: expected the header of a results file ({SCHEMA})")
    if isinstance(first, Header) and first.schema != SCHEMA:
        problems.append(f"{path}: line 1: schema: got {first.schema!r}; expected {SCHEMA}")
    if problems:
        raise ConfigurationError(problems)
    return records


def _lines(text: bytes) -> Iterator[tuple[int, bytes]]:
    return ((number, each) for number, each in enumerate(text.split(b"\n"), 1) if each.strip())
