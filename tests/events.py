"""Gates that settle, simulated one case and one event after the other: the slow, plain way.

Nothing of the package is used but a netlist's lists of gates, each of which is named; the truth of
a gate stands here once more. A gate of ``ticks`` ticks goes from rail to rail in 2 ticks - 1 steps,
one a tick, and its output is one from the step ``ticks`` on.
"""

import heapq

TRUTH = {
    "inverter": lambda a: 1 - a,
    "nand": lambda a, b: 1 - a * b,
    "nor": lambda a, b: (1 - a) * (1 - b),
    "oai": lambda a, b, c: 1 - max(a, b) * c,
    "carry": lambda a, b, c: int(a + b + c < 2),
    "sum": lambda a, b, c, none: 1 - ((a + b + c) % 2),  # once none has settled
    "mux": lambda s, _, one, zero: one if s else zero,
    "open": lambda s, _, one, zero: one if s else zero,
    "pass_xor": lambda a, b: (a + b) % 2,
    "rail_xor": lambda p, _, c: (p + c) % 2,
}


def _sum(a, b, c, none):
    """The complex gate behind a carry that may be late."""
    return 0 if a * b * c or (max(a, b, c) and none) else 1


def value(kind, *pins):
    if kind == "sum":
        return _sum(*pins)
    return TRUTH[kind.split("_")[0] if kind.startswith("inverter_") else kind](*pins)


def settled(netlist, given):
    """The values of all nets, from those of inputs and flip-flops, without any delay."""
    nets = dict(given)
    for kind, pins, out in zip(netlist.kinds, netlist.pins, netlist.outs, strict=True):
        nets[out] = value(kind.name, *(nets.get(pin, 0) for pin in pins))
    return nets


def swings(netlist, before, after, ticks):
    """How often each gate's output is charged, in full swings, between two sets of given nets."""
    state = settled(netlist, before)
    readers = {}
    for gate, pins in enumerate(netlist.pins):
        for pin in set(pins):
            readers.setdefault(pin, []).append(gate)
    steps = [2 * each - 1 for each in ticks]
    level = [steps[g] * state[out] for g, out in enumerate(netlist.outs)]
    since, target = [0] * len(level), [state[out] for out in netlist.outs]
    risen, turn = [0] * len(level), [0] * len(level)
    events = []

    def now(gate, time):
        """The step that a gate has reached."""
        passed = time - since[gate]
        if target[gate]:
            return min(level[gate] + passed, steps[gate])
        return max(level[gate] - passed, 0)

    def look(gate, time):
        """Ask the inputs of a gate at a time; its output crosses the middle later, if it does."""
        pins = netlist.pins[gate]
        asked = value(netlist.kinds[gate].name, *(state.get(pin, 0) for pin in pins))
        if asked == target[gate]:
            return
        reached = now(gate, time)
        if target[gate]:
            risen[gate] += reached - level[gate]
        level[gate], since[gate], target[gate] = reached, time, asked
        turn[gate] += 1
        if state[netlist.outs[gate]] != asked:
            wait = ticks[gate] - reached if asked else reached - ticks[gate] + 1
            heapq.heappush(events, (time + wait, gate, turn[gate]))

    state.update(after)
    for gate in range(len(level)):
        look(gate, 0)
    while events:
        time = events[0][0]
        moved = set()
        while events and events[0][0] == time:
            _, gate, which = heapq.heappop(events)
            if which == turn[gate]:
                state[netlist.outs[gate]] = target[gate]
                moved.update(readers.get(netlist.outs[gate], ()))
        for gate in moved:
            look(gate, time)
    for gate, wanted in enumerate(target):
        if wanted:
            risen[gate] += steps[gate] - level[gate]
    return {out: risen[g] / steps[g] for g, out in enumerate(netlist.outs)}
