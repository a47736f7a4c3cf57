"""A training by the caller's loop as a run: its epochs, its record, its report."""

from __future__ import annotations

import copy
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurorebit import __version__
from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.layers.network import Node
from neurorebit.results.typed.run import Estimate, Run
from neurorebit.schema import InputError
from neurorebit.schema.device import Device
from neurorebit.studies.run import report_of
from neurorebit.studies.trained import Trained
from neurorebit.torch.billing import Billed, billed, layers_of
from neurorebit.torch.matrix import Matrix
from neurorebit.torch.session import Epoch, Passed, Session, session_of
from neurorebit.training import trainer
from neurorebit.training.demands import demands
from neurorebit.training.layers.matrix import MatrixLayer
from neurorebit.training.model import Conversions, histogram
from neurorebit.weights.archive import SCHEMA

LOOP = "the caller's loader"


def ended(
    analog: Any, loss: float, train_accuracy: float | None, test_accuracy: float | None
) -> None:
    """Record an epoch, and prepare for the next."""
    session = analog.array_session
    passed, cells = session.passed, _programmed(analog)
    for name, share in (("train_accuracy", train_accuracy), ("test_accuracy", test_accuracy)):
        if share is not None and not 0.0 <= share <= 1.0:
            message = f"{name}: expected a share from 0 to 1, got {share}"
            raise InputError(message, cure="give 0.93 for 93 %")
    if not passed.images:
        message = "an epoch without a batch of training"
        raise InputError(message, cure="call end_epoch() after the batches of an epoch")
    if passed.begun is not None:  # no test came behind the last batch
        passed.seconds += time.perf_counter() - passed.begun
        passed.timed += passed.last
    rate = passed.timed / passed.seconds if passed.seconds else 0.0
    session.epochs.append(
        Epoch(
            loss,
            None if train_accuracy is None else float(train_accuracy),
            None if test_accuracy is None else float(test_accuracy),
            cells - passed.programmed,
            images=passed.images,
            images_per_second=rate,
            seconds=passed.seconds,
            tested=passed.tested,
        )
    )
    steps, seen, largest = passed.steps, passed.seen, passed.largest
    session.passed = Passed(steps=steps, seen=seen, programmed=cells, largest=largest)
    for matrix in analog.array_matrices:
        if matrix.built:
            matrix.pull()
            matrix.held.weights.begin_epoch()
            matrix.held.encoder.observing = False


def _programmed(analog: Any) -> int:
    """Cells programmed so far."""
    total = 0
    for matrix in _distinct(analog.array_matrices):
        weights = matrix.held.weights
        for written in (weights.written, weights.written_fast):
            total += 0 if written is None else written.sets + written.resets
    return total


def _distinct(matrices: Sequence[Matrix]) -> list[Matrix]:
    """The layers on the chip, of those that share their weights the first."""
    found: dict[int, Matrix] = {}
    for matrix in matrices:
        if matrix.built:
            matrix.pull()
            found.setdefault(id(matrix.held.weights), matrix)
    return list(found.values())


@dataclass(frozen=True, eq=False, kw_only=True)
class _Whole:
    """A model as what its training needed follows from it."""

    matrices: Sequence[MatrixLayer]
    device: Device
    spec: ArchitectureSpec
    words: int
    word_bits: int


def estimate(analog: Any, sample: Any = None) -> Estimate:
    """What the chip of a converted model costs, with the activity that the caller's loop measured.

    As ``neurorebit.estimate`` gives it; before the first batch of training with assumed activity.
    ``sample``: a tensor that the model takes, with its batch, a tuple of them, or the sizes of one
    input without it; the last input unless given. It is exported with one such input, which
    takes the package onnx.

    InputError where the model was not converted, or cannot be exported; InfeasibleError where the
    chip cannot exist.
    """
    return run(analog, sample).estimate


