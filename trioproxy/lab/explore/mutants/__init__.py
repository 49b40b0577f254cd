"""Deliberate bugs, each as somebody could have written it, which exploring has to find.

Each is a change of a copy of the source (`mutating.py`). One whose text does not apply any more is an error: then the
source has changed, and the bug has to be told anew.
"""

from __future__ import annotations

from collections.abc import Mapping

from trioproxy.lab.explore.mutants.delivery import OF_THE_DELIVERY
from trioproxy.lab.explore.mutants.relay import OF_THE_CALL
from trioproxy.lab.explore.mutating import Mutant

MUTANTS: Mapping[str, Mutant] = {mutant.name: mutant for mutant in (*OF_THE_CALL, *OF_THE_DELIVERY)}
