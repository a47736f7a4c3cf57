"""The registers of a pipelined lane by plain arithmetic, one cut after the other."""

import math
from typing import Any, NamedTuple

from neurorebit.circuits.adder import full_adder_delay
from neurorebit.circuits.arithmetic import Multiplier
from neurorebit.circuits.prefix import PrefixAdder

LATER = (13, 9, 6, 4, 3, 2)  # rows of a Dadda tree of 14 or 16 after each of its levels
ADDER = 40.0  # bits of a lane's adder


class Lane(NamedTuple):
    """Its cycle [s], stages of a product and of a sum, and their flip-flops."""

    cycle: float
    product_stages: int
    sum_stages: int
    product_bits: float
    sum_bits: float


def lane(tech: Any, stored: int) -> Lane:
    """A lane whose stored values have so many bits."""
    multiplier = Multiplier(tech, float(stored), float(stored))
    adder = PrefixAdder(tech, ADDER, network="sklansky")
    level = float(full_adder_delay(tech))
    cycle = max(1.0 / float(tech.clock), level)
    ands, rows = float(multiplier.products.product_delay), (stored, *LATER)
    reduced = ands + (len(rows) - 1) * level
    whole = reduced + float(multiplier.adder.delay)
    stages, sums = math.ceil(whole / cycle), math.ceil(float(adder.delay) / cycle)
    bits = 0.0
    for cut in range(1, stages):
        at = cut * whole / stages
        if at >= reduced:
            bits += 3 * 2 * stored  # half sum, generate and propagate
        else:
            left = rows[max(int((at - ands) / level), 0)]
            bits += sum(min(left, place, 2 * stored - place) for place in range(1, 2 * stored))
    return Lane(cycle, stages, sums, bits, (sums - 1) * 3 * ADDER)
