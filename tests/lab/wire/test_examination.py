"""A target, examined: one that works, and each that does what it should not. All of it ends, and nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from support.wire_targets import DAEMON, LEAVES_AT_ONCE, MORTAL, SLEEPS, alive, relay, target

from trioproxy.lab.measures import Measure, Saw
from trioproxy.lab.wire.cells import chosen
from trioproxy.lab.wire.certificate import make_certificate
from trioproxy.lab.wire.examination import Examination
from trioproxy.lab.wire.plan import Plan
from trioproxy.lab.wire.target import PROTOCOLS, Protocol, Target
from trioproxy.trace.records import Event, Record, Run, Trouble

WITHIN_S = 60


async def examined(
    what: Target | None, *words: str, repetitions: int = 2, patience_s: float = 1.0, protocol: Protocol = "h1"
) -> list[Record]:
    records: list[Record] = []
    plan = Plan(
        tuple(chosen(words, [protocol])),
        (protocol,),
        repetitions=repetitions,
        patient_repetitions=2,
        patience_s=patience_s,
        first_patience_s=patience_s,
    )
    with trio.fail_after(WITHIN_S):
        await Examination(what, plan, records.append, {}).cells_alone()
    return records


def runs(records: list[Record]) -> list[Run]:
    return [record for record in records if isinstance(record, Run)]


def troubles(records: list[Record]) -> list[Trouble]:
    return [record for record in records if isinstance(record, Trouble)]


async def test_a_proxy_that_works_tells_the_upstream_in_every_phase(tmp_path: Path):
    records = await examined(
        relay(tmp_path), "FIN/waiting", "RST/between chunks", "FIN/head", "FIN/blocked", patience_s=5
    )

    assert troubles(records) == []
    assert len(runs(records)) == 2 * 3 + 1
    for run in runs(records):
        assert run.subject == "tiny"
        assert run.measures[Measure.TOLD] is True, run
        assert 0 <= float(run.measures[Measure.ABORT_MS] or 0) < 1000
    events = [record for record in records if isinstance(record, Event)]
    assert {event.run for event in events} == {run.id for run in runs(records) if run.repetition == 0}


async def test_what_upstreams_do_comes_through_and_is_no_lie(tmp_path: Path):
    words = ["none", "reset in", "without the last", "refuses", "gzip", "silence in"]
    records = await examined(relay(tmp_path), *words, repetitions=1)

    assert troubles(records) == []
    saw = {run.cell["fault"]: run.measures[Measure.SAW] for run in runs(records)}
    assert saw == {
        "none": Saw.CLEAN_END,
        "refuses the connection": Saw.ERROR,
        "silence in mid-stream": Saw.HANG,
        # This relay knows no RST, and passes on FIN alone.
        "reset in mid-stream": Saw.TRUNCATION,
        "close without the last chunk": Saw.TRUNCATION,
        "gzip": Saw.CLEAN_END,
    }
    assert not any(run.measures[Measure.LIE] for run in runs(records) if run.cell["fault"] != "refuses the connection")


async def test_without_a_proxy_the_harness_itself_is_measured():
    records = await examined(None, "FIN/waiting", "none", repetitions=1)

    assert troubles(records) == []
    assert {run.subject for run in runs(records)} == {"direct"}


async def test_without_a_proxy_the_harness_is_measured_in_each_protocol(tmp_path: Path):
    records: list[Record] = []
    cells = tuple(chosen(["RST/waiting", "none"], PROTOCOLS))
    plan = Plan(cells, repetitions=1, patient_repetitions=1, first_patience_s=5)
    with trio.fail_after(WITHIN_S):
        await Examination(None, plan, records.append, make_certificate(tmp_path)).cells_alone()

    assert troubles(records) == []
    assert [(run.cell["protocol"], run.measures.get(Measure.TOLD)) for run in runs(records)] == [
        (protocol, told) for protocol in PROTOCOLS for told in (None, True)
    ]


def test_without_a_proxy_there_is_no_tls_without_a_certificate_and_no_chunk_to_garble_over_http2():
    plan = Plan(tuple(chosen(["garbled", "short", "without the last", "gzip"], PROTOCOLS)))
    found = [(cell.protocol, cell.word) for cell in Examination(None, plan, lambda _: None, {}).cells()]
    assert [word for protocol, word in found if protocol == "h2c"] == ["gzip"]
    assert {protocol for protocol, _ in found} == {"h1", "h2c"}


def test_faults_are_of_the_protocol_that_the_upstream_is_spoken_to_in(tmp_path: Path):
    plan = Plan(tuple(chosen(["garbled", "RST_STREAM in", "GOAWAY in", "gzip"], ["h1", "h2c"])))
    old = relay(tmp_path).model_copy(update={"speaks": ["h1", "h2c"]})
    new = old.model_copy(update={"upstream": "h2c"})

    def words(target: Target | None, protocol: str) -> list[str]:
        found = Examination(target, plan, lambda _: None, {}).cells()
        return [cell.word for cell in found if cell.protocol == protocol]

    frames = ["RST_STREAM in mid-stream", "GOAWAY in mid-stream", "gzip"]
    assert words(old, "h1") == words(old, "h2c") == words(None, "h1") == ["garbled chunk size", "gzip"]
    assert words(new, "h1") == words(new, "h2c") == words(None, "h2c") == frames


async def test_what_an_upstream_of_http2_resets_is_seen_by_its_client():
    records = await examined(None, "RST_STREAM in", "GOAWAY in", protocol="h2c")

    saw = {run.cell["fault"]: (run.measures["saw"], run.measures["lie"]) for run in runs(records)}
    assert saw == {"RST_STREAM in mid-stream": ("reset", False), "GOAWAY in mid-stream": ("truncation", False)}


async def test_without_a_proxy_nobody_is_there_who_could_refuse():
    assert await examined(None, "refuses") == []


def test_faults_come_first_and_floods_last_one_protocol_after_the_other():
    plan = Plan(tuple(chosen(["RST/blocked", "RST/waiting", "gzip"], ["h2c", "h1"])))
    order = [(cell.protocol, cell.word) for cell in Examination(None, plan, lambda _: None, {}).cells()]
    words = ["gzip", "RST/waiting for the head", "RST/blocked by its client"]
    assert order == [(protocol, word) for protocol in ("h1", "h2c") for word in words]


async def test_cells_that_cannot_be_are_named_with_the_reason(tmp_path: Path):
    records = await examined(relay(tmp_path), "GOAWAY/waiting", "RST_STREAM/waiting")

    assert [(each.what, each.output) for each in troubles(records)] == [
        ("impossible: HTTP/1.1 has no RST_STREAM", "RST_STREAM/waiting for the head, h1"),
        ("impossible: HTTP/1.1 has no GOAWAY", "GOAWAY/waiting for the head, h1"),
    ]


@pytest.mark.parametrize(
    ("script", "what", "output"),
    [
        (LEAVES_AT_ONCE, "ended with status 3 before it listened", "no licence"),
        (SLEEPS, "does not listen", "thinking"),
    ],
    ids=["ends at once", "never listens"],
)
async def test_one_that_does_not_start_is_a_result(tmp_path: Path, script: str, what: str, output: str):
    records = await examined(target(tmp_path, script, start_limit_s=1), "FIN")

    [trouble] = [each for each in troubles(records) if "impossible" not in each.what]
    assert trouble.what.startswith(what)
    assert output in trouble.output
    assert runs(records) == []


async def test_one_that_dies_is_told_and_started_again(tmp_path: Path):
    records = await examined(
        target(tmp_path, MORTAL, "{port}", "{upstream_port}", "4"), "FIN/waiting", "FIN/head", "none", repetitions=1
    )

    died = [each for each in troubles(records) if each.what.startswith("has died with status 9 in: ")]
    assert died
    assert all("listening" in each.output for each in died)
    assert runs(records)


async def test_one_that_dies_again_and_again_is_given_up(tmp_path: Path):
    records = await examined(target(tmp_path, MORTAL, "{port}", "{upstream_port}", "1"), "FIN", repetitions=1)

    assert any(each.what.startswith("given up after 4 starts: ") for each in troubles(records))


DEAF = """
import socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
while True:
    kept = listener.accept()
"""


async def test_one_that_answers_nobody_is_a_result_at_once(tmp_path: Path):
    records = await examined(target(tmp_path, DEAF, "{port}"), "FIN", "RST", patience_s=0.3)

    [trouble] = [each for each in troubles(records) if "impossible" not in each.what]
    assert trouble.what == "a plain answer does not pass over h1: hang, status None: "
    assert "listening" in trouble.output
    assert runs(records) == []


async def test_what_a_target_leaves_behind_is_gone(tmp_path: Path):
    await examined(target(tmp_path, DAEMON, str(tmp_path / "pid"), "0"), "FIN/waiting")

    assert not alive(int((tmp_path / "pid").read_text()))
