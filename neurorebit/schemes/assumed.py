"""The activity that an estimate takes where the run has no training that measures it.

What a network file gives as a number holds. The rest comes from a training of the network that is
recorded in its activity file, under the same scheme; without one, from the mean of the layers of
recorded trainings of other networks. Recorded activity is brought to the bits and pulses of the
chip that is estimated:

- A cell of b bits has 2^b - 2 steps between the levels of its weights, a cell that learns by pulses
  as many steps as pulses take it through its range. Weights move as they did; with ``ratio`` times
  the steps a weight crosses ``ratio`` times as many, each on its own, so that a share f of cells
  programmed becomes 1 - (1 - f)^ratio, and the mean number of steps of a cell that is programmed
  makes up the rest.
- Inputs of fewer bits lose their least significant planes, inputs of more bits gain planes as dense
  as the least significant one that was recorded.
- Inputs that may be below zero have the planes of the chip's ``signed_inputs``. Where no training
  of the network measured those, they are normal with a mean of zero, clipped as in training.

See docs/models/phases.md#activity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from neurorebit.chips.parts import signs
from neurorebit.chips.parts.signs import SIGNED_INPUTS
from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.circuits.cost import Real
from neurorebit.layers.network import Network
from neurorebit.schema.activity import (
    Activity,
    AssumedActivity,
    LayerActivity,
    Origin,
    RecordedActivity,
)
from neurorebit.schema.device import Device
from neurorebit.schemes.parts.scheme import Held
from neurorebit.schemes.table import SCHEMES

LEAST = 1e-300  # for shares of nothing
FIRST, INNER, LAST = "first", "inner", "last"  # the layers of the mean over networks
NORMAL = "inputs that may be below zero are taken as normal with a mean of zero"
UNWRITTEN = dict.fromkeys(  # of a product of two activations, which has no weights
    (
        "conductance",
        "set_fraction",
        "reset_fraction",
        "set_levels",
        "reset_levels",
        "words_written",
    ),
    0.0,
)
GIVEN = tuple(
    key.name
    for key in fields(AssumedActivity)
    if key.name not in ("source", "recorded", "input_density")
)


def assumed(network: Network, spec: ArchitectureSpec, device: Device) -> Activity:
    """The activity of each layer with a matrix product, and a sentence that says where it is from.

    It counts as recorded where a training of this network was, but for what the file gives.
    """
    chosen, normal = _chosen(network, spec), False
    moved = {k: np.asarray(v).tolist() for k, v in programmed(network, spec, device).items()}
    given, densities = network.activity, _densities(network)
    layers = []
    for i, layer in enumerate(chosen.layers):
        own: dict[str, Any] = {name: values[i] for name, values in moved.items()}
        if spec.paired:
            own["conductance"] = _state(spec)
        own |= {key: value for key in GIVEN if (value := getattr(given, key)) is not None}
        if network.matmuls[i].signed:
            planes, own["stored_density"] = _signed(network, chosen, spec, layer)
            normal = normal or not chosen.measured_signs(spec)
        else:
            planes = _planes(layer.input_density, int(spec.input_bits))
        if densities is not None:
            planes = (float(densities[i]),) * len(planes)
        if not network.matmuls[i].stationary:
            own |= UNWRITTEN
        layers.append(replace(layer, input_density=planes, **own))
    fast, told = SCHEMES[spec.scheme].fast, [_sentence(network, chosen, spec, device)]
    if normal and densities is None:
        told.append(NORMAL)
    if fast is None:
        layers = [replace(layer, fast=None) for layer in layers]
    elif not chosen.fits(network):
        nodes = zip(layers, network.matrices, strict=True)
        layers = [replace(layer, fast=fast.assumed(n, network.training)) for layer, n in nodes]
        told.append(fast.source)
    given_all = len(_given(network)) == 1 + len(GIVEN)
    origin = Origin.RECORDED if chosen.own and not given_all else Origin.ASSUMED
    return Activity("; ".join(told), tuple(layers), origin)


def programmed(network: Network, spec: ArchitectureSpec, device: Device) -> dict[str, Real]:
    """Shares of cells that are programmed in a step, and steps of each, as ``LayerActivity`` has.

    Numbers of ``spec`` and ``device`` may be arrays of designs with a last axis for the layers.
    """
    chosen = _chosen(network, spec)
    by_pulses, found = chosen.by_pulses, dict[str, Real]()
    bits: Real = (2.0**spec.level_bits - 2.0) / (2.0**chosen.recorded.weight_bits - 2.0)
    for way, pulses in (("set", "ltp"), ("reset", "ltd")):
        counted = device.pulses if by_pulses else None
        now = getattr(counted, f"levels_{pulses}") if counted else None
        then = getattr(chosen.recorded, f"levels_{pulses}")
        pulsed: Real = now / then if by_pulses and now is not None and then else 1.0
        ratio: Real = pulsed if by_pulses else bits
        share = np.array([getattr(layer, f"{way}_fraction") for layer in chosen.layers])
        levels = np.array([getattr(layer, f"{way}_levels") for layer in chosen.layers])
        moved = 1.0 - (1.0 - share) ** ratio
        range_share = levels * share * bits  # levels of the chip that is estimated, over all cells
        again: Real = np.where(moved > 0.0, range_share / np.where(moved > 0.0, moved, 1.0), levels)
        found[f"{way}_fraction"], found[f"{way}_levels"] = moved, again
    several = spec.holds_devices and bool(np.any(spec.cells_per_weight > 1))
    return in_cells(spec, found) if several else found


def in_cells(spec: ArchitectureSpec, weights: Mapping[str, Real]) -> dict[str, Real]:
    """What weights that move by some levels do to the cells of their digits.

    See docs/models/phases.md#weights-of-several-cells. A level of a weight is anywhere among those
    of a digit, of s levels each worth B: n levels move it by m = n / B, or by one with the
    probability m, and carry to the next one with the probability m / s (at most a half), which
    sends it back by s - m. Of pairs half of the weights lie on either side.
    """
    ways = [(weights[f"{way}_fraction"], weights[f"{way}_levels"]) for way in ("set", "reset")]
    if spec.paired:
        share = (ways[0][0] + ways[1][0]) / 2.0
        steps = (ways[0][0] * ways[0][1] + ways[1][0] * ways[1][1]) / 2.0
        ways = [(share, steps / np.maximum(share, LEAST))] * 2
    digits, cells = spec.digits_per_weight, spec.cells_per_weight
    moved: list[Real] = [0.0, 0.0]  # cells up and down, and steps of these
    spans: list[Real] = [0.0, 0.0]
    for number in range(int(np.max(digits))):
        bits = np.where(np.equal(number + 1, digits), spec.top_digit_bits, spec.digit_bits)
        there, states = np.where(np.less(number, digits), 1.0, 0.0), 2.0**bits
        for way, (share, levels) in enumerate(ways):
            away = levels / 2.0 ** (spec.digit_bits * number)
            step = np.clip(away, 1.0, states / 2.0)
            changed = there * share * np.minimum(away, 1.0)
            carried = step / states
            scale = spec.cell_steps / (states - 1.0)
            for to, part, far in (
                (way, changed * (1.0 - carried), step),
                (1 - way, changed * carried, states - step),
            ):
                moved[to] = moved[to] + part
                spans[to] = spans[to] + part * far * scale
    return {
        "set_fraction": moved[0] / cells,
        "set_levels": spans[0] / np.maximum(moved[0], LEAST),
        "reset_fraction": moved[1] / cells,
        "reset_levels": spans[1] / np.maximum(moved[1], LEAST),
    }


def _state(spec: ArchitectureSpec) -> float:
    """Mean place of the cells of pairs: of weights with the outermost level at two deviations the
    magnitude's mean is 0.4; lower digits are anywhere, and the other cell is at the low end.
    """
    digits = float(np.max(spec.digits_per_weight))
    return (0.2 + 0.25 * (digits - 1.0)) / digits


@dataclass(frozen=True)
class _Chosen:
    """The recorded activity that is taken, a layer of it for each layer of the network."""

    recorded: RecordedActivity
    layers: tuple[LayerActivity, ...]
    own: bool  # a training of this network

    @property
    def by_pulses(self) -> bool:
        """Whether cells are changed by single pulses, however many levels a weight has."""
        return SCHEMES[self.recorded.scheme].held is Held.CELLS

    def measured_signs(self, spec: ArchitectureSpec) -> bool:
        """Whether a training of this network had the chip's planes of inputs below zero."""
        return self.own and self.recorded.signed_inputs == spec.signed_inputs

    def fits(self, network: Network) -> bool:
        """Whether the training had the batch and the keys of the scheme that this run has."""
        return self.own and self.recorded.own == own_keys(network, self.recorded.scheme)


