"""What is told while something happens at every step: stories, and what the proxy is configured to."""

from __future__ import annotations

import gzip
from collections.abc import Mapping

from trioproxy.lab.answers import anthropic_error, anthropic_error_event, chat_stream, message, message_stream
from trioproxy.lab.explore.case import Scenario
from trioproxy.lab.explore.subject import Conditions
from trioproxy.lab.script import (
    After,
    Ask,
    AtEvent,
    AtPhase,
    Chunk,
    ClientPhase,
    ClientScript,
    Close,
    End,
    Ending,
    Framing,
    Garble,
    Head,
    Interim,
    Leave,
    Raw,
    ReadOn,
    ReadSlowly,
    Refuse,
    Resend,
    Reset,
    Script,
    Short,
    Silence,
    StopReading,
    Story,
    Take,
    Unreachable,
)
from trioproxy.model import Join, Policy, Until
from trioproxy.seat import LIMIT_BYTES
from trioproxy.settings import DisconnectSettings, ReplaySettings, RoutingSettings

KEY = b"sk-ant-the-key-of-an-explored-client"
_HEADERS = ((b"x-api-key", KEY), (b"content-type", b"application/json"))
# Its beginning, some text, its usage, its end: each of them once, for every read takes steps.
_STREAM = message_stream("One.").in_reads(3, 1, 2, 1)
_ASK = Ask(body=b'{"model":"claude-haiku-4-5","stream":true,"max_tokens":9}', headers=_HEADERS)
_JSON = Ask(body=b'{"model":"claude-haiku-4-5","max_tokens":9}', headers=_HEADERS)
_OPUS = Ask(body=b'{"model":"claude-opus-4-8","stream":true,"max_tokens":9,"messages":[]}', headers=_HEADERS)
_OTHER = Ask(body=b'{"model":"claude-haiku-4-5","stream":true,"max_tokens":8}', headers=_HEADERS)
_STRANGER = Ask(body=_ASK.body, headers=((b"x-api-key", b"sk-ant-the-key-of-a-stranger"), *_HEADERS[1:]))
_UPLOAD = Ask("/v1/files", b"two pieces", _HEADERS)
_BEARER = ((b"authorization", b"Bearer " + KEY), _HEADERS[1])
_CHAT = Ask("/v1/chat/completions", b'{"model":"gpt-5-mini","stream":true,"messages":[]}', _BEARER)
_HUGE = Ask(body=b"{}", headers=(*_HEADERS, (b"content-length", b"99999999999")))
_FLOOD = Script.of(
    Head(headers=_STREAM.headers, framing=Framing.CHUNKED),
    Chunk(b":" * (LIMIT_BYTES + 1) + b"\n\n"),
    Chunk(_STREAM.body),
    End(),
)
_JSON_HEAD = Head(headers=message("One.").headers, framing=Framing.LENGTH)
_GZIPPED = Script.of(
    Head(headers=(*_STREAM.headers, (b"content-encoding", b"gzip"))), Chunk(gzip.compress(_STREAM.body, mtime=0)), End()
)
_EARLY = Script.of(Head(413, message("One.").headers), Chunk(message("One.").body), End(), take=Take.NOTHING)
_PACED = _STREAM.script(every_s=1.0)
_SLOWLY = _STREAM.script(every_s=4.0)
_REUSE = ReplaySettings()
_JOINING = Conditions(replay=ReplaySettings(join=Join.ALWAYS))
_REUSING = Conditions(replay=_REUSE)
_LINGER = Conditions(disconnect=DisconnectSettings(policy=Policy.LINGER))
_LINGER_AND_REUSE = Conditions(disconnect=DisconnectSettings(policy=Policy.LINGER), replay=_REUSE)
_DRAIN = Conditions(disconnect=DisconnectSettings(policy=Policy.DRAIN), replay=_REUSE)
_TO_USAGE = Conditions(disconnect=DisconnectSettings(policy=Policy.DRAIN, until=Until.USAGE))
_ROUTING = Conditions(routing=RoutingSettings(enabled=True))
_LEAVES = ClientScript(_ASK, ((AtEvent(2), Leave()),))
_RESENDS = ClientScript(_ASK, ((AtEvent(2), Leave()), (After(1.0), Resend())))
_RESENDS_AT_ONCE = ClientScript(_ASK, ((AtEvent(2), Leave()), (After(0.0), Resend())))
_SLOW = ClientScript(_ASK, ((AtPhase(ClientPhase.HEAD), StopReading()), (After(5.0), ReadOn())))


def _one(
    name: str,
    words: str,
    script: Script,
    client: ClientScript | Ask = _ASK,
    conditions: Conditions | None = None,
) -> Scenario:
    client = ClientScript(client) if isinstance(client, Ask) else client
    return Scenario(name, words, Story(name, (script,), (client,)), conditions or Conditions())


