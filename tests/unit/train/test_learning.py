"""What a scheme says of its updates is what its training keeps and computes."""

import numpy as np
import pytest
from small import LAYERS, SHAPE, one_step

from neurorebit.schemes.table import SCHEMES
from neurorebit.training.parts.weights import PART

TRAINED = [name for name, scheme in SCHEMES.items() if scheme.trains]
# attributes in words of each weight
DIGITAL = ("real", "velocity", "residue", "hidden", "whole", "mean", "before")
TRANSFERRED = (
    "tiki_taka",
    "tiki_taka_chopped",
    "residual",
)  # their changes come of what is read of fast arrays


@pytest.mark.parametrize("name", [n for n in TRAINED if SCHEMES[n].organisation != "sliced"])
def test_words_that_are_billed_are_those_that_training_keeps(bench, images, name):
    network = bench.network(SHAPE, LAYERS, 3, momentum=0.9)
    model = bench.model(network, name)
    one_step(model, images(4, SHAPE), np.array([0, 1, 2, 0]))
    weights = model.matrices[0].weights
    size = int(np.prod(weights.site.shape))
    assert size < PART
    kept = [getattr(weights, word).size for word in DIGITAL if hasattr(weights, word)]
    assert kept == [size] * SCHEMES[name].learning(network.training).words


@pytest.mark.parametrize("momentum", [0.9, 0.0])
@pytest.mark.parametrize("decay", [5e-4, 0.0])
def test_a_rule_without_momentum_or_decay_takes_fewer_steps(bench, momentum, decay):
    """V <- momentum v + (g + decay w), w <- w - rate v: each factor a product and a sum."""
    network = bench.network(SHAPE, LAYERS, 3, momentum=momentum, weight_decay=decay)
    steps = 1 + (momentum > 0) + (decay > 0)
    for name in TRAINED:
        found = SCHEMES[name].learning(network.training)
        due = {
            "mixed_precision": (steps + 2, steps + 1),
            "manhattan": (0, 1),
            "wage": (0, 3),
            "wage_reram": (0, 2),
            "panther": (0, 0),  # outer products pulse cells
            # a rate; rows of rank 4 of both factors; every second step 3 rows and a rounding more
            "low_rank": (1 + 2 * 4 + (3 * 4 + 1) / 2,) * 2,
            "agad": (2, 3),  # of what is read: a rate, a share; a comparison, an average, a sum
        }
        if name not in TRANSFERRED:
            assert (found.products, found.additions) == due.get(name, (steps, steps)), name
        assert found.reads_cells == (decay > 0 and name in ("reram", "mixed_precision")), name
