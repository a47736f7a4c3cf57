"""Layers of a network file, written one by one, with the map that each gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from neurorebit.inputs.importers.graphs.constants import Constant
from neurorebit.inputs.importers.graphs.graph import ANEW, Op
from neurorebit.inputs.importers.graphs.layout import Factors, Tensor, fresh, product, refined
from neurorebit.inputs.importers.graphs.resolved import Resolved
from neurorebit.layers.base import Misshaped, Shape
from neurorebit.layers.table import KINDS
from neurorebit.schema import InputError
from neurorebit.schema.fields import adapter

IMAGE = "input"
SIDE = 1_000_000  # channels, rows or columns that a map may have
NOWHERE: Factors = ()


@dataclass(frozen=True)
class Parameters:
    """Where the numbers of a layer stand in the graph: names of its tensors, by our names.

    ``axes``: what each axis of the tensor means; ``order``: where the inputs of its matrix lie in
    another order than the tensor's, the sizes to cut them into and their order in our map.
    """

    tensors: dict[str, str]
    axes: str
    order: tuple[tuple[int, ...], tuple[int, ...]] | None = None


class Builder:
    """Writes the layers of a resolved graph.

    ``values``: what is known of a tensor by its name. ``layers``: the layers, as a file has them.
    ``moved``: values of maps that are brought into another order.
    """

    def __init__(self, made: Resolved) -> None:
        self.made, self.graph = made, made.graph
        self.values: dict[str, Tensor | Constant] = {}
        self.layers: list[dict[str, Any]] = []
        self.maps: dict[str, Shape] = {}
        self.parameters: dict[str, Parameters] = {}
        self.moved = 0
        self.wanted = {name for op in made.ops for name in op.inputs} | set(made.outputs)
        self.op: Op | None = None
        self._views: dict[tuple[Any, ...], str] = {}
        self._bases: dict[str, str] = {}  # of each reshaped map, what was reshaped

    # --- what an operator reads and gives

    def error(self, message: str, cure: str = "") -> InputError:
        """An InputError that names the node at hand."""
        return self.graph.error(self.op, message, cure)

    def read(self, i: int) -> Tensor | Constant | None:
        """The input of the operator at hand, None where it is omitted."""
        assert self.op is not None
        name = self.op.inputs[i] if i < len(self.op.inputs) else ""
        if not name:
            return None
        return self.values.get(name) or self.made.constant(name)

    def tensor(self, i: int) -> Tensor:
        """An input that follows from what the network is given."""
        found = self.read(i)
        if not isinstance(found, Tensor):
            word = "a constant" if found else "missing"
            raise self.error(f"input {i} is {word}, where a map is expected", cure=ANEW)
        return found

    def constant(self, i: int) -> Constant | None:
        """An input that is a constant, None where it is omitted; InputError where it is a map."""
        found = self.read(i)
        if isinstance(found, Tensor):
            message = f"input {i} follows from what the network is given, and weights are constants"
            raise self.error(message, "export it with weights, or write its file by hand")
        return found

    def numbers(self, i: int) -> list[int] | None:
        """An input of whole numbers, None where it is omitted."""
        found = self.constant(i)
        if found is None:
            return None
        if found.small is None:
            raise self.error(f"the numbers of input {i} are not in the file", cure=ANEW)
        return [int(n) for n in found.small.reshape(-1)]

    def shape(self, output: int = 0) -> tuple[int, ...]:
        """The shape of an output of the operator at hand."""
        assert self.op is not None
        return self.made.shape(self.op.outputs[output])

    def is_wanted(self, output: int) -> bool:
        """Whether anything reads an output of the operator at hand."""
        assert self.op is not None
        return output < len(self.op.outputs) and self.op.outputs[output] in self.wanted - {""}

    def give(self, tensor: Tensor, output: int = 0) -> None:
        """Say what an output of the operator at hand is; its shape must be the graph's."""
        assert self.op is not None
        if output >= len(self.op.outputs) or not self.op.outputs[output]:
            return
        wanted = self.shape(output)
        if tensor.shape != wanted:
            raise self.error(
                f"its layer gives {list(tensor.shape)}, the graph {list(wanted)}", cure=ANEW
            )
        self.values[self.op.outputs[output]] = tensor

    # --- layers

    def unique(self, name: str) -> str:
        """A name that no layer has yet, which is the same where it can be."""
        plain = "".join(c if c.isprintable() else "_" for c in name)[:200] or "layer"
        taken, number = plain, 1
        while taken in self.maps or taken == IMAGE:
            number += 1
            taken = f"{plain}_{number}"
        return taken

    def layer(
        self,
        kind: str,
        *inputs: str,
        name: str = "",
        map: Shape | None = None,
        parameters: Parameters | None = None,
        **keys: Any,
    ) -> str:
        """Write a layer that reads the layers named; returns its name.

        Named as the operator at hand, with ``name`` behind it where that is given. ``map``: what it
        must give. Keys that are None are left out.
        """
        assert self.op is not None
        given = {key: value for key, value in keys.items() if value is not None}
        chosen = self.unique(f"{self.op.name}.{name}" if name else self.op.name)
        written: dict[str, Any] = {"kind": kind, "name": chosen}
        if inputs:
            written["input"] = inputs[0]
        written |= given
        found = self._checked(kind, written, [self.maps[one] for one in inputs], map)
        self.layers.append(written)
        self.maps[chosen] = found
        if parameters is not None:
            self.parameters[chosen] = parameters
        return chosen

    def _checked(
        self, kind: str, written: dict[str, Any], given: list[Shape], wanted: Shape | None
    ) -> Shape:
        """The map that a layer gives; InputError where it takes no such keys or maps."""
        try:
            layer = adapter(KINDS[kind]).validate_python(written)
        except KeyError:
            raise self.error(
                f"needs a layer of kind '{kind}', which there is not", cure=ANEW
            ) from None
        except ValidationError as problem:
            first = problem.errors(include_url=False)[0]
            place, reason = ".".join(map(str, first["loc"])), first["msg"]
            raise self.error(
                f"does not fit the kind '{kind}': {place}: {reason}", cure=ANEW
            ) from None
        try:
            if wanted is not None and layer.parts(*given):
                return wanted
            found: Shape = layer.output(*given)
        except Misshaped as problem:
            raise self.error(str(problem), cure=problem.cure or ANEW) from None
        if wanted is not None and found != wanted:
            raise self.error(
                f"a layer of kind '{kind}' gives {found}, the graph {wanted}", cure=ANEW
            )
        return found

    # --- orders in memory

    def viewed(self, tensor: Tensor, map: Shape) -> Tensor:
        """The same values in the same order, as a map of this shape."""
        if tensor.map == map:
            return tensor
        base = self._bases.get(tensor.layer, tensor.layer)
        if self.maps[base] == map:
            return replace(tensor, layer=base, map=map)
        key = ("reshape", base, map)
        if key not in self._views:
            kind, keys = "reshape", written_sides(map)
            if map.height == map.width == 1:
                kind, keys = "flatten", {}
            made = self.layer(kind, base, name="view", map=map, **keys)
            self._views[key], self._bases[made] = made, base
        return replace(tensor, layer=self._views[key], map=map)

    def arranged(
        self,
        tensor: Tensor,
        channels: Sequence[Any],
        height: Sequence[Any] = NOWHERE,
        width: Sequence[Any] = NOWHERE,
    ) -> Tensor:
        """The tensor as a map whose rows, columns and channels are these factors, in this order.

        A layer that moves values is written where they lie in another order.
        """
        order = (*height, *width, *channels)
        sizes = [product(channels), product(height), product(width)]
        if max(sizes) > SIDE:
            raise self.error(f"needs a map of {' x '.join(map(str, sizes))}", f"{SIDE:,} is most")
        map_ = Shape(*sizes)
        if order == tensor.memory:
            return self.viewed(tensor, map_)
        return self._permuted(tensor, order, map_)

    def _permuted(self, tensor: Tensor, order: Factors, map_: Shape) -> Tensor:
        """The tensor with its factors in another order in memory."""
        merged = _blocks(tensor.memory, order)
        view = [product(block) for block in merged]
        first = {block[0]: i for i, block in enumerate(merged)}
        turned = [first[factor] for factor in order if factor in first]
        base = self._bases.get(tensor.layer, tensor.layer)
        key = ("permute", base, tuple(view), tuple(turned), map_)
        if key not in self._views:
            source = self.maps[base]
            groups = view[1] if len(view) == 3 else 0
            shuffles = (
                turned == [0, 2, 1] and source == map_ and view[0] == map_.height * map_.width
            )
            if shuffles:
                made = self.layer("shuffle", base, name="shuffle", map=map_, groups=groups)
            else:
                keys = written_sides(map_)
                made = self.layer(
                    "permute", base, name="permute", map=map_, view=view, order=turned, **keys
                )
            self._views[key] = made
            self.moved += map_.size
        return replace(tensor, layer=self._views[key], map=map_, memory=order)

    def ordered(self, tensor: Tensor) -> Tensor:
        """The tensor with its values in memory in the order of its axes, as one row of values."""
        return self.spread(self._in_order(tensor))

    def _in_order(self, tensor: Tensor) -> Tensor:
        if tensor.logical == tensor.memory:
            return tensor
        axis = max(range(len(tensor.axes)), key=lambda i: (len(tensor.axes[i]) > 0, i))
        last = tensor.axes[axis]
        rest = tuple(f for f in tensor.logical if f not in last)
        return self.arranged(tensor, last, (), rest)

    def spread(self, tensor: Tensor) -> Tensor:
        """The same; each axis merged as far as memory allows."""
        return tensor.merged()

    def reshaped(self, tensor: Tensor, shape: Sequence[int]) -> Tensor:
        """The tensor with axes of these sizes; values move where they must."""
        found = tensor.reshaped(shape)
        if found is None:
            moved = self._in_order(tensor)
            found = replace(moved, axes=(moved.logical,)).reshaped(shape)
        if found is None:
            raise self.error(f"cannot reshape {list(tensor.shape)} to {list(shape)}", cure=ANEW)
        return found

    def like(self, tensor: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        """Two tensors with the same axes, the first with its values in the order of the other."""
        both = refined(tensor, other)
        if both is None:
            tensor = self.reshaped(self._in_order(tensor), tensor.shape).merged()
            other = self.reshaped(self._in_order(other), other.shape).merged()
            both = refined(tensor, other)
            assert both is not None
        tensor, other = both
        height, width, channels = self.sides(other)
        other = self.arranged(other, channels, height, width)
        partner = dict(zip(other.logical, tensor.logical, strict=True))
        sides = [tuple(partner[f] for f in side) for side in (channels, height, width)]
        return self.arranged(tensor, *sides), other

    @staticmethod
    def sides(tensor: Tensor) -> tuple[Factors, Factors, Factors]:
        """The factors of rows, columns and channels of its map; the last factor as channels where
        factors do not fit the map's sides.
        """
        memory, found = list(tensor.memory), []
        for size in (tensor.map.height, tensor.map.width, tensor.map.channels):
            side: list[Any] = []
            while memory and product(side) < size:
                side.append(memory.pop(0))
            if product(side) != size:
                return (), tensor.memory[:-1], tensor.memory[-1:]
            found.append(tuple(side))
        return found[0], found[1], found[2]

    def new(self, layer: str, axes: Sequence[Factors], memory: Factors) -> Tensor:
        """The tensor that a layer gives, its factors as they lie in memory."""
        return Tensor(layer, self.maps[layer], tuple(axes), memory)

    def held(self, constant: Constant, shape: Sequence[int], name: str) -> Tensor:
        """A constant as a map that is read from memory, with axes of this shape."""
        axes = tuple(fresh(size) for size in shape)
        memory = tuple(f for axis in axes for f in axis)
        channels = axes[-1] if axes else ()
        rest = memory[: len(memory) - len(channels)]
        height, width = rest[:-1], rest[-1:]
        if len(rest) > 1 and product(rest) <= SIDE:
            height, width = (), rest
        map_ = Shape(product(channels), product(height), product(width))
        keys = written_sides(map_)
        layer = self.layer("constant", name=name, map=map_, **keys)
        return Tensor(layer, map_, axes, memory)


def written_sides(map: Shape) -> dict[str, Any]:
    """The sides of a map as keys of a layer."""
    return {"channels": map.channels, "height": map.height, "width": map.width}


def _blocks(memory: Factors, order: Factors) -> list[Factors]:
    """Factors in memory, those together that follow each other in the other order as well."""
    after = dict(pairwise(order))
    blocks: list[list[Any]] = []
    for factor in memory:
        if blocks and after.get(blocks[-1][-1]) is factor:
            blocks[-1].append(factor)
        else:
            blocks.append([factor])
    return [tuple(block) for block in blocks]
