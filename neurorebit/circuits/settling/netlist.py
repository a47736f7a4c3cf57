"""Sequential logic as a list of gates, the load of every net, and the delay of every gate.

Gates are drawn of minimum transistors, and their delays counted in units of a minimum inverter that
drives another one, R C: a gate of ``stack`` series resistances with the load C' takes stack C' / C.

See docs/models/adder_trees.md#gates-that-settle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
SLOPE = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * np.log(2.0) ** 2))  # delay over R C, among its like


class Caps(NamedTuple):
    """Capacitance, as counts of what it consists of.

    ``gates`` and ``drains`` are inputs and outputs of a minimum inverter, ``inside`` wires to an
    input within its cell, ``sides`` wires as long as a side of an operand's square.
    """

    gates: float = 0.0
    drains: float = 0.0
    inside: float = 0.0
    sides: float = 0.0


SPACING = 1.3  # of two neighbouring ratios that are simulated
LEAST = 1e-3  # ratio below which a load makes no difference


def rounded(ratios: Caps) -> Caps:
    """Ratios to a twentieth, where one simulation has to do for many chips."""
    return Caps(*(float(1.05 ** np.rint(np.log(max(r, LEAST)) / np.log(1.05))) for r in ratios))


def neighbours(ratios: Caps) -> list[tuple[float, Caps]]:
    """The ratios that are simulated around given ones, with the weight of each: their sum is one.

    They are corners of the simplex (H. W. Kuhn, 1960) that holds the given ratios, so what is
    computed between them has no jumps, and rises where it rises from corner to corner.
    """
    held = np.maximum(np.array(ratios, dtype=np.float64), LEAST)
    base = np.floor(np.log(held) / np.log(SPACING) + 1e-9)
    low = SPACING**base
    share = np.clip((held / low - 1.0) / (SPACING - 1.0), 0.0, 1.0)
    order = np.argsort(-share, kind="stable")
    edges = np.concatenate(([1.0], share[order], [0.0]))
    corner = base.copy()
    found = []
    for place, weight in enumerate((edges[:-1] - edges[1:]).tolist()):
        if place:
            corner[order[place - 1]] += 1.0
        if weight > 1e-9:
            found.append((weight, Caps(*(float(SPACING**n) for n in corner))))
    return found


@dataclass(frozen=True)
class Kind:
    """A kind of gate, of minimum transistors.

    ``gates`` and ``drains`` are those that each input is connected to; ``output`` the drains at the
    output, ``stack`` the mean resistance over that of a minimum inverter.
    """

    name: str
    function: Callable[..., Words]
    gates: tuple[float, ...]
    _: KW_ONLY
    output: float
    stack: float
    transistors: float
    drains: tuple[float, ...] | None = None

    @property
    def width(self) -> float:
        """Width in gate pitches: a pair of transistors each, and a break."""
        return self.transistors / 2.0 + 1.0

    @property
    def leaking(self) -> float:
        """Leakage over that of a minimum inverter: transistors in series leak less."""
        return self.transistors / 2.0 / self.stack

    def pin(self, place: int) -> Caps:
        """The load of an input, with the wire that leads to it."""
        drains = 0.0 if self.drains is None else self.drains[place]
        return Caps(self.gates[place], drains, 1.0)


class Part(NamedTuple):
    """What a part of a netlist consists of and what it switches in a cycle.

    ``width`` is that of its gates in gate pitches and ``leaking`` their leakage in minimum
    inverters, both without the ``flip_flops``. ``switched`` is the capacitance of its nets times
    their swings from rail to rail and back, ``stored`` the toggles of its flip-flops.
    """

    width: float = 0.0
    leaking: float = 0.0
    flip_flops: float = 0.0
    switched: Caps = Caps()
    stored: float = 0.0


@lru_cache(maxsize=64)
def _sized(size: float) -> Kind:
    """An inverter of a size, in minimum ones, of which more than four are drawn side by side."""
    pairs = float(np.ceil(size / 4.0))
    kind = f"inverter_{size:g}", _not, (size,)
    return Kind(*kind, output=size, stack=1.0 / size, transistors=2.0 * pairs)


def _not(a: Words) -> Words:
    return ~a


@dataclass(eq=False, kw_only=True)
class Netlist:
    """Gates, in an order in which each follows its inputs; a net is a number.

    A flip-flop's output is a net from the start, its input is named when it is known.
    """

    kinds: list[Kind] = field(default_factory=list)
    pins: list[tuple[int, ...]] = field(default_factory=list)
    outs: list[int] = field(default_factory=list)
    caps: list[list[float]] = field(default_factory=list)
    owner: list[str] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    flops: list[tuple[int, int]] = field(default_factory=list)  # output, input
    part: str = ""

    def net(self) -> int:
        """A net of the part that is drawn."""
        self.caps.append([0.0, 0.0, 0.0, 0.0])
        self.owner.append(self.part)
        return len(self.caps) - 1

    def input(self) -> int:
        """A net that is driven from outside; its load belongs to that driver."""
        self.inputs.append(self.net())
        return self.inputs[-1]

    def low(self) -> int:
        """A net that is always zero."""
        return self.net()

    def load(self, net: int, more: Caps) -> None:
        """Load a net."""
        mine = self.caps[net]
        for place, value in enumerate(more):
            mine[place] += value

    def wire(self, net: int, sides: float) -> None:
        """Lengthen a net by so many sides of an operand's square."""
        self.caps[net][3] += sides

    def gate(self, kind: Kind, *pins: int) -> int:
        """A gate: its output."""
        out = self.net()
        self.caps[out][1] += kind.output
        for place, net in enumerate(pins):
            self.load(net, kind.pin(place))
        self.kinds.append(kind)
        self.pins.append(pins)
        self.outs.append(out)
        return out

    def flop(self) -> int:
        """The output of a flip-flop: an inverter, and the pass gate of its slave."""
        out = self.net()
        self.caps[out][1] += 1.0
        self.flops.append((out, out))
        return out

    def latch(self, flop: int, net: int) -> None:
        """Name the input of a flip-flop."""
        self.load(net, Caps(drains=1.0, inside=1.0))
        place = next(i for i in reversed(range(len(self.flops))) if self.flops[i][0] == flop)
        self.flops[place] = flop, net

    def register(self, nets: Iterable[int]) -> list[int]:
        """Flip-flops behind nets: their outputs."""
        found = []
        for net in nets:
            out = self.flop()
            self.load(net, Caps(drains=1.0, inside=1.0))
            self.flops[-1] = out, net
            found.append(out)
        return found

    def buffered(self, ratios: Caps) -> Netlist:
        """The same with two inverters behind each gate that they make at least twice as fast.

        The second inverter and the load of the first are in geometric proportion.
        """
        made = Netlist(
            caps=[list(caps) for caps in self.caps],
            owner=list(self.owner),
            inputs=self.inputs,
            flops=self.flops,
        )
        loads = self.counts @ np.array(ratios)
        for kind, pins, out in zip(self.kinds, self.pins, self.outs, strict=True):
            own = kind.output * ratios.drains
            load = float(loads[out]) - own
            size = float(2.0 ** (np.rint(np.log2(max(load, 1.0))) / 2.0))
            direct = kind.stack * (own + load)
            chain = size + load / size + 2.0 * ratios.drains
            through = kind.stack * (own + 1.0) + chain
            if direct < 2.0 * through:
                made.kinds.append(kind)
                made.pins.append(pins)
                made.outs.append(out)
                continue
            made.part = self.owner[out]
            made.caps[out][1] += size - kind.output
            first, second = made.net(), made.net()
            made.load(first, Caps(1.0, kind.output, 1.0))
            made.load(second, Caps(size, 1.0, 1.0))
            made.kinds += [kind, _sized(1.0), _sized(size)]
            made.pins += [pins, (first,), (second,)]
            made.outs += [first, second, out]
        return made

    # -- delays ------------------------------------------------------------------------------------

    @cached_property
    def counts(self) -> NDArray[np.float64]:
        """Capacitance of each net, shape [nets, 4]."""
        return np.array(self.caps, dtype=np.float64)

    def delays(self, ratios: Caps) -> NDArray[np.float64]:
        """Delay of each gate in R C of a minimum inverter; ``ratios``: capacitances over C."""
        loads = self.counts @ np.array(ratios)
        stacks = np.array([kind.stack for kind in self.kinds])
        delays: NDArray[np.float64] = SLOPE * stacks * loads[self.outs]
        return delays

    def path(self, delays: NDArray[np.float64]) -> float:
        """The slowest path between inputs and flip-flops or outputs, in R C."""
        arrival = [0.0] * len(self.caps)
        for pins, out, delay in zip(self.pins, self.outs, delays.tolist(), strict=True):
            arrival[out] = max([arrival[pin] for pin in pins]) + delay
        return max(arrival, default=0.0)

    @cached_property
    def parts(self) -> dict[str, Part]:
        """The parts as they are drawn, at rest."""
        found = {name: [0.0, 0.0, 0.0] for name in self.owner}
        for kind, out in zip(self.kinds, self.outs, strict=True):
            mine = found[self.owner[out]]
            mine[0], mine[1] = mine[0] + kind.width, mine[1] + kind.leaking
        for flop, _ in self.flops:
            found[self.owner[flop]][2] += 1.0
        return {name: Part(width, leaks, flops) for name, (width, leaks, flops) in found.items()}
