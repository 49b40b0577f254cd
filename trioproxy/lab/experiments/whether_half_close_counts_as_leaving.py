"""A FIN says that a client will send no more. If it counts as a departure, a client that only half-closes and waits
loses its answer; if it does not, a client that is gone is noticed only when a second write fails, which is late where
an upstream thinks before it speaks. Counting it costs an upstream less unless many clients half-close and wait: the
share of them from which on it costs more is over a half."""

from __future__ import annotations

from trioproxy.lab.compare.experiment import Claim, Result, grid
from trioproxy.lab.compare.half_close import HalfClosed
from trioproxy.lab.compare.semantics import Semantics
from trioproxy.lab.compare.sweep import Contestant
from trioproxy.lab.compare.telling import Course, Telling, ask, stream, tell
from trioproxy.lab.script import After, ClientScript, Leave, Script, Story

QUESTION = "Should a half-close count as leaving?"
SEEDS = 3
FIN_AT_S = 5.5
EVENTS = 60
EVENT_BYTES = 100
UPSTREAMS = {
    "an event a second": stream(EVENTS, 1.0, EVENT_BYTES),
    "20 events a second": stream(EVENTS, 0.05, EVENT_BYTES, first_s=5.0),
    "thinks for 60 s, then an event a second": stream(EVENTS, 1.0, EVENT_BYTES, first_s=60.0),
}
METHOD = """
Three upstreams of 60 events: one event a second, 20 a second after 5 s, and one a second after a minute of thinking.
The client says FIN after 5.5 s. It is gone, or it has half-closed and still reads. The server counts the FIN as a
departure, or goes on until a write meets the reset that the write before it has drawn. The compact relay and the proxy
as it serves, policy `abort`. Measured: how long after the FIN the upstream is told, the events pulled since for nobody,
and which share of its answer a client gets that still reads. From these follows which share of half-closes there must
be for ignoring them to cost an upstream less time: a client that was cut off asks again, and what it had is generated
twice.
"""
FOLLOWS = """
Half-close and GOAWAY count as leaving (ADR 0004): what a policy that ignores them costs for every client that is gone
is small while events come often, and a whole minute of generation where an upstream thinks. The hypothesis fails for
streams that flow: there a few half-closers in a hundred would be enough. We assume that there are fewer among the
clients of these APIs; all of them wait for upstreams that think.
"""
LIMITS = """
The reset is modelled as coming between two writes, which is a round trip in a real network; a client behind a firewall
that swallows packets is noticed later still. A proxy that asks the client's socket (TCP_INFO) knows no more: after a
FIN both clients look alike. Events pulled while an upstream thinks are counted as none, although their tokens are paid.
"""


def measure(seeds: int) -> Result:
    """Both servers, both clients, three upstreams."""
    late, events, share, even, rows = {}, {}, {}, {}, []
    for ours in (False, True):
        contestant = Contestant(Semantics(), ours=ours)
        for words, script in UPSTREAMS.items():
            for counted in (True, False):
                gone = _tell(contestant, script, seeds, counted=counted, gone=True)
                reads = _tell(contestant, script, seeds, counted=counted, gone=False)
                key = ours, words, counted
                late[key] = max(told.closed_at() - FIN_AT_S for told in gone)
                events[key] = max(_since_fin(told, told.pulled_bytes()) for told in gone) / EVENT_BYTES
                whole = EVENTS * EVENT_BYTES
                share[key] = min(told.got_bytes() / whole for told in reads)
                even[ours, words] = late[key] / (late[key] + FIN_AT_S)
                rows.append(
                    (
                        f"{contestant.name}: {words}; a FIN {'counts' if counted else 'is ignored'}",
                        f"{late[key]:.2f}",
                        f"{events[key]:.0f}",
                        f"{min(share[key], 1.0):.0%}",
                        "" if counted else f"{even[ours, words]:.0%}",
                    )
                )
    columns = (
        "server and upstream",
        "gone: told after, s",
        "gone: events for nobody",
        "still reads: gets of its answer",
        "ignoring costs less from",
    )
    often, fast, thinks = UPSTREAMS
    return Result(
        (("A FIN after 5.5 s:", grid(columns, rows)),),
        (
            Claim(
                "Counted, the upstream is told at once, whatever it does.",
                not any(at for (_, _, counted), at in late.items() if counted),
            ),
            Claim(
                "Ignored, the upstream is told two events late where events come.",
                late[False, often, False] <= 3.0 and late[False, fast, False] <= 0.2,
            ),
            Claim("Ignored, a minute of thinking is a minute too late.", late[False, thinks, False] > 50.0),
            Claim(
                "Counted, a client that still reads loses the rest of its answer; ignored, it gets all of it.",
                all((part < 1.0) is counted for (_, _, counted), part in share.items()),
            ),
            Claim(
                "Where an upstream thinks, ignoring it costs less only if most FINs are half-closes.",
                min(even[ours, thinks] for ours in (False, True)) > 0.5,
            ),
            Claim("And where events come often.", min(even.values()) > 0.5),
        ),
    )


def _since_fin(told: Course, size_bytes: int) -> int:
    return size_bytes - told.pulled_bytes(until_s=FIN_AT_S)


def _tell(contestant: Contestant, script: Script, seeds: int, *, counted: bool, gone: bool) -> list[Course]:
    client = ClientScript(ask(), ((After(FIN_AT_S), Leave()),) if gone else ())
    subject = HalfClosed(contestant.subject(), counted, None if gone else FIN_AT_S)
    story = Story("fin", (script,), (client,))
    return tell([Telling(contestant, story, seed, subject=subject) for seed in range(seeds)])