def _two(name: str, words: str, script: Script, after_s: float, first: ClientScript | None = None) -> Scenario:
    """A second client asks the same, so many seconds after the first."""
    second = ClientScript(_ASK)
    return Scenario(name, words, Story(name, (script,), (first or second, second), (0.0, after_s)), _JOINING)


def _broken(name: str, words: str, then: Ending) -> Scenario:
    return _one(name, words, _STREAM.up_to(2).script(then=then))


def _neighbours(name: str, words: str, other: Ask) -> Scenario:
    """Two clients at two calls with different answers; neither may get any of the other's."""
    scripts = [message_stream(text).in_reads(4, 3).script(every_s=1.0) for text in ("One.", "Two.")]
    clients = (ClientScript(_ASK), ClientScript(other))
    return Scenario(name, words, Story(name, tuple(scripts), clients, (0.0, 0.5)), _JOINING)


_ALL = (
    _one("stream", "an event stream that comes at once", _STREAM.script()),
    _one("paced", "an event stream in four reads, one a second", _PACED),
    _one("json", "a whole answer in JSON", message("One.").script(), _JSON),
    _one("error-answer", "the upstream answers 429", anthropic_error(429).script(), _JSON),
    _one("late-head", "the upstream thinks before its head", _STREAM.script(head_after_s=20.0)),
    _one("interim", "103 before the head", Script.of(Interim(), _JSON_HEAD, Chunk(message("One.").body), End()), _JSON),
    _one("bad-head", "the head is garbled", Script.of(Raw(b"HTTP/9 what?\r\n\r\n"), Silence())),
    _one("short", "the body ends before its length", Script.of(_JSON_HEAD, Chunk(b"{"), Short(9)), _JSON),
    _one("gzip", "an event stream that is compressed", _GZIPPED),
    _one("chat", "an event stream of another dialect", chat_stream("One.").script(), _CHAT),
    _one("early-answer", "an answer before the upload is read", _EARLY, _UPLOAD),
    _one("blocked", "a client that reads late, and more than may wait for it", _FLOOD, _SLOW),
    _one("slow-reader", "a client that reads slowly", _FLOOD, ClientScript(_ASK, ((After(0.0), ReadSlowly(9000)),))),
    _broken("closed", "the upstream closes in mid-stream", Close()),
    _broken("reset", "the upstream resets in mid-stream", Reset()),
    _broken("garbled", "the upstream garbles a chunk", Garble()),
    _broken("silent", "the upstream falls silent", Silence()),
    _one("error-event", "an error event in the stream", _STREAM.up_to(2, anthropic_error_event()).script()),
    _one("no-last-event", "a clean end without the last event", _STREAM.up_to(-1).script()),
    _one("until-close", "the end of the connection is the end", _STREAM.script(framing=Framing.CLOSE, then=Close())),
    _one("no-head", "the upstream closes before a head", Script.of(Close())),
    _one("refused", "nobody listens", Script.of(Refuse())),
    _one("unreachable", "connecting never ends", Script.of(Unreachable())),
    _one("upload", "an upload in pieces", message("One.").script(), _UPLOAD),
    _one("too-large", "a request over the limit", Script.of(Refuse()), _HUGE),
    _one("leaver", "the client leaves by itself", _PACED, _LEAVES),
    _one("resend", "it leaves, and asks again", _PACED, _RESENDS),
    _one("resend-at-once", "it leaves, and asks again in the same moment", _PACED, _RESENDS_AT_ONCE, _REUSING),
    _two("join", "two clients at one call", _PACED, 2.5),
    _two("join-at-once", "two clients that ask at the same time", _STREAM.script(), 0.0),
    _two("join-blocked", "one reads late, the other at once", _FLOOD, 0.0, _SLOW),
    _two("join-broken", "two clients at a call that breaks", _STREAM.up_to(3).script(every_s=1.0, then=Reset()), 2.5),
    _two("replay", "the second asks when the first has its answer", _STREAM.script(), 1.0),
    _neighbours("neighbours", "two clients that ask different things", _OTHER),
    _neighbours("strangers", "two clients that ask the same with different keys", _STRANGER),
    _one("linger", "the client leaves, the call lingers", _PACED, _LEAVES, _LINGER),
    _one("linger-over", "the call takes longer than it lingers", _SLOWLY, _LEAVES, _LINGER),
    _one("linger-resend", "it comes back while the call lingers", _SLOWLY, _RESENDS, _LINGER_AND_REUSE),
    _one("drain", "the client leaves, the call is drained", _PACED, _LEAVES, _DRAIN),
    _one("drain-usage", "the client leaves, the call goes on to its usage", _PACED, _LEAVES, _TO_USAGE),
    _one("routed", "a simple prompt, sent to another model", _STREAM.script(), _OPUS, _ROUTING),
)
SCENARIOS: Mapping[str, Scenario] = {scenario.name: scenario for scenario in _ALL}
