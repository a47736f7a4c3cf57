"""What a reader is told of many designs, gathered from parts that come in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field

import numpy as np

from neurorebit.results.sweep import CRITERIA, FEASIBLE, PARETO, REASON, USUAL, Table, front

ROW = "row"  # the column that says which design of all a row is, from 0
MOST = 10  # best designs that are kept
REASONS = 1000  # different reasons that are kept, the commonest of each part


@dataclass(frozen=True, eq=False)
class Summary:
    """Designs of some parts: how many, why some cannot exist, the best, and the front.

    ``best`` has for each criterion that designs may be ordered by the first ``MOST``; ``front`` the
    designs that none of these parts beats in all ``criteria``. Both have the column ``ROW``.
    ``others``: designs whose reasons are not among ``reasons``.
    """

    criteria: tuple[str, ...] = ()
    designs: int = 0
    feasible: int = 0
    _: KW_ONLY
    reasons: Mapping[str, int] = field(default_factory=dict)
    others: int = 0
    best: Mapping[str, Table] = field(default_factory=dict)
    front: Table = field(default_factory=dict)

    @classmethod
    def of(cls, table: Table, first: int, criteria: Sequence[str] = ()) -> Summary:
        """Of a table of designs, the first of which is the design ``first`` of all."""
        feasible = table[FEASIBLE]
        rows = np.arange(first, first + len(feasible))
        reasons: Counter[str] = Counter(table[REASON][~feasible].tolist())
        kept = dict(reasons.most_common(REASONS))
        return cls(
            tuple(criteria),
            len(feasible),
            int(np.count_nonzero(feasible)),
            reasons=kept,
            others=reasons.total() - sum(kept.values()),
            best={by: _first(_taken(table, rows, feasible), by) for by in _orders(criteria)},
            front=_taken(table, rows, front(table, criteria)) if criteria else {},
        )

    @classmethod
    def merged(cls, parts: Iterable[Summary]) -> Summary:
        """Of several parts together; nothing where there is none."""
        known = [part for part in parts if part.designs]
        if not known:
            return cls()
        reasons: Counter[str] = Counter()
        for part in known:
            reasons.update(part.reasons)
        kept = dict(reasons.most_common(REASONS))
        criteria = known[0].criteria
        beside = _joined([part.front for part in known]) if criteria else {}
        return cls(
            criteria,
            sum(part.designs for part in known),
            sum(part.feasible for part in known),
            reasons=kept,
            others=sum(part.others for part in known) + reasons.total() - sum(kept.values()),
            best={
                by: _first(_joined([part.best[by] for part in known]), by) for by in known[0].best
            },
            front=_in_order(_kept(beside, front(beside, criteria))) if criteria else {},
        )

    @property
    def usual(self) -> str:
        """The criterion that designs are ordered by: of inference where none of them trains."""
        if self.criteria:
            return self.criteria[0]
        training, inference = USUAL
        trains = np.any(np.isfinite(self.best[training][CRITERIA[training]]))
        return training if trains or not self.feasible else inference

    @property
    def shown(self) -> Table:
        """The best designs, in order: of the front, if there is one."""
        if not self.criteria:
            return self.best[self.usual]
        return _first(self.front, self.usual)

    @property
    def table(self) -> Table:
        """The front as a table of designs, or the best where none was asked for."""
        rows = self.front if self.criteria else self.shown
        table = {name: values for name, values in rows.items() if name != ROW}
        return table | {PARETO: np.ones(len(rows[ROW]), bool)} if self.criteria else table


def _orders(criteria: Sequence[str]) -> tuple[str, ...]:
    """What designs may be ordered by: the front has its own order."""
    return () if criteria else USUAL


def _taken(table: Table, rows: Iterable[int], where: np.ndarray) -> Table:
    """The designs of a table where this is true, with their rows."""
    return {ROW: np.asarray(rows)[where], **{name: v[where] for name, v in table.items()}}


def _kept(table: Table, where: np.ndarray) -> Table:
    return {name: values[where] for name, values in table.items()}


def _joined(tables: Sequence[Table]) -> Table:
    """Tables of the same columns, one below the other."""
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def _in_order(table: Table) -> Table:
    return _kept(table, np.argsort(table[ROW]))


def _first(table: Table, criterion: str) -> Table:
    """The best designs by a criterion, of equal ones the first; nan is last."""
    order = np.lexsort((table[ROW], table[CRITERIA[criterion]]))
    return _kept(table, order[:MOST])
