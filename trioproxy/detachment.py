"""A call's time without a client: how long it may last, and how long it has lasted.

`rules/disconnect.py` decides; this keeps what it has to know from one moment to the next.
"""

from __future__ import annotations

from trioproxy.model import Policy
from trioproxy.rules.disconnect import Progress, Terms, outlives_s


class Detachment:
    """Of one call. Times are seconds of the caller's clock.

    Args:
        detached: the ids of all calls that live on without a client; this one adds itself.
    """

    __slots__ = ("_before_s", "_call_id", "_detached", "_since", "_terms", "bound", "policy")

    def __init__(self, call_id: str, terms: Terms, detached: set[str]) -> None:
        self._call_id = call_id
        self._terms = terms
        self._detached = detached
        self._since: float | None = None
        self._before_s = 0.0
        # The policy that applied in the end, and the bound that cut it short, in words.
        self.policy = terms.policy
        self.bound: str | None = None

    @property
    def on(self) -> bool:
        """The call has no client, and lives."""
        return self._since is not None

    @property
    def others(self) -> int:
        """How many other calls have no client."""
        return len(self._detached) - (self._call_id in self._detached)

    def begin(self, progress: Progress, now: float) -> float:
        """The last client has left: until when the call lives on; `now` if it ends at once."""
        stay = outlives_s(self._terms, progress)
        if stay.seconds_s > 0:
            self._since = now
            self._detached.add(self._call_id)
        elif stay.bound is not None:
            self.bound = stay.bound
            if not self.total_s:  # it has never lived on
                self.policy = Policy.ABORT
        return now + stay.seconds_s

    def goes_on(self, progress: Progress) -> bool:
        """Whether the call still lives on, after progress without a client."""
        stay = outlives_s(self._terms, progress)
        self.bound = stay.bound
        return stay.seconds_s > 0

    def end(self, now: float) -> None:
        """A client has come, or the call has ended; harmless if it is not on."""
        if self._since is not None:
            self._before_s += now - self._since
            self._since = None
            self._detached.discard(self._call_id)

    @property
    def total_s(self) -> float:
        """How long the call was without a client, up to the last `end`."""
        return self._before_s
