"""What tests of many modules share: shipped files with values set over them, and refusals."""

from collections.abc import Callable
from typing import Any

import pytest

from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.layers.cuts import Cuts, array_cuts
from neurorebit.layers.network import Network
from neurorebit.schema import Document, InputError, paths
from neurorebit.schema.activity import Activity, LayerActivity

# shipped networks with all that a training asks for; the others are for estimates
TRAINED_NETWORKS = tuple(
    name
    for name in paths.names("network")
    if "training" in Document(paths.shipped("network", name)).tree
)


def document(kind: str, name: str, **sets: str) -> Document:
    """A shipped file; a key path is given with two underscores for each dot."""
    made = Document(paths.shipped(kind, name), kind)
    for path, text in sets.items():
        made.set(path.replace("__", "."), text)
    return made


def refusal(do: Callable[[], Any]) -> str:
    """The one line that the user sees."""
    with pytest.raises(InputError) as caught:
        do()
    message = str(caught.value)
    assert "\n" not in message
    return message


def near(expected: Any, rel: float = 1e-6) -> Any:
    """Within a relative tolerance and no absolute one: approx alone lets 1e-12 (J, s, F) pass."""
    return pytest.approx(expected, rel=rel, abs=0.0)


def made_up(network: Network, input_bits: int, *densities: float) -> Activity:
    """An activity alike in all layers: errors half ones, one cell of 100 programmed in a step.

    ``densities`` of the inputs: one, or one for each layer with weights; 0.25 unless given.
    """
    layers = len(network.matrices)
    each = densities if len(densities) == layers else (densities or (0.25,)) * layers
    same = {"set_fraction": 0.005, "reset_fraction": 0.005, "set_levels": 1.0, "reset_levels": 1.0}
    made = (
        LayerActivity((d,) * input_bits, 0.5, 1.0, 0.5, words_written=1.0, verify_reads=0.0, **same)
        for d in each
    )
    return Activity("made up", tuple(made))


def cuts_of(network: Network, spec: ArchitectureSpec) -> tuple[Cuts, ...]:
    """The rows of each layer that stand in one array of a chip."""
    held = [matmul for matmul in network.matmuls if matmul.stationary]
    return array_cuts(held, spec.forward.rows, spec.forward.kernel_split)
