"""What a run of the lab is to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trioproxy.lab.wire.cells import Cell
from trioproxy.lab.wire.target import PROTOCOLS, Protocol


@dataclass(frozen=True, slots=True)
class Plan:
    """Which cells, how often, and whether the five numbers are measured."""

    cells: tuple[Cell, ...]
    protocols: tuple[Protocol, ...] = PROTOCOLS
    repetitions: int = 20
    # A cell whose first run uses up its patience is run so often: that takes long, and all look the same.
    patient_repetitions: int = 4
    patience_s: float = 2.0
    # The first answer of a proxy may take its time.
    first_patience_s: float = 15.0
    figures: bool = True
    quick: bool = False
    # What each target was called on the command line, by its name: a shipped name, or a path.
    called: Mapping[str, str] = field(default_factory=dict)