def own_keys(network: Network, scheme: str) -> dict[str, Any]:
    """The batch and the values of the keys that a scheme adds to the section ``training``."""
    from neurorebit.schema import plain

    training = network.training
    keys = ("batch", *SCHEMES[scheme].own_keys)
    return {key: plain(getattr(training, key)) for key in keys}


def _chosen(network: Network, spec: ArchitectureSpec) -> _Chosen:
    names = [node.name for node in network.matrices]
    for recorded in _nearest(network.recorded, spec.scheme, alike=False):
        return _Chosen(recorded, tuple(recorded.layers[name] for name in names), own=True)
    recorded = _nearest(network.others, spec.scheme, alike=True)[0]
    kinds = [_kind(network, i) for i in range(len(names))]
    return _Chosen(recorded, tuple(recorded.layers[kind] for kind in kinds), own=False)


def _nearest(
    recorded: Sequence[RecordedActivity], scheme: str, *, alike: bool
) -> list[RecordedActivity]:
    """Those of a scheme; with ``alike`` those of the schemes most like it where there is none.

    Weights in software, and weights that are given, have those of weights that cells follow; given
    ones are trained by another scheme in any case. Weights with a fast array have those of others
    with one.
    """
    found = [one for one in recorded if one.scheme == scheme]
    held = SCHEMES[scheme].held
    if found or not (alike or held is Held.GIVEN):
        return found
    wanted = Held.FOLLOWED if held in (Held.SOFTWARE, Held.GIVEN) else held
    like = [one for one in recorded if SCHEMES[one.scheme].held is wanted]
    fast = SCHEMES[scheme].fast is None
    return [one for one in like if (SCHEMES[one.scheme].fast is None) == fast] or like


