"""Logic simulated gate by gate, on many random operands at once, with a delay of one per gate.

Nothing of the package is used: gates are NANDs (of one input: inverters), adders are drawn gate by
gate, and a net's toggles are counted while it settles.
"""

import numpy as np


class Netlist:
    """Gates in the order of their drawing; a net is a number."""

    def __init__(self):
        self.inputs, self.low, self.gates, self.nets = [], [], [], 0

    def _net(self):
        self.nets += 1
        return self.nets - 1

    def input(self):
        self.inputs.append(self._net())
        return self.inputs[-1]

    def constant(self):
        self.low.append(self._net())
        return self.low[-1]

    def nand(self, *nets):
        out = self._net()
        self.gates.append((out, nets))
        return out

    def xor(self, a, b):
        """Four NANDs; the first one's output is returned too."""
        first = self.nand(a, b)
        return self.nand(self.nand(a, first), self.nand(b, first)), first

    def full_adder(self, a, b, c):
        """Nine NANDs: sum and carry."""
        half, made = self.xor(a, b)
        total, passed = self.xor(half, c)
        return total, self.nand(made, passed)

    def settle(self, before, after):
        """Mean toggles of each net between two sets of inputs [inputs, operands], and its values.

        First the toggles while it settles, with a delay of one per gate; then those that are left
        when no gate has a delay, which are fewer.
        """
        state = np.zeros((self.nets, np.shape(before)[1]), dtype=bool)
        state[self.inputs] = before
        while not np.array_equal(following := self._step(state), state):
            state = following
        toggles, settled = np.zeros(self.nets), state
        toggles[self.inputs] = (state[self.inputs] != after).mean(axis=1)
        state = state.copy()
        state[self.inputs] = after
        while not np.array_equal(following := self._step(state), state):
            toggles += (following != state).mean(axis=1)
            state = following
        return toggles, (settled != state).mean(axis=1), state

    def _step(self, state):
        following = state.copy()
        for out, nets in self.gates:
            following[out] = ~np.logical_and.reduce([state[net] for net in nets])
        return following

    def switched(self, toggles):
        """NAND inputs, NAND outputs, inverter inputs and inverter outputs that charge."""
        found = np.zeros(4)
        for out, nets in self.gates:
            kind = 2 * (len(nets) == 1)
            found[kind] += sum(toggles[net] for net in nets) / 2
            found[kind + 1] += toggles[out] / 2
        return found


def random_pair(rng, inputs, operands, ones=0.5, toggles=None):
    """Two sets of inputs; the second differs in a share of the bits, or is independent."""
    before = rng.random((inputs, operands)) < ones
    if toggles is None:
        return before, rng.random((inputs, operands)) < ones
    leaves = np.where(before, toggles / 2 / ones, toggles / 2 / (1 - ones))
    return before, before ^ (rng.random((inputs, operands)) < leaves)


def number(state, nets):
    """The number that nets spell, the lowest bit first."""
    return sum(state[net].astype(object) << place for place, net in enumerate(nets))


def ripple(netlist, a, b):
    """Sum bits and the carry."""
    carry, sums = netlist.constant(), []
    for p, q in zip(a, b, strict=True):
        total, carry = netlist.full_adder(p, q, carry)
        sums.append(total)
    return [*sums, carry]


def kogge_stone(bits):
    """For each level the pairs (bit, bit that it joins)."""
    distances = [1 << n for n in range((bits - 1).bit_length())]
    return [[(i, i - d) for i in range(d, bits)] for d in distances]


def sklansky(bits):
    distances = [1 << n for n in range((bits - 1).bit_length())]
    return [[(i, i // d * d - 1) for i in range(bits) if i & d] for d in distances]


def brent_kung(bits):
    distances = [1 << n for n in range((bits - 1).bit_length())]
    up = [[(i, i - d) for i in range(2 * d - 1, bits, 2 * d)] for d in distances]
    down = [[(i, i - d) for i in range(3 * d - 1, bits, 2 * d)] for d in reversed(distances)]
    return [level for level in up + down if level]


def prefix(netlist, a, b, levels):
    """A parallel-prefix adder: sum bits and the carry."""
    bits = len(a)
    halves, makes, passes, starts = [], [], [], list(range(bits))
    for p, q in zip(a, b, strict=True):
        half, made = netlist.xor(p, q)
        halves.append(half)
        makes.append(netlist.nand(made))
    passes = list(halves)
    for level in levels:
        was_made, was_passed, was_start = list(makes), list(passes), list(starts)
        for high, low in level:
            inner = netlist.nand(was_passed[high], was_made[low])
            makes[high] = netlist.nand(inner, netlist.nand(was_made[high]))
            starts[high] = was_start[low]
            if starts[high] > 0:
                passes[high] = netlist.nand(netlist.nand(was_passed[high], was_passed[low]))
    assert starts == [0] * bits
    sums = [netlist.xor(half, carry)[0] for half, carry in zip(halves[1:], makes, strict=False)]
    return [halves[0], *sums, makes[-1]]


def products(netlist, a, b):
    """Partial products, and a Dadda tree of full adders (and half adders) down to two rows."""
    cols = [[] for _ in range(len(a) + len(b) + 1)]
    for i, p in enumerate(a):
        for j, q in enumerate(b):
            cols[i + j].append(netlist.nand(netlist.nand(p, q)))
    heights = [2]
    while heights[-1] < len(b):
        heights.append(heights[-1] * 3 // 2)
    for height in reversed([h for h in heights if h < len(b)]):
        following = [[] for _ in cols]
        for place, col in enumerate(cols):
            while len(col) + len(following[place]) > height:
                if len(col) + len(following[place]) == height + 1:
                    total, made = netlist.xor(col.pop(0), col.pop(0))
                    carry = netlist.nand(made)
                else:
                    total, carry = netlist.full_adder(col.pop(0), col.pop(0), col.pop(0))
                following[place].append(total)
                following[place + 1].append(carry)
            following[place] = col + following[place]
        cols = following
    return cols
