"""Layers that are like those of arrays, but for what a class of their own does, are refused."""

import pytest
from torch import nn
from torch.nn.utils import parametrizations, prune

import neurorebit as nr
import neurorebit.torch as nrt
from neurorebit.schema import InputError


class Doubled(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


def pruned():
    layer = nn.Linear(8, 3)
    prune.l1_unstructured(layer, "weight", 0.5)
    return layer


MADE = {
    "computed": [lambda: parametrizations.weight_norm(nn.Linear(8, 3)), pruned],
    "may compute otherwise": [lambda: Doubled(8, 3), lambda: nn.LazyLinear(3)],
}


@pytest.mark.parametrize(
    ("made", "words"), [(made, words) for words, all_made in MADE.items() for made in all_made]
)
def test_a_layer_of_a_class_of_its_own_is_refused_or_kept(made, words):
    model = nn.Sequential(made(), nn.Linear(3, 2))
    with pytest.raises(InputError, match=words):
        nrt.convert(model, nr.chip("rebit"), scheme="hybrid")


def test_a_layer_of_a_class_of_its_own_is_kept():
    model = nn.Sequential(Doubled(8, 3), nn.Linear(3, 2))
    analog = nrt.convert(model, nr.chip("rebit"), scheme="hybrid", keep=("0",))
    assert type(analog[0]) is Doubled
