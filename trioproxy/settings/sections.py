"""The sections of the configuration file, with their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from trioproxy.model import Join, Policy, Until
from trioproxy.settings.kinds import (
    Bytes,
    Count,
    CountFromOne,
    Expected,
    FilePath,
    Flag,
    FolderPath,
    LedgerUrl,
    Port,
    Seconds,
    SecondsFromZero,
    Section,
    Share,
    Text,
    one_of,
)
from trioproxy.settings.providers import BUILT_IN_PROVIDERS, ProviderName, ProviderSettings
from trioproxy.settings.routing import RoutingSettings


class ServerSettings(Section):
    """The side that clients see."""

    host: Text = Field(default="127.0.0.1", description="the address to listen on")
    port: Port = Field(default=8082, description="the port to listen on; 0 picks a free one")
    max_request_bytes: Bytes = Field(default=33_554_432, description="largest body of a generation request")
    request_silence: Seconds = Field(default=60.0, description="how long a client may stay silent while it owes a body")
    graceful_timeout: SecondsFromZero = Field(default=30.0, description="how long streams in flight get on shutdown")
    stalled_client_timeout: Seconds = Field(default=60.0, description="how long a client may refuse to read")
    certfile: FilePath = Field(default=None, description="certificate chain: TLS, with HTTP/2 by ALPN")
    keyfile: FilePath = Field(default=None, description="the certificate's private key")


class TimeoutSettings(Section):
    """How long each phase of an upstream call may take. There is no limit on the whole."""

    connect: Seconds = Field(default=10.0, description="to be connected, TLS included")
    first_byte: Seconds = Field(default=600.0, description="the longest wait for a response head")
    read: Seconds = Field(default=120.0, description="the longest silence within a response body")
    write: Seconds = Field(default=30.0, description="how long the upstream may refuse to take request bytes")


class DisconnectSettings(Section):
    """How long an upstream call outlives its last client."""

    policy: Annotated[Policy, one_of(Policy)] = Field(default=Policy.ABORT, description="for providers without one")
    linger: Seconds = Field(default=10.0, description="how long a call lives on, with `linger`")
    drain_limit: Seconds = Field(default=300.0, description="the longest that a call lives on, with `drain`")
    until: Annotated[Until, one_of(Until)] = Field(default=Until.END, description="what `drain` waits for")
    max_detached: Count = Field(default=32, description="calls that live on at a time; beyond it: abort")


class LedgerSettings(Section):
    """Where calls and exchanges are recorded."""

    url: LedgerUrl = Field(default="sqlite:///~/.local/share/trioproxy/ledger.db", description="the database")
    durability: Annotated[Literal["normal", "full"], Expected("normal or full")] = Field(
        default="normal", description="full: flushed to the disk at every commit"
    )
    prompt_preview: Count = Field(default=0, description="characters of the last user message to keep")


class ReplaySettings(Section):
    """Which requests are answered without a call of their own: by a live twin's, or by a finished one's."""

    enabled: Flag = Field(default=True, description="whether any request is")
    window: SecondsFromZero = Field(default=5.0, description="how long a finished answer may be replayed")
    window_tool_result: SecondsFromZero = Field(default=15.0, description="the same, where tool results were sent")
    max_body_bytes: Bytes = Field(default=4_194_304, description="the largest request or answer that takes part")
    max_total_bytes: Bytes = Field(default=67_108_864, description="all that is kept, tapes of live streams included")
    max_entries: CountFromOne = Field(default=500, description="answers that are kept")
    join: Annotated[Join, one_of(Join)] = Field(default=Join.RESEND, description="which requests join a live twin")
    sampled: Flag = Field(default=False, description="also requests that set their sampling themselves")


class TraceSettings(Section):
    """What is written down of chosen requests, moment by moment."""

    enabled: Flag = Field(default=True, description="whether any request is traced")
    sample: Share = Field(default=0.0, description="of how many requests one is traced without being asked for")
    folder: FolderPath = Field(default="~/.local/share/trioproxy/traces", description="one file a request")
    max_files: CountFromOne = Field(default=200, description="traces that are kept; the oldest go")
    max_total_bytes: Bytes = Field(default=67_108_864, description="all traces that are kept")
    bodies: Flag = Field(default=False, description="also the bytes of the answers")


class Settings(Section):
    """The whole configuration. `Settings()` is what runs with no file at all."""

    server: ServerSettings = ServerSettings()
    providers: Annotated[Mapping[ProviderName, ProviderSettings], AfterValidator(MappingProxyType)] = Field(
        default_factory=lambda: BUILT_IN_PROVIDERS
    )
    timeouts: TimeoutSettings = TimeoutSettings()
    disconnect: DisconnectSettings = DisconnectSettings()
    ledger: LedgerSettings = LedgerSettings()
    replay: ReplaySettings = ReplaySettings()
    trace: TraceSettings = TraceSettings()
    # A mapping that nobody can change has no copy, and a default would be copied.
    routing: RoutingSettings = Field(default_factory=RoutingSettings)
