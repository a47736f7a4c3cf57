"""Models of PyTorch brought to the arrays of a chip."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import torch
from torch import nn

from neurorebit.layers.base import Shape
from neurorebit.layers.conv import Conv
from neurorebit.layers.conv1d import Conv1d
from neurorebit.layers.cuts import any_splits, array_cuts
from neurorebit.layers.linear import Linear
from neurorebit.library.inputs import ChipInput, Named
from neurorebit.schema import Argument, InputError
from neurorebit.schemes.parts.scheme import Held
from neurorebit.torch import chips, composites
from neurorebit.torch.analog import NAMES, Analog, analog_class
from neurorebit.torch.engines import ENGINES
from neurorebit.torch.layout import Layout
from neurorebit.torch.matrix import DTYPES, Matrix
from neurorebit.torch.modules import KINDS, ArrayModule
from neurorebit.torch.session import Session


def convert(
    model: nn.Module,
    chip: ChipInput | Named = "rebit",
    scheme: str | None = None,
    *,
    training: Mapping[str, Any] | None = None,
    keep: Sequence[str] = (),
    signed: Sequence[str] | bool = (),
    seed: int = 0,
    threads: int | None = None,
    engine: str | None = None,
) -> Any:
    """A copy of a model whose layers with weights stand in the arrays of a chip.

    Linear layers, convolutions of signals and maps, and the projections of attention, LSTM and GRU
    become arrays; what else the model has stays PyTorch's. The copy is of the model's class, with
    the methods of ``Analog``. Weights start as they are.

    ``chip``: a chip, or what ``neurorebit.chip`` takes. ``scheme``: how weights are held and learn
    (the architecture's unless given). ``training``: keys of the section ``training`` of a network
    file that say how hardware learns, as ``{"write": "verify", "momentum": 0.9, "batch": 64}``.
    ``keep``: names of modules that stay PyTorch's, or patterns such as ``"head.*"``. ``signed``:
    names of layers whose inputs may lie below zero, or True for all; others show it with their
    first input. ``seed``: of all noise. ``threads``: of the kernels, PyTorch's unless given.
    ``engine``: ``kernels`` or ``operations``; the device of an input says it unless given.

    InputError where the scheme does not belong to the chip, a key is unknown, or a layer cannot be
    converted.
    """
    if not isinstance(model, nn.Module):
        message = f"expected a module of PyTorch, got {type(model).__name__}"
        raise InputError(message, origin=Argument("model"), cure="give a torch.nn.Module")
    if isinstance(model, Analog):
        cure = "convert the model that it was made of"
        raise InputError("is converted already", origin=Argument("model"), cure=cure)
    if threads is not None and not (isinstance(threads, int) and threads > 0):
        message = f"expected a whole number from 1 on, got {threads!r}"
        raise InputError(message, origin=Argument("threads"), value=threads, cure="give one")
    if engine is not None and engine not in ENGINES:
        cure = f"take one of {', '.join(ENGINES)}, or leave it out"
        raise InputError("no such engine", origin=Argument("engine", engine), cure=cure)
    for name in NAMES:
        if hasattr(model, name):
            message = f"has an attribute '{name}' of its own, which a converted model needs"
            raise InputError(message, origin=Argument("model"), cure="rename it")
    made = chips.chosen(chip, scheme, training or {}, name=type(model).__name__)
    session = Session(
        type(model).__name__,
        made.chip,
        made.scheme,
        made.word,
        spec=made.spec,
        device=made.device,
        training=made.training,
        settings=dict(training or {}),
        seed=chips.checked_seed(seed),
        wires=made.wires,
        thread_count=threads,
        engine=engine,
        signed=signed if isinstance(signed, bool) else tuple(signed),
    )
    _refuse_unlike(model, keep)
    analog = copy.deepcopy(model)
    wanted = dict(_wanted(analog, keep))
    composites.replace(analog, wanted)
    if not isinstance(session.signed, bool):
        _refuse_unknown("signed", session.signed, [name for name, _ in analog.named_modules()])
    matrices = [_placed(name, m, session) for name, m in _wanted(analog, keep) if _is_array(m)]
    _finish(matrices, session, analog)
    analog.__class__ = analog_class(type(analog))
    analog.array_session = session
    analog.register_forward_pre_hook(_note, with_kwargs=True)
    return analog


def _is_array(module: nn.Module) -> bool:
    return type(module) in KINDS


def _wanted(model: nn.Module, keep: Sequence[str]) -> Iterator[tuple[str, nn.Module]]:
    """The modules that may become arrays; InputError where a name in ``keep`` means none."""
    _refuse_unknown("keep", keep, [name for name, _ in model.named_modules()])
    for name, module in model.named_modules():
        if not any(_matches(name, pattern) for pattern in keep):
            yield name, module


def _refuse_unlike(model: nn.Module, keep: Sequence[str]) -> None:
    """InputError where a layer is one that arrays hold, but for what a class of its own does."""
    projection = nn.modules.linear.NonDynamicallyQuantizableLinear  # of attention
    for name, module in _wanted(model, keep):
        alike = any(isinstance(module, kind) for kind in KINDS)
        if not alike or isinstance(module, (ArrayModule, projection)):
            continue
        message, cure = f"layer '{name or type(module).__name__}'", "keep the layer: keep=(...)"
        if module._parameters.get("weight") is None:
            message += ": its weights are computed, by a parametrization or pruning"
            raise InputError(message, cure=f"remove it first, or {cure}")
        if not _is_array(module):
            kinds = ", ".join(kind.__name__ for kind in KINDS)
            message += f" is a {type(module).__name__}, and may compute otherwise than {kinds}"
            raise InputError(
                message, cure=f"take one of these (a lazy one is after a batch), or {cure}"
            )


def _refuse_unknown(argument: str, patterns: Sequence[str], names: Sequence[str]) -> None:
    """InputError where a pattern means no module."""
    for pattern in patterns:
        if not any(_matches(name, pattern) for name in names):
            cure = "name modules as named_modules() does"
            raise InputError("no such module", origin=Argument(argument, pattern), cure=cure)


def _matches(name: str, pattern: str) -> bool:
    """Whether a pattern means a module, or one that it stands in."""
    parts = name.split(".")
    heads = (".".join(parts[:i]) for i in range(1, len(parts) + 1))
    return any(fnmatchcase(head, pattern) for head in heads)


def _placed(name: str, module: nn.Module, session: Session) -> Matrix:
    """Make a module one in arrays; its layer on the chip."""
    shown = name or type(module).__name__
    weight = module._parameters["weight"]
    assert weight is not None
    if weight.dtype not in DTYPES:
        message = f"layer '{shown}' has weights of {weight.dtype}"
        raise InputError(message, cure="convert it with float32: model.float()")
    layer, given, layout = _described(module, shown)
    made = Matrix(shown, session, layer, layout, parameter=weight, given=given)
    all_signed = session.signed is True
    named = not isinstance(session.signed, bool) and any(
        _matches(shown, pattern) for pattern in session.signed
    )
    known = getattr(module, "takes_signs", False)
    made.signed = True if all_signed or named or known else None
    if layout.shares:  # from the start, so that optimisers and buckets of gradients have its order
        weight.data = layout.tensor(layout.matrix(weight.detach()).contiguous())
    module.__class__ = KINDS[type(module)]
    assert isinstance(module, ArrayModule)
    module.matrix = made
    if session.scheme.held is Held.GIVEN:
        weight.requires_grad_(False)
    return made


def _described(module: Any, name: str) -> tuple[Any, Shape, Layout]:
    """The kind of layer of a module, the smallest map that it takes, and its weights' layout."""
    if isinstance(module, nn.Linear):
        layout = Layout(1, module.out_features, module.in_features, ())
        layer = Linear(kind="linear", name=name, features=module.out_features, per="position")
        return layer, Shape(module.in_features, 1, 1), layout
    groups = module.groups
    kernel = tuple(module.kernel_size)
    layout = Layout(groups, module.out_channels // groups, module.in_channels // groups, kernel)
    sides = _sides(module)
    reach = [d * (k - 1) + 1 for d, k in zip(module.dilation, kernel, strict=True)]
    if len(kernel) == 1:
        line = Conv1d(
            module.out_channels,
            kernel[0],
            module.stride[0],
            sides[0],
            kind="conv1d",
            name=name,
            dilation=module.dilation[0],
            groups=groups,
        )
        return line, Shape(module.in_channels, 1, reach[0]), layout
    conv = Conv(
        module.out_channels,
        kernel,
        tuple(module.stride),
        (*sides[0], *sides[1]),
        kind="conv",
        name=name,
        dilation=tuple(module.dilation),
        groups=groups,
    )
    return conv, Shape(module.in_channels, *reach), layout


def _sides(module: Any) -> list[tuple[int, int]]:
    """The zeros before and after each axis."""
    axes = len(module.kernel_size)
    if module.padding_mode != "zeros" or module.padding == "valid":
        return [(0, 0)] * axes
    if module.padding == "same":
        total = [d * (k - 1) for d, k in zip(module.dilation, module.kernel_size, strict=True)]
        return [(n // 2, n - n // 2) for n in total]
    return [(n, n) for n in module.padding]


def _finish(matrices: list[Matrix], session: Session, model: nn.Module) -> None:
    """Number the layers, cut them into arrays, and join those that share their weights."""
    if not matrices:
        known = ", ".join(kind.__name__ for kind in (*KINDS, *composites.KINDS))
        message = "no layer of the model can stand in arrays"
        raise InputError(message, origin=Argument("model"), cure=f"give it one of {known}")
    rows = int(session.spec.forward.rows)
    nodes = [matrix.least for matrix in matrices]
    matmuls = [node.matmul for node in nodes if node.matmul is not None]
    split = any_splits(matmuls, rows) and session.spec.forward.kernel_split
    cuts, first = array_cuts(matmuls, rows, split), dict[int, Matrix]()
    for i, (matrix, one) in enumerate(zip(matrices, cuts, strict=True)):
        matrix.index, matrix.cuts = i, one
        matrix.scores = i == len(matrices) - 1
        matrix.edge = i == 0 or matrix.scores
        twin = first.setdefault(id(matrix.parameter), matrix)
        matrix.twin = None if twin is matrix else twin
    if session.scheme.held is Held.CELLS:
        _refuse_ties(model, first)
    chips.refuse([(matrix, matrix.least) for matrix in matrices], session)


def _refuse_ties(model: nn.Module, known: Mapping[int, Matrix]) -> None:
    """InputError where weights in cells are to be those of a module outside of the arrays, too."""
    for name, module in model.named_modules():
        if isinstance(module, ArrayModule):
            continue
        for parameter in module._parameters.values():
            if (matrix := known.get(id(parameter))) is not None:
                message = f"layer '{matrix.name}' shares its weights with '{name}', which is in "
                message += "digital memory, and cells hold them alone"
                cure = f"untie them, or keep the layer: keep=('{matrix.name}',)"
                raise InputError(message, cure=cure)


@torch.compiler.disable
def _note(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Note what goes into a model: its sizes, and images in training."""
    first = next((a for a in (*args, *kwargs.values()) if isinstance(a, torch.Tensor)), None)
    session = module.array_session
    if first is None or first.dim() == 0 or session.exact:
        return
    if not kwargs and all(isinstance(a, torch.Tensor) and a.dim() for a in args):
        session.sample = tuple((tuple(a.shape[1:]), str(a.dtype)) for a in args)
    if session.calibrating:
        return
    if module.training and torch.is_grad_enabled():
        session.passed.batch(len(first))
    elif not module.training:
        session.passed.test(len(first))
