"""The trials of a search: designs, what they cost and learned, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace

COMPLETE, PRUNED, INFEASIBLE = "complete", "pruned", "infeasible"
STATES = {
    COMPLETE: "all its figures are there",
    PRUNED: "its training was ended early, for others learned more from as much",
    INFEASIBLE: "it cannot exist, does not train, or is beyond a condition",
}


@dataclass(frozen=True)
class Trial:
    """A design that was tried. ``index`` counts from 0, in the order in which designs were chosen.

    ``choices`` is the design as the space has it, ``texts`` its values as they would be set.
    ``costs`` has the finite figures by their column. ``accuracies``: for each rung of training that
    it reached those of its seeds. ``violations``: of existence, then of each condition.
    """

    index: int
    choices: Mapping[str, float]
    texts: Mapping[str, str]
    _: KW_ONLY
    state: str = INFEASIBLE
    reason: str = ""
    costs: Mapping[str, float] = field(default_factory=dict)
    accuracies: tuple[tuple[float, ...], ...] = ()
    violations: tuple[float, ...] = ()
    attributes: Mapping[str, object] = field(default_factory=dict)  # of the sampler

    @property
    def design(self) -> tuple[tuple[str, str], ...]:
        """The design by its texts, to be compared."""
        return tuple(self.texts.items())

    def ended(self, state: str, reason: str = "") -> Trial:
        """The same with what became of it."""
        return replace(self, state=state, reason=reason)
