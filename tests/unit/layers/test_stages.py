"""Stages of a network as the arrays that a chip takes: every number counted by hand."""

import numpy as np
import pytest
from common import near
from lane_registers import lane

from neurorebit.chips.parts.vector import VectorUnit
from neurorebit.chips.parts.workload import Workload
from neurorebit.circuits.arithmetic import Multiplier
from neurorebit.circuits.prefix import PrefixAdder
from neurorebit.inputs.network import read_network
from neurorebit.inputs.technology import read_technology
from neurorebit.layers.base import Operation, Value
from neurorebit.schema import Document, paths

TECH = read_technology(Document(paths.shipped("technology", "32nm")))
RESIDUAL = """\
source: by hand
name: residual
input: {channels: 3, height: 8, width: 12}
classes: 5
layers:
  - {kind: max_pool, kernel: 1}
  - {kind: conv, channels: 6, kernel: 3, padding: 1, name: a}
  - {kind: batch_norm}
  - {kind: relu, name: start}
  - {kind: conv, channels: 6, kernel: 3, padding: 1, groups: 2, name: b}
  - {kind: add, other: start}
  - {kind: relu}
  - {kind: max_pool, kernel: 2}
  - {kind: avg_pool, kernel: 2}
  - {kind: flatten}
  - {kind: linear, features: 5, name: c}
activity: {source: nothing, input_density: 0.5}
"""


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    file = tmp_path_factory.mktemp("stages") / "residual.yaml"
    file.write_text(RESIDUAL)
    return read_network(Document(file))


@pytest.fixture(scope="module")
def work(network):
    return Workload.of(network.stages)


def test_a_stage_is_a_matrix_product_and_what_follows_it(network):
    assert [stage.node.name for stage in network.stages] == ["a", "b", "c"]
    kinds = [[node.kind for node in stage.followers] for stage in network.stages]
    behind_b = ["add", "relu", "max_pool", "avg_pool", "flatten"]
    assert kinds == [["batch_norm", "relu"], behind_b, []]


def test_matrix_products_side_by_side(work):
    for name, numbers in {
        "rows": [27, 27, 36],
        "cols": [6, 3, 5],
        "groups": [1, 2, 1],
        "vectors": [96, 96, 1],
        "positions": [9, 9, 1],
        "window_height": [3, 3, 1],
        "channels": [3, 3, 36],
        "inputs": [288, 576, 36],
        "outputs": [6, 6, 5],
        "results": [576, 576, 5],
        "weights": [162, 162, 180],
        "macs": [15_552, 15_552, 180],
    }.items():
        np.testing.assert_array_equal(getattr(work, name), numbers, name)


def test_a_stage_hands_on_what_pooling_leaves(work):
    """8 x 12, halved twice: 2 x 3. The pool of the image is the first stage's, and no error comes
    back to it.
    """
    np.testing.assert_array_equal(work.outgoing, [288 + 576, 6 * 2 * 3, 5])
    np.testing.assert_array_equal(work.returned, [576, 6 * 2 * 3, 5])


def test_only_layers_behind_weights_send_errors(work):
    """A pool before the first of them has nothing to learn."""
    np.testing.assert_array_equal(work.sends_error, [0, 1, 1])


JOINED = """\
source: by hand
name: joined
input: {channels: 3, height: 8, width: 8}
classes: 5
layers:
  - {kind: avg_pool, kernel: 2, name: small}
  - {kind: conv, channels: 3, kernel: 1, name: a}
  - {kind: relu, name: bent}
  - {kind: max_pool, kernel: 1, input: small, name: late}
  - {kind: add, other: bent, name: sum}
  - {kind: relu}
  - {kind: conv, channels: 4, kernel: 1, name: b}
  - {kind: max_pool, kernel: 1, input: small, name: plain}
  - {kind: conv, channels: 4, kernel: 1, name: c}
  - {kind: add, other: b}
  - {kind: relu}
  - {kind: flatten}
  - {kind: linear, features: 5, name: d}
activity: {source: nothing, input_density: 0.5}
"""