def run(analog: Any, sample: Any = None) -> Run:
    """The training by the caller's loop so far, and the estimate, as ``neurorebit.train`` has them.

    ``sample``, and the errors: as ``estimate`` has them.
    """
    session = session_of(analog)
    found = billed(analog, sample)
    if session.passed.steps == 0:
        return Run(report_of(found.inputs, found.request))
    layers = [_at(node, matrix) for node, matrix in layers_of(found.pairs)]
    trained = Trained(
        _result(analog, found, layers),
        None,
        False,
        frozenset(f"training.{key}" for key in session.settings),
        header=_header(found, session),
        tested=_tested(session),
    )
    report = report_of(found.inputs, found.request, trained)
    return Run(report, trained.weights)


def _tested(session: Session) -> int:
    """The images of the last test."""
    return session.epochs[-1].tested if session.epochs else session.passed.tested


def _at(node: Node, matrix: Matrix) -> MatrixLayer:
    """A layer on the chip, with the node that it has in the network."""
    made = copy.copy(matrix.held)
    made.node, made.outer = node.product, node
    return made


def _result(analog: Any, found: Billed, layers: list[MatrixLayer]) -> trainer.TrainingResult:
    """What a training reached, from what the loop said and the layers hold."""
    session, passed = analog.array_session, analog.array_session.passed
    images = session.epochs[-1].images if session.epochs else passed.images
    scheme, training = session.scheme, session.training
    whole = _Whole(
        matrices=layers,
        device=session.device,
        spec=session.spec,
        words=scheme.words(training),
        word_bits=scheme.word_bits(training),
    )
    in_arrays = bool(layers) and all(layer.weights.in_arrays for layer in layers)
    epochs = tuple(_epoch(i, epoch) for i, epoch in enumerate(session.epochs, 1))
    return trainer.TrainingResult(
        dataset=LOOP,
        images=images,
        images_seen=passed.seen,
        scheme=session.word,
        epochs=epochs,
        test_accuracy=epochs[-1].test_accuracy if epochs else None,
        activity=found.activity if in_arrays else None,
        interrupted=False,
        out_of_time=False,
        diverged=False,
        weights_sha256=_digest(layers),
        histogram=histogram(layers[len(layers) // 2]) if layers else None,
        demands=demands(whole, passed.seen / images) if layers else None,
        conversions=_conversions(layers),
        weights={
            f"{layer.outer.name}.{key}": np.array(value)
            for layer in layers
            for key, value in layer.weights.kept.items()
        },
    )


def _epoch(number: int, epoch: Epoch) -> trainer.Epoch:
    """An epoch as the trainer records it."""
    return trainer.Epoch(
        number,
        epoch.loss,
        epoch.train_accuracy,
        epoch.test_accuracy,
        cells_programmed=epoch.cells_programmed,
        images_per_second=epoch.images_per_second,
        seconds=epoch.seconds,
    )


def _conversions(layers: Sequence[MatrixLayer]) -> tuple[Conversions, ...]:
    """How converters used their codes."""
    return tuple(
        Conversions(layer.outer.name, one.get("forward"), one.get("backward"))
        for layer in layers
        if (one := layer.weights.converted)
    )


def _digest(layers: Sequence[MatrixLayer]) -> str:
    """SHA-256 of all that the layers hold."""
    sha = hashlib.sha256()
    for layer in layers:
        for value in layer.weights.kept.values():
            sha.update(np.ascontiguousarray(value).tobytes())
    return sha.hexdigest()


def _header(found: Billed, session: Session) -> dict[str, Any]:
    """What a file of weights says of the training that they come from."""
    return {
        "schema": SCHEMA,
        "version": __version__,
        "command": found.request.command,
        **found.inputs.names,
        "scheme": session.word,
        "seed": session.seed,
        "layers": [
            {
                "name": node.name,
                "kind": node.kind,
                "shape_in": str(node.shape_in),
                "shape_out": str(node.shape_out),
            }
            for node in found.inputs.network.nodes
        ],
    }
