"""Weights brought to a network: matched with its layers, checked, and turned to our layout."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurorebit.layers.network import Network, Node
from neurorebit.schema import InputError
from neurorebit.weights.archive import NetworkWeights
from neurorebit.weights.layouts import LAYOUTS, RUNNING, THEIRS, order, with_arrays

Array = NDArray[Any]
Group = dict[str, Array]

EPSILON = 1e-5  # of batch norm
MENTIONED = 8  # mismatches that an error names
ADAPTER = ("adapter_down", "adapter_up")  # arrays of a layer's low-rank update
COUNTERS = ("num_batches_tracked",)  # of a state dict, which nobody needs


class LayerStart(NamedTuple):
    """What a matrix layer starts from: its weights [groups, rows, cols], and the weight of its
    outermost level where an archive says.
    """

    weight: Array
    full: float | None = None


@dataclass(frozen=True, eq=False)
class Start:
    """What a network starts from, in our layout.

    ``matrices`` by the name of the layer; ``others`` the further arrays of layers, by theirs.
    """

    matrices: Mapping[str, LayerStart]
    others: Mapping[str, Mapping[str, Array]]
    sha256: str
    notes: tuple[str, ...] = ()


@dataclass(eq=False)
class _Found:
    """The arrays of each layer so far, what does not fit, and what a reader should know."""

    arrays: dict[str, Group] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def fit(weights: NetworkWeights, network: Network) -> Start:
    """What a network starts from; InputError that names every array that does not fit."""
    found = _Found()
    unknown = [node for node in with_arrays(network) if node.kind not in LAYOUTS]
    found.wrong += [f"layer '{n.name}': weights of kind {n.kind} are not read yet" for n in unknown]
    if not unknown:
        (_foreign if weights.foreign else _own)(weights, network, found)
    found.wrong += [
        f"{layer}.{name} holds numbers that are not finite"
        for layer, arrays in found.arrays.items()
        for name, array in arrays.items()
        if not np.isfinite(array).all()
    ]
    found.wrong += [
        f"{layer}.variance holds numbers below zero"
        for layer, arrays in found.arrays.items()
        if "variance" in arrays and np.min(arrays["variance"]) < 0.0
    ]
    if found.wrong:
        shown, more = found.wrong[:MENTIONED], len(found.wrong) - MENTIONED
        listed = "; ".join([*shown, f"and {more} more"] if more > 0 else shown)
        message = f"does not fit network '{network.name}': {listed}"
        raise InputError(message, origin=weights.origin, cure="take the network they are of")
    return _start(found, weights, network)


def _start(found: _Found, weights: NetworkWeights, network: Network) -> Start:
    matrices, others = {}, {}
    for node in with_arrays(network):
        arrays = {name: np.asarray(array) for name, array in found.arrays[node.name].items()}
        if node.matmul is not None:
            full = None if weights.foreign else weights.arrays.get(f"{node.name}.full")
            known = None if full is None or not np.isfinite(full).all() else float(np.max(full))
            matrices[node.name] = LayerStart(arrays.pop("weight"), known or None)
        for name in ADAPTER:
            one = weights.arrays.get(f"{node.name}.{name}")
            if one is not None and not weights.foreign:
                arrays[name] = one
        if arrays:
            others[node.name] = arrays
    return Start(matrices, others, weights.sha256, tuple(found.notes))


def _unknown(name: str) -> str:
    """That arrays are of a layer that the network has not."""
    return f"{name}: the network has no such layer" if name else "an array has no name of a layer"


def sizes(shape: tuple[int, ...]) -> str:
    """A shape as a reader writes it."""
    return " x ".join(map(str, shape)) or "one number"


def _own(weights: NetworkWeights, network: Network, found: _Found) -> None:
    """An archive of ours: layers by their names, arrays by theirs."""
    layers, nodes = weights.layers, with_arrays(network)
    known = {node.name for node in nodes}
    found.wrong += [_unknown(name) for name in layers if name not in known]
    for node in nodes:
        arrays, layout = layers.get(node.name, {}), LAYOUTS[node.kind]
        group = found.arrays.setdefault(node.name, {})
        for name in layout.arrays(node):
            wanted, given = layout.shape(node, name), arrays.get(name)
            flat = given is not None and given.shape == (math.prod(wanted),)
            if given is None or not (flat or given.shape == wanted):
                have = "nothing" if given is None else sizes(given.shape)
                found.wrong.append(f"{node.name}.{name}: expected {sizes(wanted)}, found {have}")
            else:
                group[name] = given.reshape(wanted)
        _beside(node, arrays, found)


def _beside(node: Node, arrays: Group, found: _Found) -> None:
    """What an archive has of a layer beside its arrays: an adapter, the outermost weight."""
    if node.matmul is None:
        return
    held, full = arrays.keys() & {*ADAPTER}, arrays.get("full")
    if held and not node.rank:
        said = "belong to an adapter, and the layer has none (set training.adapters)"
        found.wrong.append(f"{node.name}: {' and '.join(sorted(held))} {said}")
    elif held:
        shapes = (1, node.matmul.rows, node.rank), (node.rank, node.matmul.cols)
        for name, wanted in zip(ADAPTER, shapes, strict=True):
            given = arrays.get(name)
            if given is None or given.shape != wanted or not np.isfinite(given).all():
                have = "nothing" if given is None else sizes(given.shape)
                said = f"expected {sizes(wanted)} finite numbers, found {have}"
                found.wrong.append(f"{node.name}.{name}: {said}")
    if full is not None and (not full.size or np.min(full) < 0.0):
        found.wrong.append(f"{node.name}.full: expected a positive number")


# --- state dicts and graphs of other tools


def _groups(weights: NetworkWeights) -> dict[str, Group]:
    """The arrays of each module of a state dict, in its order."""
    groups = weights.layers
    for arrays in groups.values():
        for name in COUNTERS:
            arrays.pop(name, None)
    return {name: arrays for name, arrays in groups.items() if arrays}


def _foreign(weights: NetworkWeights, network: Network, found: _Found) -> None:
    """A state dict: modules by the names of the layers, or of the modules that an ONNX graph's
    layers were, where all match, else in their order.

    A batch norm without a module was folded, by the tool, into the layer before it.
    """
    nodes, groups = with_arrays(network), _groups(weights)
    named = next(filter(None, (_by_name(nodes, groups, of) for of in (str, module_of))), None)
    if named is not None:
        known = {name for _, name in named}
        found.wrong += [_unknown(name) for name in sorted(groups.keys() - known)]
        pairs = named
    else:
        pairs = _in_order(nodes, groups, found)
        found.notes += _exchangeable(pairs)
    if found.wrong:
        return
    folded: dict[str, Array] = {}
    for node, name in pairs:
        if name is not None:
            _take(node, name, groups[name], network=network, found=found, folded=folded)
    _fold(folded, [node for node, name in pairs if name is None], network, found)


def module_of(name: str) -> str:
    """The module that an exported node belongs to: 'features.0' of '/features/features.0/Conv'."""
    *path, _ = name.lstrip("/").split("/")
    ends = zip(path, [*path, ""][1:], strict=True)
    return ".".join(part for part, next_part in ends if not next_part.startswith(f"{part}."))


def _by_name(
    nodes: list[Node], groups: dict[str, Group], of: Callable[[str], str]
) -> list[tuple[Node, str | None]] | None:
    """Layers and the modules that names give them, None where a layer has none.

    ``of``: the module's name by that of the layer. A batch norm may be without one.
    """
    names = {node.index: of(node.name) for node in nodes}
    needed = [names[node.index] for node in nodes if node.kind != "batch_norm"]
    if len({*needed}) < len(needed) or not groups.keys() >= {*needed}:
        return None
    return [(n, names[n.index] if names[n.index] in groups else None) for n in nodes]


def _exchangeable(pairs: list[tuple[Node, str | None]]) -> list[str]:
    """A note on layers of equal arrays, to which the order alone gave their modules."""
    alike: dict[str, list[str]] = {}
    for node, module in pairs:
        if module is not None and node.matmul is not None:
            alike.setdefault(_wanted(node), []).append(f"'{node.name}' has {module}")
    equal = [one for some in alike.values() if len(some) > 1 for one in some]
    if not equal:
        return []
    shown, more = equal[:MENTIONED], len(equal) - MENTIONED
    listed = ", ".join([*shown, f"and {more} more"] if more > 0 else shown)
    return [
        "weights were given to layers in the order of the file, as names differ; layers of equal "
        f"size, which nothing else tells apart: {listed}"
    ]


def _in_order(
    nodes: list[Node], groups: dict[str, Group], found: _Found
) -> list[tuple[Node, str | None]]:
    """Layers and modules one after the other, None for norms that were folded; what does not match
    is noted.
    """
    left = [*groups]
    pairs: list[tuple[Node, str | None]] = []
    before: Group = {}
    for i, node in enumerate(nodes):
        if left and _alike(node, groups[left[0]]):
            before = groups[left[0]]
            pairs.append((node, left.pop(0)))
        elif node.kind == "batch_norm" and "bias" in before:
            pairs.append((node, None))
        elif not left:
            missing = ", ".join(f"'{n.name}' ({n.kind})" for n in nodes[i:])
            found.wrong.append(f"nothing is left for {missing}")
            return []
        else:
            shown = ", ".join(f"{key} {sizes(a.shape)}" for key, a in groups[left[0]].items())
            found.wrong.append(
                f"{left[0]} ({shown}) stands where layer '{node.name}' ({node.kind}, "
                f"{_wanted(node)}) is"
            )
            return []
    found.wrong += [f"{name}: the network has no layer for it" for name in left]
    return pairs


def _wanted(node: Node) -> str:
    layout = LAYOUTS[node.kind]
    return ", ".join(
        f"{THEIRS[name]} {sizes(layout.their_shape(node, name))}" for name in layout.arrays(node)
    )


def _alike(node: Node, arrays: Group) -> bool:
    """Whether a module is of the kind of a layer, by the dimensions of its arrays."""
    if node.kind == "batch_norm":
        return "running_var" in arrays
    layout, weight = LAYOUTS[node.kind], arrays.get("weight")
    if weight is None or "running_var" in arrays:
        return False
    return weight.ndim == len(layout.their_shape(node, layout.arrays(node)[0]))


def _take(
    node: Node,
    module: str,
    arrays: Group,
    *,
    network: Network,
    found: _Found,
    folded: dict[str, Array],
) -> None:
    """The arrays of a layer from a module, checked and turned; a bias too many is kept apart."""
    layout, group = LAYOUTS[node.kind], found.arrays.setdefault(node.name, {})
    at, names = order(network, node), layout.arrays(node)
    for name in names:
        wanted, given = layout.their_shape(node, name), arrays.get(THEIRS[name])
        if given is None and name != "weight":
            given = np.ones(wanted) if name in ("gain", "variance") else np.zeros(wanted)
        if given is None or given.shape != wanted:
            have = "nothing" if given is None else sizes(given.shape)
            said = f"{module}.{THEIRS[name]}: expected {sizes(wanted)}, found {have}"
            found.wrong.append(f"{said} (layer '{node.name}')")
            continue
        group[name] = np.ascontiguousarray(layout.turned(node, name, given, at))
    extra = arrays.keys() - {THEIRS[name] for name in names}
    for key in sorted(extra):
        if key == "bias" and node.matmul is not None:
            folded[node.name] = arrays[key]
        else:
            found.wrong.append(f"{module}.{key}: layer '{node.name}' has no such array")


def _fold(biases: dict[str, Array], norms: list[Node], network: Network, found: _Found) -> None:
    """Biases of layers that have none, which the batch norms that alone read them take up.

    ``norms``: batch norms of the network that the other tool had folded into what they follow, so
    that they pass on what they get, plus the bias.
    """
    for node in norms:
        channels = node.shape_in.channels
        group = {name: np.zeros(channels) for name in RUNNING}
        group["variance"] += 1.0
        group["gain"] += (1.0 + EPSILON) ** 0.5
        found.arrays[node.name] = group
    if norms:
        found.notes.append(
            f"{len(norms)} batch norms were folded into the weights before them; those of the "
            "network pass on what they get"
        )
    for name, bias in biases.items():
        node = next(n for n in network.nodes if n.name == name)
        readers = [n for n in network.nodes if node.index in n.inputs]
        group = found.arrays.get(readers[0].name, {}) if len(readers) == 1 else {}
        if group.keys() >= {*RUNNING} and bias.shape == group["mean"].shape:
            group["mean"] = group["mean"] - bias
        elif np.any(bias):
            found.wrong.append(
                f"{name}.bias: expected nothing, found {sizes(bias.shape)}; the layer has no bias, "
                "and no batch norm that alone reads it takes it up (give it bias: true)"
            )
