"""What is compared of a macro: its figures and its shares, ours beside silicon's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure of one point: ours without and with the constant, silicon's, and their ratios.

    Numbers are in SI units: energy [J] of an operation, operations a second, area [m^2]. Where a
    macro cannot exist ours is None, and ``reason`` says why; silicon's is None where it needs ours.
    """

    macro: str
    point: str
    part: str  # of the points: fit, public or held
    figure: str
    of: str = ""  # the part or block, where it is not all of the macro
    kind: str
    silicon: float | None
    blind: float | None = None
    fitted: float | None = None
    evidence: str = ""
    reading_error: float | None = None
    reason: str = ""
    given: str = ""  # what of silicon's own decides the figure, so that it is no prediction

    def ratio(self, fitted: bool = False) -> float | None:
        """Ours over silicon's."""
        ours = self.fitted if fitted else self.blind
        return None if ours is None or self.silicon is None else ours / self.silicon


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share of energy or area: silicon's, and ours without and with the constant."""

    macro: str
    of: str
    point: str
    name: str
    silicon: float
    blind: float
    fitted: float

    @property
    def difference(self) -> float:
        """Ours with the constant less silicon's, of 1."""
        return self.fitted - self.silicon