def test_weights_on_any_way_from_the_image_are_before_a_layer(tmp_path):
    """A sum reads a layer's output and, later in the file, a pool of the image: b has errors to
    send, c, behind a pool of the image alone, has none. The sum and its rectifier are work of a.
    """
    file = tmp_path / "joined.yaml"
    file.write_text(JOINED)
    stages = read_network(Document(file)).stages
    assert [stage.node.name for stage in stages] == ["a", "b", "c", "d"]
    assert [stage.sends_error for stage in stages] == [False, True, False, True]
    kinds = [[node.kind for node in stage.followers] for stage in stages]
    assert kinds == [["relu", "add", "relu"], [], ["add", "relu", "flatten"], []]


def moved(load, bits):
    """Bits to and from memory, by stage."""
    width = dict(zip(Value, bits, strict=True))
    return sum((count * width.get(value, value) for value, count in load.transfers), np.zeros(3))


def test_what_goes_to_memory(work):
    """Forward: stored values of a norm, twice; a bit for each of 576 rectified values behind b,
    none behind a, whose norm keeps as much. Backward: the norm's, and errors of a map that two
    read. Vector work reads the image and the other branch.
    """
    bits = 8, 6, 16
    np.testing.assert_array_equal(moved(work.forward, bits), [2 * 16 * 576, 576, 0])
    np.testing.assert_array_equal(moved(work.backward, bits), [(2 * 16 + 6) * 576, 0, 0])
    np.testing.assert_array_equal(work.joined, [288, 576, 0])


def test_cycles_of_the_lanes(work):
    """Forward: round (1) and norm (3); round, add (1) and pools of 576 - 144 and 144 - 36 values,
    three a cycle; round. Backward: norm (4), none of the first errors, those of two readers of its
    map added (1); round 576; round 36.
    """
    forward, backward = (
        sum(operation.cycles * elements for operation, elements in load.operations)
        for load in (work.forward, work.backward)
    )
    np.testing.assert_allclose(forward, [4 * 576, 2 * 576 + (576 - 36) / 3, 5])
    np.testing.assert_allclose(backward, [5 * 576, 576, 36])


# --- the vector unit: lanes that know operations


def test_an_operation_is_billed_lane_by_lane():
    unit = VectorUnit(TECH, 64.0, stored_bits=16.0, error_bits=6.0, input_bits=8.0)
    operation = Operation(
        cycles=3.0,
        additions=((2, 20.0), (1, Value.INPUT)),
        products=((1, Value.ERROR), (2, Value.STORED)),
        words=1.5,
    )
    cost = unit.execute(operation, 1000.0)
    added = 2 * PrefixAdder(TECH, 20.0, network="sklansky").energy
    added += PrefixAdder(TECH, 8.0, network="sklansky").energy
    multiplied = Multiplier(TECH, 16.0, 6.0).energy + 2 * Multiplier(TECH, 16.0, 16.0).energy
    stored = 1.5 * 32 * (unit.register.clock_energy + unit.register.data_energy / 2)
    flip = unit.register.clock_energy + unit.register.data_energy / 2
    made = lane(TECH, 16)  # 3 products and sums of 20, 20 and 8 bits of 40
    cut = flip * (3 * made.product_bits + made.sum_bits * (2 * 20 + 8) / 40)
    assert cost.energy.items == {
        "vector/pipeline/register": near(1000 * cut, rel=1e-12),
        "vector/adder": near(1000 * added, rel=1e-12),
        "vector/multiplier": near(1000 * multiplied, rel=1e-12),
        "vector/register": near(1000 * stored, rel=1e-12),
    }
    assert cost.latency.total == near(3 * 1000 / 64 / TECH.clock, rel=1e-12)
