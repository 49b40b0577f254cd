"""How complete a drain is, as a figure."""

from __future__ import annotations

from trioproxy.lab.wire.figures.drain import LASTS_S, Drained, figures, slow


def test_the_share_of_streams_and_the_time():
    share, took = figures("tiny", Drained("SIGTERM", 20, 15, 1.25, 0))
    assert (share.name, share.value, share.n) == ("drain completeness", 75.0, 20)
    assert share.low is not None
    assert share.high is not None
    assert share.low < 75 < share.high
    assert (took.name, took.value, took.unit) == ("drain completeness: time until exit", 1.25, "s")
    assert "status 0" in took.note


def test_another_signal_is_another_figure():
    share, took = figures("tiny", Drained("SIGQUIT", 20, 20, None, None), nicely=True)
    assert share.name == "drain completeness, SIGQUIT"
    assert (took.value, took.note.endswith("had not ended after 20 s")) == (None, True)


def test_no_stream_no_share():
    assert figures("tiny", Drained("SIGTERM", 0, 0, 0.1, 0))[0].value is None


def test_streams_end_by_themselves_soon():
    assert LASTS_S <= sum(after_s for after_s, _ in slow().steps) < 2 * LASTS_S
