"""A PyTorch module as an ONNX graph in memory; PyTorch is there where a module is."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from neurorebit.schema import Argument, InputError

WORDS = ("Embedding", "EmbeddingBag")  # modules whose inputs are whole numbers


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Nothing is printed: the exporter, some of it in C++, shows what it cannot export."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [(number, os.dup(number)) for number in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    shown = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    try:
        for number, _ in kept:
            os.dup2(nowhere, number)
        with shown[0], shown[1]:
            yield
    finally:
        for number, copy in kept:
            os.dup2(copy, number)
            os.close(copy)
        os.close(nowhere)


def is_module(source: object) -> bool:
    """Whether this is a module of PyTorch, which is not imported to say so."""
    return any(
        cls.__module__.startswith("torch.nn") and cls.__name__ == "Module"
        for cls in type(source).__mro__
    )


def exported(module: Any, input: Sequence[int] | None) -> Any:
    """The ONNX model of a module that gets one input of these sizes, without the batch.

    InputError where PyTorch cannot export it.
    """
    import torch

    if input is None or not len(input) or any(int(n) < 1 for n in input):
        message = "a module does not say what it gets"
        raise InputError(message, origin=Argument("input"), cure="give input=(3, 224, 224)")
    shape = (1, *(int(n) for n in input))
    first = next(
        (m for m in module.modules() if type(m).__name__ in WORDS or not list(m.children())), None
    )
    words = len(shape) == 2 and type(first).__name__ in WORDS
    dtype = next((p.dtype for p in module.parameters()), torch.float32)
    return traced(module, torch.zeros(shape, dtype=torch.int64 if words else dtype))


def traced(module: Any, *examples: Any) -> Any:
    """The ONNX model of a module that gets tensors, whose first axis is the batch.

    InputError where PyTorch cannot export it.
    """
    import torch

    named = type(module).__name__
    modes = [(part, part.training) for part in module.modules()]
    fast = torch.backends.mha.get_fastpath_enabled()
    module.eval()
    torch.backends.mha.set_fastpath_enabled(False)  # one operator that nothing exports
    problems = []
    try:
        for dynamo in (False, True):
            held: Any = io.BytesIO()
            try:
                with (
                    warnings.catch_warnings(),
                    _silence(),
                    torch.no_grad(),
                ):
                    warnings.simplefilter("ignore")
                    if dynamo:
                        made: Any = torch.onnx.export(module, examples, dynamo=True)
                        return made.model_proto
                    torch.onnx.export(module, examples, held, dynamo=False)
                from neurorebit.inputs.importers.graphs.graph import library

                return library().load_model_from_string(held.getvalue())
            except InputError:
                raise
            except Exception as problem:  # whatever a module's own code raises
                problems.append(" ".join(str(problem).split())[:300] or type(problem).__name__)
    finally:
        for part, mode in modes:
            part.training = mode
        torch.backends.mha.set_fastpath_enabled(fast)
    message = f"PyTorch cannot export {named}: {problems[0]}"
    raise InputError(message, origin=Argument("source"), cure="export it to an ONNX file yourself")
