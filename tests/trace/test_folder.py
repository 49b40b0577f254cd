"""What is on the disk: private, whole, bounded."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from trioproxy.rules.ids import uuid7
from trioproxy.trace.files import line, read
from trioproxy.trace.folder import Folder, Untidied
from trioproxy.trace.records import Header, Record

HEADER = Header(lab="trace", command=[], began_at="2026-11-29T06:00:00Z")


def name(number: int) -> str:
    return uuid7(1000.0 + number, bytes(10))


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "traces"
    Folder(str(folder), 5, 1000).keep(name(1), [HEADER])
    [file] = folder.iterdir()

    assert read(file) == [HEADER]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    Folder("~/t", 5, 1000).keep(name(1), [HEADER])

    assert kept(tmp_path / "t") == [f"{name(1)}.jsonl"]


def test_the_newest_stay(tmp_path: Path) -> None:
    for number in (2, 1, 4, 3):
        Folder(str(tmp_path), 2, 10**6).keep(name(number), [HEADER])

    assert kept(tmp_path) == [f"{name(3)}.jsonl", f"{name(4)}.jsonl"]


def written(folder: Path, number: int, ago_s: float, suffix: str = "jsonl") -> str:
    """A file as it was left some time ago; its name."""
    file = folder / f"{name(number)}.{suffix}"
    file.write_text("{}")
    at_s = time.time() - ago_s
    os.utime(file, (at_s, at_s))
    return file.name


def test_what_was_written_last_stays_whenever_its_request_came(tmp_path: Path) -> None:
    written(tmp_path, 7, 30.0)
    later = written(tmp_path, 6, 20.0)
    written(tmp_path, 8, 40.0)
    Folder(str(tmp_path), 2, 10**6).keep(name(1), [HEADER])  # the trace of a long stream

    assert kept(tmp_path) == [f"{name(1)}.jsonl", later]


@pytest.mark.parametrize(("files", "size_bytes"), [(1, 10**6), (9, 1)])
def test_the_one_of_now_stays_whatever_the_clock_says(files: int, size_bytes: int, tmp_path: Path) -> None:
    written(tmp_path, 7, -3600.0)
    Folder(str(tmp_path), files, size_bytes).keep(name(1), [HEADER])

    assert kept(tmp_path) == [f"{name(1)}.jsonl"]


def test_so_many_bytes_stay_and_the_last_one_whatever_its_size(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path), 100, 2 * len(line(HEADER)))
    for number in range(4):
        folder.keep(name(number), [HEADER])
    assert kept(tmp_path) == [f"{name(2)}.jsonl", f"{name(3)}.jsonl"]
    folder.keep(name(5), [HEADER] * 9)

    assert kept(tmp_path) == [f"{name(5)}.jsonl"]


def test_what_has_another_name_is_somebody_elses(tmp_path: Path) -> None:
    for other in ("mine.jsonl", "00000000-0000-4000-8000-000000000000.jsonl", "notes.txt"):
        (tmp_path / other).write_text("x" * 10_000)
    for number in range(3):
        Folder(str(tmp_path), 1, 100).keep(name(number), [HEADER])

    assert len(kept(tmp_path)) == 4


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    def broken() -> Iterator[Record]:
        yield HEADER
        raise OSError(28, "no space left on device")

    with pytest.raises(OSError, match="no space"):
        Folder(str(tmp_path), 5, 1000).keep(name(1), broken())

    assert kept(tmp_path) == []


def test_what_a_killed_process_left_goes_and_what_another_still_writes_stays(tmp_path: Path) -> None:
    written(tmp_path, 2, 90.0, "unfinished")
    other = written(tmp_path, 0, 30.0, "unfinished")
    Folder(str(tmp_path), 1, 1000).keep(name(1), [HEADER])

    assert kept(tmp_path) == [other, f"{name(1)}.jsonl"]


def test_what_cannot_be_let_go_does_not_make_the_trace_lost(tmp_path: Path) -> None:
    (tmp_path / f"{name(0)}.jsonl").mkdir()
    with pytest.raises(Untidied):
        Folder(str(tmp_path), 1, 1000).keep(name(1), [HEADER])

    assert read(tmp_path / f"{name(1)}.jsonl") == [HEADER]


def test_a_file_that_another_proxy_has_let_go_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        Folder(str(tmp_path), 9, 10**6).keep(name(number), [HEADER])
    scandir = os.scandir

    def late(folder: Path) -> Iterator[os.DirEntry[str]]:
        for entry in [*scandir(folder)]:
            if entry.name.startswith(name(0)):
                Path(entry.path).unlink()
            yield entry

    class Late:
        def __init__(self, folder: Path) -> None:
            self._entries = late(folder)

        def __enter__(self) -> Iterator[os.DirEntry[str]]:
            return self._entries

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(os, "scandir", Late)
    Folder(str(tmp_path), 1, 10**6).keep(name(4), [HEADER])

    assert kept(tmp_path) == [f"{name(4)}.jsonl"]
