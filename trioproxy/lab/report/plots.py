"""Box plots and intervals as SVG: numbers in, a picture as wide as its cell out.

         min ├────┌──┬────┐────┤  p99     o max
                  q1 median q3

All places across are per cents, so that a picture is as wide as there is room and its lines stay thin; the numbers that
belong to it stand beside it as text.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from trioproxy.lab.report.cells import Sample
from trioproxy.lab.report.markup import Markup, tag
from trioproxy.lab.report.words import quantity

HEIGHT = 24
MIDDLE = HEIGHT / 2
# Room at either end for half a label.
MARGIN = 4.0
# From so many times the least on, values are drawn on a logarithmic scale.
FAR_APART = 30


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a value lies between the ends of a picture, in per cent. Logarithmic: each step is ten times the last."""

    low: float
    high: float
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """The place of `value`; what lies beyond an end is put there."""
        inside = min(max(value, self.low), self.high)
        if self.high == self.low:
            part = 0.5
        elif self.logarithmic:
            part = math.log(inside / self.low) / math.log(self.high / self.low)
        else:
            part = (inside - self.low) / (self.high - self.low)
        return MARGIN + part * (100 - 2 * MARGIN)

    def ticks(self) -> list[float]:
        """The round values to be named: powers of ten, or steps of 1, 2 or 5 of one."""
        if self.logarithmic:
            first, last = round(math.log10(self.low)), round(math.log10(self.high))
            return [10.0**power for power in range(first, last + 1, max(1, (last - first) // 5))]
        step = _step(self.high - self.low)
        return [step * at for at in range(math.ceil(self.low / step), math.floor(self.high / step + 1e-9) + 1)]


def decades(values: Iterable[float]) -> Scale:
    """A logarithmic scale from a power of ten to another that holds all positive `values`."""
    positive = [value for value in values if value > 0] or [1.0]
    low, high = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
    return Scale(10.0**low, 10.0 ** max(high, low + 1), logarithmic=True)


def linear(values: Iterable[float]) -> Scale:
    """A scale from 0 (or a round value below the least) to a round one that holds all `values`."""
    known = [*values, 0.0]
    if max(known) == min(known):
        return Scale(0.0, 1.0)
    step = _step(max(known) - min(known))
    return Scale(step * math.floor(min(known) / step), step * math.ceil(max(known) / step))


def fitting(values: Iterable[float]) -> Scale:
    """A logarithmic scale for what lies far apart, a linear one for the rest."""
    known = list(values)
    far_apart = bool(known) and min(known) > 0 and max(known) > FAR_APART * min(known)
    return decades(known) if far_apart else linear(known)


def _step(span: float) -> float:
    """A round part of `span`: three to six of them fit in it."""
    power = 10.0 ** math.floor(math.log10(span / 2)) if span > 0 else 1.0
    return power * next(round for round in (1, 2, 5, 10) if span / (power * round) <= 6)


def axis(scale: Scale, unit: str) -> Markup:
    """The names of the ticks."""
    labels = [
        tag("text", quantity(tick, unit), x=f"{scale.at(tick):.2f}%", y=14, class_="tick") for tick in scale.ticks()
    ]
    return _picture(labels, "axis")


def box_plot(sample: Sample, scale: Scale, unit: str) -> Markup:
    """Quartiles as a box, the median in it, whiskers from the least to the p99, the greatest as a ring."""
    least, q1, middle, q3, p99, most = (sample.quantile(q) for q in (0, 0.25, 0.5, 0.75, 0.99, 1))
    left, right = scale.at(q1), scale.at(q3)
    words = ", ".join(
        f"{name} {quantity(value, unit)}"
        for name, value in (
            ("least", least),
            ("quartiles", q1),
            ("median", middle),
            ("and", q3),
            ("p99", p99),
            ("max", most),
        )
    )
    return _picture(
        [
            *_grid(scale),
            _line(scale.at(least), scale.at(p99), MIDDLE, MIDDLE, "whisker"),
            _line(scale.at(least), scale.at(least), 7, 17, "whisker"),
            _line(scale.at(p99), scale.at(p99), 7, 17, "whisker"),
            tag("rect", x=f"{left:.2f}%", y=5, width=f"{max(right - left, 0.4):.2f}%", height=14, rx=2, class_="box"),
            _line(scale.at(middle), scale.at(middle), 3, 21, "median"),
            tag("circle", cx=f"{scale.at(most):.2f}%", cy=MIDDLE, r=3, class_="max"),
        ],
        "boxplot",
        words,
    )


def interval_plot(value: float, low: float | None, high: float | None, scale: Scale, unit: str) -> Markup:
    """A dot with the interval that it is known to lie in."""
    shapes: list[Markup] = list(_grid(scale))
    if low is not None or high is not None:
        # An end that is not known is as far as the picture goes, and has no line across.
        left = 0.0 if low is None else scale.at(low)
        right = 100.0 if high is None else scale.at(high)
        shapes.append(_line(left, right, MIDDLE, MIDDLE, "whisker"))
        shapes += [_line(scale.at(end), scale.at(end), 8, 16, "whisker") for end in (low, high) if end is not None]
    shapes.append(tag("circle", cx=f"{scale.at(value):.2f}%", cy=MIDDLE, r=4, class_="dot"))
    return _picture(shapes, "interval", quantity(value, unit))


def _grid(scale: Scale) -> Iterable[Markup]:
    return (_line(scale.at(tick), scale.at(tick), 0, HEIGHT, "grid") for tick in scale.ticks())


def _line(x1: float, x2: float, y1: float, y2: float, kind: str) -> Markup:
    return tag("line", x1=f"{x1:.2f}%", x2=f"{x2:.2f}%", y1=y1, y2=y2, class_=kind)


def _picture(shapes: list[Markup], kind: str, words: str = "") -> Markup:
    """An SVG; without words it is for the eye alone, since the same stands beside it."""
    return tag(
        "svg",
        tag("title", words) if words else None,
        *shapes,
        class_=f"plot {kind}",
        height=HEIGHT,
        role="img" if words else None,
        aria_hidden=None if words else "true",
    )
