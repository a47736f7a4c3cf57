"""What happens in a netlist between two edges of the clock, sixty-four cases to a word.

The voltage of an output moves towards what the inputs ask for at a constant rate, from rail to rail
in twice the delay, and is seen by other gates as it passes the middle. So a pulse shorter than a
gate's delay does not pass and takes a part of a swing, and one of less than twice the delay comes
out shorter. Time is counted in ticks, of which a gate's delay has some.

See docs/models/adder_trees.md#gates-that-settle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurorebit.circuits.settling.netlist import Caps, Kind, Netlist, Part, Words

Nets = NDArray[np.intp]
TICK = 2.0  # of R C of a minimum inverter


class Line(NamedTuple):
    """The inputs of a part: the mean load of one, its toggles, and their number."""

    load: Caps = Caps()
    toggles: float = 0.0
    number: float = 0.0


class Settled(NamedTuple):
    """A netlist in operation: its parts, its inputs by part, its slowest path in R C, and how often
    each net swings from rail to rail and back.
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
    moving = _groups(netlist, np.maximum(np.rint(delays / TICK), 1.0).astype(int))
    for group in moving:
        group.rest(state)
    state[sources] = values
    while any([group.ask(state) for group in moving]):
        for group in moving:
            group.show(state)
    for group in moving:
        swings[group.outs] = group.risen / group.steps
    swings /= 64.0 * inputs.shape[2]
    return Settled(*_parts(netlist, swings), netlist.path(delays), swings)


def _groups(netlist: Netlist, ticks: NDArray[np.int64]) -> list[_Group]:
    """All gates, by kind and delay."""
    groups: dict[tuple[Kind, int], list[int]] = {}
    for place, (kind, each) in enumerate(zip(netlist.kinds, ticks.tolist(), strict=True)):
        groups.setdefault((kind, each), []).append(place)
    return [_Group(kind, *_nets(netlist, at), each) for (kind, each), at in groups.items()]


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


class _Group:
    """All gates of a kind and a delay, and how far the voltage of each output is on its way.

    A gate of ``ticks`` ticks takes 2 ticks - 1 steps from rail to rail. A plane for each step is
    one where the voltage has passed it.
    """

    def __init__(self, kind: Kind, pins: Nets, outs: Nets, ticks: int) -> None:
        self.kind, self.pins, self.outs = kind, pins, outs
        self.steps, self.middle = 2 * ticks - 1, ticks - 1
        self.risen = np.zeros(outs.size)

    def rest(self, state: Words) -> None:
        """Begin with all outputs at a rail."""
        self.volts = np.repeat(state[self.outs][None], self.steps, axis=0)
        self.next, self.down = np.empty_like(self.volts), np.empty_like(self.volts[1:])

    def ask(self, state: Words) -> bool:
        """A step towards what the inputs ask for; whether any voltage moves."""
        asked = self.kind.function(*state[self.pins])
        rising, other = asked & ~self.volts[-1], ~asked
        up = rising.any()
        if not (up or (other & self.volts[0]).any()):
            return False
        if up:
            self.risen += np.bitwise_count(rising).sum(axis=1, dtype=float)
        np.bitwise_and(self.volts[:-1], asked, out=self.next[1:])
        self.next[0] = asked
        np.bitwise_and(self.volts[1:], other, out=self.down)
        self.next[:-1] |= self.down
        self.volts, self.next = self.next, self.volts
        return True

    def show(self, state: Words) -> None:
        """Let the outputs be seen by other gates."""
        state[self.outs] = self.volts[self.middle]