def _kind(network: Network, index: int) -> str:
    """Which mean a layer takes: of layers that read the image, of last ones, or of the others."""
    if not network.stages[index].sends_error:
        return FIRST
    return LAST if index == len(network.matrices) - 1 else INNER


def _densities(network: Network) -> list[float] | None:
    """The input densities that the network file gives, one for each layer."""
    given = network.activity.input_density
    if given is None:
        return None
    count = len(network.matrices)
    return list(given) if len(given) == count else [float(given[0])] * count


def _planes(recorded: tuple[float, ...], bits: int) -> tuple[float, ...]:
    """Densities of the planes of inputs of so many bits, least significant first."""
    kept = recorded[max(len(recorded) - bits, 0) :]
    return (kept[0],) * (bits - len(kept)) + kept


def _signed(
    network: Network, chosen: _Chosen, spec: ArchitectureSpec, layer: LayerActivity
) -> tuple[tuple[float, ...], float]:
    """Densities of a layer's planes, and of its codes in memory."""
    word, bits = spec.signed_inputs, int(spec.input_bits)
    if chosen.measured_signs(spec) and layer.stored_density is not None:
        return SIGNED_INPUTS[word].brought(layer.input_density, bits), layer.stored_density
    return signs.assumed(word, bits, network.training.clip_percentile)


def _given(network: Network) -> list[str]:
    """The keys that the network file gives as numbers."""
    return [k for k in ("input_density", *GIVEN) if getattr(network.activity, k) is not None]


def _sentence(network: Network, chosen: _Chosen, spec: ArchitectureSpec, device: Device) -> str:
    """Where the activity comes from."""
    given, recorded = network.activity, chosen.recorded
    keys = _given(network)
    why = f": {given.source}" if given.source else ""
    told = f"{'recorded' if chosen.own else 'assumed'}: {recorded.source}"
    if recorded.scheme != spec.scheme:
        told += f", for scheme {spec.scheme}"
    if given.recorded and not network.recorded:
        told += f" ({given.recorded} is of other layers)"
    if keys and len(keys) == 1 + len(GIVEN):
        return f"assumed{why or ': given in the network file'}"
    return f"assumed in the network file are {', '.join(keys)}{why}; {told}" if keys else told
