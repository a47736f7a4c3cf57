"""What happens in a netlist between two edges of the clock, sixty-four cases to a word.

The voltage of an output moves towards what the inputs ask for at a constant rate, from rail to rail
in twice the delay, and is seen by other gates as it passes the middle. So a pulse shorter than a
gate's delay does not pass and takes a part of a swing, and one of less than twice the delay comes
out shorter. Time is counted in ticks, of which a gate's delay has some.

See docs/models/adder_trees.md#gates-that-settle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurorebit.circuits.settling.netlist import Caps, Kind, Netlist, Part, Words

Nets = NDArray[np.intp]
TICK = 0.7  # of R C of a minimum inverter; see docs/models/adder_trees.md


class Line(NamedTuple):
    """The inputs of a part: the mean load of one, its toggles, and their number."""

    load: Caps = Caps()
    toggles: float = 0.0
    number: float = 0.0


class Settled(NamedTuple):
    """A netlist in operation: its parts, its inputs by part, its slowest path in R C, and how often
    each net swings from rail to rail and back (none, where it lies between several).
    """

    parts: dict[str, Part]
    lines: dict[str, Line]
    path: float
    swings: NDArray[np.float64]


def packed(bits: NDArray[np.bool_]) -> Words:
    """Cases on the last axis, sixty-four to a word."""
    words: Words = np.packbits(bits, axis=-1).view(np.uint64)
    return words


def _nets(netlist: Netlist, places: Sequence[int]) -> tuple[Nets, Nets]:
    """Inputs and outputs of gates."""
    pins = np.array([netlist.pins[place] for place in places], dtype=np.intp).T
    return pins, np.array([netlist.outs[place] for place in places], dtype=np.intp)


Rank = tuple[Kind, Nets, Nets]


def ranks(netlist: Netlist) -> list[Rank]:
    """Gates of one kind whose inputs are all known before: kind, inputs, outputs."""
    rank = [0] * len(netlist.caps)
    groups: dict[tuple[int, Kind], list[int]] = {}
    gates = zip(netlist.kinds, netlist.pins, netlist.outs, strict=True)
    for place, (kind, pins, out) in enumerate(gates):
        rank[out] = 1 + max(rank[pin] for pin in pins)
        groups.setdefault((rank[out], kind), []).append(place)
    ordered = sorted(groups.items(), key=lambda item: item[0][0])
    return [(kind, *_nets(netlist, places)) for (_, kind), places in ordered]


def evaluate(ordered: Iterable[Rank], state: Words) -> None:
    """The values of all nets behind inputs and flip-flops, in place."""
    for kind, pins, outs in ordered:
        state[outs] = kind.function(*(state[pin] for pin in pins))


def operate(netlist: Netlist, inputs: Words, ratios: Caps) -> Settled:
    """Clock through ``inputs``, shape [cycles, inputs, words], and follow the last change in time.

    All flip-flops start at zero; what is before the last cycle is evaluated without delay.
    ``ratios``: capacitances over that of an input of a minimum inverter.
    """
    state = np.zeros((len(netlist.caps), inputs.shape[2]), dtype=np.uint64)
    q = [flop for flop, _ in netlist.flops]
    d = [net for _, net in netlist.flops]
    ordered = ranks(netlist)
    for cycle in inputs[:-1]:
        state[q], state[netlist.inputs] = state[d], cycle
        evaluate(ordered, state)
    swings = np.zeros(len(netlist.caps))
    sources, values = q + netlist.inputs, np.concatenate((state[d], inputs[-1]))
    swings[sources] = np.bitwise_count(state[sources] ^ values).sum(axis=1, dtype=float) / 2.0
    delays = netlist.delays(ratios)
    moving = _Moving(netlist, np.maximum(np.rint(delays / TICK), 1.0).astype(int), state)
    state[sources] = values
    while moving.step(state):
        pass
    swings[moving.outs] = moving.rises
    swings /= 64.0 * inputs.shape[2]
    return Settled(*_parts(netlist, swings), netlist.path(delays), swings)


def _parts(
    netlist: Netlist, swings: NDArray[np.float64]
) -> tuple[dict[str, Part], dict[str, Line]]:
    """What each part switches, and its inputs."""
    names = list(netlist.parts)
    where = np.array([names.index(owner) for owner in netlist.owner])
    given, flops = (np.zeros(len(netlist.caps), dtype=bool) for _ in range(2))
    given[netlist.inputs] = True
    flops[[flop for flop, _ in netlist.flops]] = True
    charged = swings[:, None] * netlist.counts
    parts: dict[str, Part] = {}
    lines: dict[str, Line] = {}
    for place, name in enumerate(names):
        mine, outside = (where == place) & ~given, (where == place) & given
        switched = Caps(*charged[mine].sum(axis=0).tolist())
        stored = 2.0 * float(swings[mine & flops].sum())
        parts[name] = netlist.parts[name]._replace(switched=switched, stored=stored)
        if outside.any():
            load = Caps(*netlist.counts[outside].mean(axis=0).tolist())
            toggles = 2.0 * float(swings[outside].mean())
            lines[name] = Line(load, toggles, float(outside.sum()))
    return parts, lines


def between(found: Sequence[tuple[float, Settled]]) -> Settled:
    """The weighted mean of netlists that differ in their loads."""
    if len(found) == 1:
        return found[0][1]
    shares = [share for share, _ in found]
    parts = {
        name: Part(*_mean(shares, [each.parts[name] for _, each in found]))
        for name in found[0][1].parts
    }
    lines = {
        name: Line(*_mean(shares, [each.lines[name] for _, each in found]))
        for name in found[0][1].lines
    }
    path = sum(share * each.path for share, each in found)
    return Settled(parts, lines, path, np.empty(0))


def _mean(shares: Sequence[float], found: Sequence[tuple[Any, ...]]) -> list[Any]:
    """The weighted mean of each number, and of each number of a tuple."""
    return [
        Caps(*_mean(shares, column))
        if isinstance(column[0], tuple)
        else sum(share * each for share, each in zip(shares, column, strict=True))
        for column in zip(*found, strict=True)
    ]


class _Moving:
    """All gates, in the order of their kinds, and how far the voltage of each output is on its way.

    A gate of ``ticks`` ticks takes 2 ticks - 1 steps from rail to rail. The steps that it is away
    from zero are counted in each case; its output is seen as a one from the step ``ticks`` on.
    """

    def __init__(self, netlist: Netlist, ticks: NDArray[np.int64], state: Words) -> None:
        kinds: dict[Kind, list[int]] = {}
        for place, kind in enumerate(netlist.kinds):
            kinds.setdefault(kind, []).append(place)
        order = [place for places in kinds.values() for place in places]
        self.outs = np.array([netlist.outs[place] for place in order], dtype=np.intp)
        self.kinds: list[tuple[Kind, Nets, slice]] = []
        start = 0
        for kind, places in kinds.items():
            span = slice(start, start + len(places))
            self.kinds.append((kind, _nets(netlist, places)[0], span))
            start = span.stop
        kept = np.min_scalar_type(2 * int(ticks.max(initial=1)))
        high = _apart(state[self.outs])
        each = np.repeat(ticks[order].astype(kept)[:, None], high.shape[1], axis=1)
        self.ticks, self.steps = each, 2 * each - 1  # of every case: faster than one of all
        self.level = high * self.steps
        self.risen = np.zeros(self.level.shape, dtype=np.uint16)
        self.whole, self.passed = np.zeros(len(order)), 0
        self.asked = np.empty_like(state[self.outs])

    def step(self, state: Words) -> bool:
        """A tick towards what the inputs ask for; whether any voltage moved."""
        for kind, pins, span in self.kinds:
            self.asked[span] = kind.function(*state[pins])
        up = _apart(self.asked).view(np.bool_)
        rising, falling = up & (self.level < self.steps), ~up & (self.level > 0)
        if not (rising.any() or falling.any()):
            return False
        self.level += rising
        self.level -= falling
        self.risen += rising
        self.passed += 1
        if self.passed % np.iinfo(np.uint16).max == 0:
            self._keep()
        state[self.outs] = packed(self.level >= self.ticks)
        return True

    def _keep(self) -> None:
        """Move the steps upwards to numbers that have room for more."""
        self.whole += self.risen.sum(axis=1, dtype=float)
        self.risen[:] = 0

    @property
    def rises(self) -> NDArray[np.float64]:
        """Swings upwards of each output, over all cases."""
        self._keep()
        risen: NDArray[np.float64] = self.whole / self.steps[:, 0]
        return risen


def _apart(words: Words) -> NDArray[np.uint8]:
    """The cases of words on the last axis, as zeros and ones."""
    return np.unpackbits(np.ascontiguousarray(words).view(np.uint8), axis=-1)
