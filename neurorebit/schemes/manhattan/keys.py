"""Keys of the section ``training`` that the scheme ``manhattan`` adds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from neurorebit.schema import Section, quantity


@dataclass(frozen=True)
class ManhattanKeys(Section):
    """``threshold``: the least gradient that gets a pulse, over the layer's root mean square."""

    threshold: Annotated[float, quantity("", at_least=0)] = 0.0
