"""Runs the benchmark: every mode, peer after peer, round after round; prints the table, writes `bench/out`.

    python -m bench.run                        all modes, three rounds
    python -m bench.run --quick                one short round
    python -m bench.run --modes req32,leave --peers naive,trioproxy
    python -m bench.run --before ../earlier    also the proxy of that checkout, in the same run
    python -m bench.run --docs docs/performance.md

Peers of a round run next to each other, in an order that turns with the round: noise of the machine meets all alike.
Exit status: 0 measured (whatever the verdicts), 1 something could not be measured, 2 wrong command line.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from bench import report
from bench.build import HERE, BuildError, build
from bench.metrics import rows
from bench.modes import MODES
from bench.peers import NAMES, Peer, peers
from bench.process import StartError
from bench.stand import LoadError, stand


def _several(known: Collection[str]) -> Any:
    def parse(text: str) -> list[str]:
        names = text.split(",")
        if wrong := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(wrong)}; known: {', '.join(known)}")
        return names

    return parse


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description="Speed and memory, side by side.")
    parser.add_argument("--rounds", type=int, help="default 3, with --quick 1")
    parser.add_argument("--modes", type=_several(MODES), default=list(MODES), help=", ".join(MODES))
    parser.add_argument("--peers", type=_several(NAMES), help=f"{', '.join(NAMES)}; `before` only with --before")
    parser.add_argument("--before", type=Path, help="a checkout of an earlier version: the peer `before`")
    parser.add_argument("--quick", action="store_true", help="one round of short runs")
    parser.add_argument("--out", type=Path, default=HERE / "out", help="folder of results.json and results.md")
    parser.add_argument("--docs", type=Path, help="a document whose results are to be replaced")
    options = parser.parse_args()
    if options.docs and not report.has_place(options.docs):
        parser.error(f"{options.docs}: expected a file with the lines {report.BEGIN} and {report.END}")
    if options.before and not (options.before / "trioproxy" / "__main__.py").is_file():
        parser.error(f"--before {options.before}: there is no package trioproxy in it")
    if options.peers and "before" in options.peers and not options.before:
        parser.error("the peer before wants --before, the path of a checkout")
    known = peers(options.before)
    options.peers = [known[name] for name in options.peers or known]
    if not any(peer.name in MODES[mode].peers for peer in options.peers for mode in options.modes):
        parser.error("none of these modes is for any of these peers")
    options.rounds = options.rounds or (1 if options.quick else 3)
    return options


def _measure(programs: dict[str, Path], peer: Peer, mode_name: str, folder: Path, quick: bool) -> dict[str, Any]:
    """One mode of one peer: its values, what is doubtful about them, how many calls the peer wrote down."""
    folder.mkdir(parents=True)
    load_before = os.getloadavg()[0]
    with stand(programs, peer, folder, quick=quick) as ready:
        try:
            values = MODES[mode_name].run(ready)
            requests = ready.upstream_requests()
        except OSError as problem:
            raise LoadError(f"the upstream does not answer: {problem}") from problem
    measured: dict[str, Any] = {
        "values": {f"{mode_name}.{name}": value for name, value in values.items()},
        "requests": requests,
    }
    if peer.recorded:
        measured["recorded"] = peer.recorded(ready.place)
        if measured["recorded"] < requests:  # more is all right: clients that left before their call was sent
            ready.warnings.append(f"{measured['recorded']} calls recorded of {requests}")
    return {**measured, "warnings": ready.warnings, "load_average_before": load_before}


def main() -> int:
    options = _arguments()
    count = options.rounds
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda *_: sys.exit(1))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a proxy holds two descriptors a stream
    try:
        programs = build()
    except BuildError as problem:
        print(problem, file=sys.stderr)
        return 1
    os.chdir(HERE.parent)
    rounds: list[dict[str, dict[str, float]]] = []
    raw, notes, failed = [], [], False
    scratch = Path(tempfile.mkdtemp(prefix="trioproxy-bench-"))
    try:
        for number in range(count):
            turn = number % len(options.peers)
            in_turn = options.peers[turn:] + options.peers[:turn]
            rounds.append({peer.name: {} for peer in in_turn})
            for mode in options.modes:
                for peer in (each for each in in_turn if each.name in MODES[mode].peers):
                    began = time.monotonic()
                    try:
                        folder = scratch / f"{number}-{mode}-{peer.name}"
                        measured = _measure(programs, peer, mode, folder, options.quick)
                    except (LoadError, StartError) as problem:
                        failed, measured = True, {"values": {}, "warnings": [f"not measured: {problem}"]}
                    rounds[-1][peer.name].update(measured["values"])
                    raw.append({"round": number + 1, "mode": mode, "peer": peer.name, **measured})
                    notes += [f"round {number + 1}, {mode}, {peer.name}: {each}" for each in measured["warnings"]]
                    took_s = time.monotonic() - began
                    print(f"{number + 1}/{count} {mode:14} {peer.name:10} {took_s:5.1f} s", file=sys.stderr)
                    for each in measured["warnings"]:
                        print(f"    {each}", file=sys.stderr)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    table, facts = rows(rounds), report.machine()
    cells = report.cells(table, [peer.name for peer in options.peers])
    runs = f"{count} {'short ' if options.quick else ''}round{'s' if count > 1 else ''}"
    block = report.markdown(cells, runs, facts, notes)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "results.md").write_text(block + "\n")
    verdicts = {row.metric.name: {str(goal): word for goal, word in row.verdicts} for row in table if row.verdicts}
    everything = {
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": facts,
        "rounds": count,
        "quick": options.quick,
        "verdicts": verdicts,
        "measured": raw,
    }
    (options.out / "results.json").write_text(json.dumps(everything, indent=1) + "\n")
    if options.docs:
        report.insert(options.docs, block)
    print(report.text(cells))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
