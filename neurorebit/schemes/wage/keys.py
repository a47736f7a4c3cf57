"""Keys of the section ``training`` that the schemes of whole numbers add."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from neurorebit.schema import Section

MOST = 8  # bits of a weight, an input and an error, of whose products sums are exact


@dataclass(frozen=True)
class WageKeys(Section):
    """``gradient_bits``: of a gradient that was rounded, and of a weight in digital memory."""

    gradient_bits: Annotated[int, Field(ge=2, le=16)] = 8
