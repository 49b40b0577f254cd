"""The upstream's side of a run, as the script of one call.

    head, chunks, end | broke | nothing more   ─▶   Script

The clock of a script begins when the request has been taken; of one that takes no request, when it is connected to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from trioproxy.lab.from_trace.body import filled, last_words, sliced
from trioproxy.lab.from_trace.telling import Telling
from trioproxy.lab.script import (
    Action,
    Chunk,
    Close,
    End,
    Ending,
    Framing,
    Garble,
    GoAway,
    Head,
    Raw,
    Refuse,
    Reset,
    RstStream,
    Script,
    Short,
    Silence,
    Take,
    Unreachable,
)
from trioproxy.model import CallOutcome
from trioproxy.rules.lifecycle import Phase
from trioproxy.trace.records import Event, Lane, What

GARBAGE = b"This is no HTTP.\r\n\r\n"
# How a break is told, by the proxy (the cause) or by the lab (the script's own word): the first that fits.
_BREAKS: tuple[tuple[str, type[Ending]], ...] = (
    (r"refus|ConnectFailed", Refuse),
    (r"garbl|what is no head", Garble),
    (r"RST_STREAM|RstStream", RstStream),
    (r"GOAWAY|GoAway", GoAway),
    (r"reset|Reset|RST", Reset),
    (r"", Close),
)
_NO_BODY = (204, 304)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a run.

    Args:
        lane: what is told of it: the upstream's own lane, or, of a call that is not in the run, its client's.
        path: what was asked for.
        played: the script that the lab played to it, if it was the lab's.
    """

    telling: Telling
    lane: Lane
    who: int
    path: str
    played: Script | None = None

    @property
    def chunks(self) -> Sequence[Event]:
        """The answer's body, as it came."""
        return self.telling.of(self.lane, self.who, What.BYTES)

    @property
    def bytes_known(self) -> bool:
        """The answer's own bytes are there, not only their sizes."""
        return all(chunk.data is not None for chunk in self.chunks) or self._played_has_all

    def script(self) -> Script:
        """What the upstream did."""
        moments = [*self._head(), *self._body()]
        ending = self._ending(bool(moments))
        clock_s = self._began_s(ending[-1][1])
        steps: list[tuple[float, Action]] = []
        for at_s, action in (*moments, *ending):
            now_s = max(clock_s, at_s)
            steps.append((round(now_s - clock_s, 6), action))
            clock_s = now_s
        return Script(tuple(steps), take=self._take())

    def _head(self) -> list[tuple[float, Action]]:
        event = self.telling.first(self.lane, self.who, What.HEAD, What.BYTES)
        if event is None:
            return []
        status = int(event.note) if event.note.isdigit() else 200
        told = self._played_head
        if told is not None:
            return [(event.at_s, Head(status, told.headers, self._framing(status), told.length_bytes))]
        kind = self._media_type
        headers = ((b"content-type", kind.encode("latin-1", "replace")),) if kind else ()
        return [(event.at_s, Head(status, headers, self._framing(status), self._length_bytes))]

    def _body(self) -> list[tuple[float, Action]]:
        chunks = self.chunks
        sizes = [chunk.size_bytes for chunk in chunks]
        if all(chunk.data is not None for chunk in chunks):
            bodies = [chunk.data or b"" for chunk in chunks]
        elif self.played is not None and self._played_has_all:
            bodies = sliced(self.played.body, sizes)
        else:
            bodies = filled(sizes, self._media_type, last_words(self.path, self._media_type, self._outcome))
        return [(chunk.at_s, Chunk(body)) for chunk, body in zip(chunks, bodies, strict=True) if body]

    def _ending(self, headed: bool) -> list[tuple[float, Action]]:
        """How it ended: one step, or garbage and one."""
        end = self.telling.first(self.lane, self.who, What.END, What.BROKE, What.TRUNCATED, What.RESET)
        if end is None:
            return [(0.0, self._owed())]
        if end.what is What.END:
            return [(end.at_s, Close() if self._framing() is Framing.CLOSE else End())]
        if not headed and end.what is not What.BROKE:
            return [(end.at_s, Close())]
        kind = (
            Reset if end.what is not What.BROKE else next(kind for words, kind in _BREAKS if re.search(words, end.note))
        )
        if kind is Garble and not (headed and self._framing() is Framing.CHUNKED):
            return [(end.at_s, Raw(GARBAGE)), (end.at_s, Close())]
        if kind is Refuse and headed:
            kind = Close
        if kind is Close and headed and self._framing() is Framing.LENGTH and self._length_bytes is None:
            kind = Short
        return [(end.at_s, kind())]

    def _owed(self) -> Ending:
        """What it was doing when the call was ended by us, or by its client."""
        connecting = self._phases == {Phase.CONNECTING} or self._outcome == CallOutcome.CONNECT_FAILED
        return Unreachable() if connecting else Silence()

    @property
    def _phases(self) -> set[str]:
        """Where the call has been, of a run in which that was noted."""
        return {event.note for event in self.telling.of(Lane.PUMP, self.who, What.PHASE)}

    def _take(self) -> Take:
        stuck = Phase.SENDING in self._phases and Phase.WAITING not in self._phases
        # A client that fell silent in mid-request is another story.
        return Take.NOTHING if stuck and self.telling.measure("exchange") != "rejected" else Take.WHOLE

    def _began_s(self, last: Action) -> float:
        """When the script's clock began."""
        at_connecting = isinstance(last, Refuse | Unreachable)
        for phase in (Phase.CONNECTING,) if at_connecting else (Phase.WAITING, Phase.SENDING):
            for event in self.telling.of(Lane.PUMP, self.who, What.PHASE):
                if event.note == phase:
                    return event.at_s
        asked = self.telling.first(Lane.UPSTREAM, self.who, What.ASKED)
        asked = asked or self.telling.first(Lane.CLIENT, None, What.REQUEST)
        return asked.at_s if asked is not None else 0.0

    # What the head said.

    @property
    def _media_type(self) -> str:
        known = self.telling.measure("media_type")
        return known if isinstance(known, str) else "text/event-stream"

    @property
    def _length_bytes(self) -> int | None:
        """What was announced, where not all of it came."""
        known = self.telling.measure("length_bytes")
        came = sum(chunk.size_bytes for chunk in self.chunks)
        return known if isinstance(known, int) and known > came else None

    def _framing(self, status: int | None = None) -> Framing:
        if status in _NO_BODY:
            return Framing.NONE
        if self._played_head is not None:
            return self._played_head.framing
        known = self.telling.measure("framing")
        return Framing(known) if isinstance(known, str) and known in list(Framing) else Framing.CHUNKED

    @property
    def _outcome(self) -> str | None:
        """How the call was settled, or, of a call that is not in the run, what its client had of it."""
        own = self.telling.of(self.lane, self.who)
        last_s = own[-1].at_s if own else 0.0
        settled = self.telling.of(Lane.SETTLE, None, What.CALL) if self.lane is Lane.UPSTREAM else []
        for event in settled:  # of several calls, the one that was settled next
            if event.at_s >= last_s:
                return event.note
        return CallOutcome.COMPLETED if self.telling.first(self.lane, self.who, What.END) else None

    # What was played.

    @property
    def _played_head(self) -> Head | None:
        steps = self.played.steps if self.played is not None else ()
        return next((action for _, action in steps if isinstance(action, Head)), None)

    @property
    def _played_has_all(self) -> bool:
        return self.played is not None and len(self.played.body) >= sum(chunk.size_bytes for chunk in self.chunks)
