"""The seam between the relay and the ledger: enqueue now, commit later, lose nothing in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self

import trio

from trioproxy.model import CallOpening, CallReceipt, ExchangeOpening, ExchangeReceipt, Reading, Usage


@dataclass(frozen=True, slots=True)
class Opening:
    """An exchange and the call it opens: two open rows, written together or not at all."""

    exchange: ExchangeOpening
    call: CallOpening


Row = Opening | CallReceipt | ExchangeReceipt


@dataclass(frozen=True, slots=True)
class Price:
    """What a call cost at list price, and by which price data."""

    cost_usd: float
    version: str


class Billable(NamedTuple):
    """What the price of a call depends on."""

    provider: str
    # The names by which its model may be found, the best one first.
    models: tuple[str | None, ...]
    # None where nothing is known of it, and so no price.
    usage: Usage | None
    # When it was made, in seconds since the epoch: prices change.
    at: float
    speed: str | None = None
    service_tier: str | None = None
    billed: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, opening: CallOpening, reading: Reading) -> Self:
        """A call, by what was sent and what was metered; never by the name that the client asked for."""
        models = (reading.model, opening.model_sent)
        return cls(
            opening.provider,
            models,
            reading.usage,
            opening.started_at,
            reading.speed,
            reading.service_tier,
            reading.billed,
        )


# The price, None where it is not known. Called in the writer's thread alone.
Pricing = Callable[[Billable], Price | None]


@dataclass(frozen=True, slots=True)
class LedgerHealth:
    """How the ledger is doing, for the readiness page."""

    ok: bool
    waiting: int = 0
    dropped: int = 0
    late: int = 0
    error: str | None = None


class Ledger(Protocol):
    """Where calls and exchanges are recorded.

    `open` and `settle` are synchronous and never fail: they enqueue. One writer
    task (`run`) commits in groups, in a thread.
    """

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """The writer. Reports started once the ledger is open and the rows of dead processes
        are marked `crashed`. Returns after `close()`, when everything that waits is committed."""
        ...

    def open(self, exchange: ExchangeOpening, call: CallOpening) -> trio.Event:
        """Enqueue both rows, open; the event is set once they are durable."""
        ...

    def settle_call(self, receipt: CallReceipt) -> None:
        """Enqueue the end of a call."""
        ...

    def settle_exchange(self, receipt: ExchangeReceipt) -> None:
        """Enqueue the end of an exchange, whether its row was opened before or not."""
        ...

    def went_on_without(self) -> None:
        """Count a request that did not wait for its row any longer."""
        ...

    def health(self) -> LedgerHealth:
        """How it is doing now."""
        ...

    def close(self) -> None:
        """No more rows will come: `run` returns when the queue is written."""
        ...


class Engine(Protocol):
    """A database, as the writer's thread sees it. Every method blocks and runs in that thread alone."""

    def connect(self) -> None:
        """Open or create, migrate, mark this process's ownership.

        Raises:
            LedgerError: it cannot be opened; the message says what and why.
        """
        ...

    def recover(self) -> int:
        """Mark the open rows of processes that are gone as `crashed`; how many calls that were."""
        ...

    def write(self, rows: Sequence[Row]) -> None:
        """Write `rows` in one transaction, all or none, and return when it is durable.

        A row that is already there is left alone, so that writing twice is harmless; so is the order:
        a receipt brings its opening along. The first receipt wins, save over `crashed`, which is inferred.

        Raises:
            LedgerError: nothing was written.
        """
        ...

    def disconnect(self) -> None:
        """Close, and give up this process's ownership. Idempotent."""
        ...
