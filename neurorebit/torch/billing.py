"""The bill of a converted model: its network, and the activity that its loop measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import torch

from neurorebit.inputs.files import Inputs
from neurorebit.inputs.importers import torch_module
from neurorebit.inputs.importers.table import of_model
from neurorebit.layers.network import Node
from neurorebit.library.asking import asked
from neurorebit.library.inputs import NetworkInput
from neurorebit.schema import Argument, InputError
from neurorebit.schema.activity import Activity, LayerActivity, Origin
from neurorebit.schemes.assumed import assumed
from neurorebit.studies.request import Request
from neurorebit.torch.matrix import Matrix
from neurorebit.torch.session import Session
from neurorebit.training.model import activity_of
from neurorebit.weights.fitting import module_of

SIGNED_IMAGE = "{mean: [0], std: [1]}"  # images that the loader has brought below zero


class Pair(NamedTuple):
    """A layer of the network that is billed, and the layer of the model that it is."""

    node: Node
    matrix: Matrix


class Billed(NamedTuple):
    """What a model is billed by: request, files, activity, and the layers that met."""

    request: Request
    inputs: Inputs
    activity: Activity
    pairs: list[Pair]


def billed(analog: Any, sample: Any) -> Billed:
    """The network of a model on its chip, and the activity of its layers."""
    session = analog.array_session
    _refuse_time_first(analog)
    examples = _examples(sample, session)
    with session.exactly():
        model = torch_module.traced(analog, *(one.to(_device(analog)) for one in examples))
    calls = list(session.calls)
    network = NetworkInput(of_model(model, session.name, "PyTorch"))
    by_name = {matrix.name: matrix for matrix in analog.array_matrices}
    changes: dict[str, Any] = {"architecture.scheme": session.word}
    changes |= {f"training.{key}": value for key, value in session.settings.items()}
    if session.passed.largest:
        changes.setdefault("training.batch", session.passed.largest)
    first = by_name[calls[0]] if calls else None
    if first is not None and first.signed and first.index == 0:
        changes["training.normalise"] = SIGNED_IMAGE
    request = asked(network, session.chip, changes, seed=session.seed, train=False)
    request = replace(request, spell=lambda given: _call(session))
    inputs = request.inputs()
    pairs = paired(inputs.network.matrices, [by_name[call] for call in calls])
    return Billed(request, inputs, _activity(inputs, pairs, session), pairs)


def _refuse_time_first(analog: Any) -> None:
    """InputError where a layer takes time along the first axis: of it one step would be billed."""
    for name, module in analog.named_modules():
        if getattr(module, "batch_first", True) is False:
            message = f"layer '{name}' has batch_first=False, and one input of a batch is billed, "
            message += "the first along the first axis"
            cure = "build it with batch_first=True, and give inputs so"
            raise InputError(message, origin=Argument("analog"), cure=cure)


def _call(session: Session) -> str:
    """How a model is converted, for a reader."""
    more = [f"scheme={session.word!r}"]
    more += [f"training={dict(session.settings)!r}"] if session.settings else []
    more += [f"seed={session.seed}"] if session.seed else []
    return f"neurorebit.torch.convert({session.name}, {session.chip.name!r}, {', '.join(more)})"


def _device(analog: Any) -> torch.device:
    """Where the parameters are."""
    return next(analog.parameters()).device


def _examples(sample: Any, session: Session) -> list[torch.Tensor]:
    """One input of a model, or one of each, with a batch of one."""
    if isinstance(sample, torch.Tensor):
        return [_first(sample)]
    if sample is None:
        if session.sample is None:
            message = "the model has had no input yet, or takes other things than tensors"
            cure = "give sample: a batch of the loader"
            raise InputError(message, origin=Argument("sample"), cure=cure)
        known = [(sizes, getattr(torch, w.removeprefix("torch."))) for sizes, w in session.sample]
        return [torch.zeros(1, *sizes, dtype=dtype) for sizes, dtype in known]
    if isinstance(sample, Sequence) and len(sample):
        if all(isinstance(one, torch.Tensor) for one in sample):
            return [_first(one) for one in sample]
        if all(type(n) is int and n > 0 for n in sample):
            return [torch.zeros(1, *sample)]
    message = f"expected tensors or sizes, got {type(sample).__name__}"
    raise InputError(message, origin=Argument("sample"), cure="give a batch of the loader")


def _first(batch: torch.Tensor) -> torch.Tensor:
    """The first input of a batch."""
    if batch.dim() == 0 or not len(batch):
        message = "expected a batch of at least one input"
        raise InputError(message, origin=Argument("sample"), cure="give a batch of the loader")
    return batch[:1].detach()


def paired(nodes: Sequence[Node], calls: Sequence[Matrix]) -> list[Pair]:
    """The layers of a network that are calls of a model's layers, both in order of computation.

    Some layers of the network are none, those that stay PyTorch's; each call is one. Of the ways to
    place the calls that the sizes of matrices allow, the one in which most names agree.

    InputError where there is none.
    """
    if not calls:
        return []
    weighted = [node for node in nodes if node.matmul is not None and node.matmul.stationary]
    best: list[tuple[int, tuple[int, ...]] | None] = [None] * (len(calls) + 1)
    best[0] = (0, ())
    for place, node in enumerate(weighted):
        for count in range(min(place + 1, len(calls)), 0, -1):
            before, matrix = best[count - 1], calls[count - 1]
            if before is None or not _fits(node, matrix):
                continue
            score = before[0] + (_module(node) == matrix.name)
            known = best[count]
            if known is None or score > known[0]:
                best[count] = score, (*before[1], place)
    found = best[-1]
    if found is None:
        message = "the layers of the exported network are not those of the model"
        cure = "give the model one way through its layers, or estimate its network file"
        raise InputError(message, origin=Argument("analog"), cure=cure)
    return [Pair(weighted[place], call) for place, call in zip(found[1], calls, strict=True)]


def _fits(node: Node, matrix: Matrix) -> bool:
    """Whether a layer of a network has a matrix of these sizes."""
    one, other = node.matmul, matrix.least.matmul
    assert one is not None
    assert other is not None
    return (one.groups, one.rows, one.cols) == (other.groups, other.rows, other.cols)


def _module(node: Node) -> str:
    """The module that an exported layer belongs to."""
    name = node.name.partition(".gates")[0].partition(".cell")[0] if node.part_of else node.name
    return module_of(name)


def _activity(inputs: Inputs, pairs: Sequence[Pair], session: Session) -> Activity:
    """The activity that was measured, and where nothing was, what is assumed."""
    network = inputs.network
    usual = assumed(network, inputs.architecture, inputs.device)
    measured = {id(node): matrix for node, matrix in pairs if _measured(matrix)}
    if not measured:
        return usual
    made: list[LayerActivity] = []
    others: list[str] = []
    for node, other in zip(network.matrices, usual.layers, strict=True):
        matrix = measured.get(id(node))
        if matrix is None:
            made.append(other)
            others.append(node.name)
            continue
        made.append(_of_planes(activity_of(matrix.held), other))
    source = f"measured in {session.passed.steps} steps of a loop of PyTorch"
    if others:
        shown = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        source += f"; of {shown}: {usual.source}"
    return Activity(source, tuple(made), Origin.MEASURED)


def _measured(matrix: Matrix) -> bool:
    """Whether a layer's activity was counted."""
    if not matrix.built:
        return False
    matrix.pull()
    held = matrix.held
    return held.weights.in_arrays and held.seen.steps > 0


def _of_planes(found: LayerActivity, usual: LayerActivity) -> LayerActivity:
    """What was measured, with the usual inputs where the network has others below zero."""
    if len(found.input_density) == len(usual.input_density):
        return found
    keys: Mapping[str, Any] = {
        "input_density": usual.input_density,
        "stored_density": usual.stored_density,
    }
    return replace(found, **keys)


def layers_of(pairs: Sequence[Pair]) -> Iterator[tuple[Node, Matrix]]:
    """Each layer of the model once, with the first layer of the network that it is."""
    seen: set[int] = set()
    for node, matrix in pairs:
        if matrix.built and id(matrix) not in seen:
            seen.add(id(matrix))
            yield node, matrix
