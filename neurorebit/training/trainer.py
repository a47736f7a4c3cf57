"""The training loop: batches in; accuracy on the chip that was trained, and its activity, out.

A run may end early and go on from a checkpoint: its state is ``Position`` and the model, the
counters that random numbers are drawn by among it.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, asdict, dataclass, field
from functools import cache
from types import FrameType, TracebackType
from typing import Any, Self

import numpy as np
from threadpoolctl import threadpool_limits

from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.data.dataset import Dataset
from neurorebit.layers.network import Network
from neurorebit.schema import InputError
from neurorebit.schema.activity import Activity, Origin
from neurorebit.schema.device import Device
from neurorebit.schema.training import Step, Training
from neurorebit.training import checkpoint
from neurorebit.training.batches import batches, test_batches
from neurorebit.training.checkpoint import Checkpoints, Saved
from neurorebit.training.demands import Demands, demands
from neurorebit.training.losses import LOSSES, softmax_loss
from neurorebit.training.model import (
    Conversions,
    Histogram,
    Model,
    refuse_lone_images,
    refuse_untrainable,
)
from neurorebit.training.parts.weights import WeightScheme
from neurorebit.training.parts.workers import Array, Workers
from neurorebit.training.scores import Score, Scoring
from neurorebit.training.state import capture, restore
from neurorebit.weights.fitting import Start

Progress = Callable[[Step], None]


@dataclass(frozen=True)
class Epoch:
    """One epoch: means over its steps, accuracy on the test images at its end, cells written.

    ``images_per_second`` leaves out evaluation and the run's first step, in which kernels are
    compiled (unless there is no other). What a test gives is None where it was cut short, and
    accuracies are None of a regression, which has errors (RMSE) and R2. ``answers``: the classes
    that the network gave to any test image; ``silent``: the layers, by name, whose input was zero
    for all of them.
    """

    epoch: int
    loss: float
    train_accuracy: float | None
    test_accuracy: float | None
    _: KW_ONLY
    train_rmse: float | None = None
    test_rmse: float | None = None
    test_r2: float | None = None
    answers: int | None = None
    silent: str = ""
    cells_programmed: int
    images_per_second: float
    seconds: float

    @property
    def tested(self) -> bool:
        """Whether its test came to its end."""
        return self.test_accuracy is not None or self.test_rmse is not None


@dataclass(frozen=True)
class TrainingResult:
    """The result of a training run.

    ``images`` of one epoch, ``images_seen`` in all; ``activity`` is None where no arrays were used
    or no step was taken. ``interrupted``: by a signal; ``out_of_time``: stopped when its time was
    up; ``diverged``: stopped since the loss or a weight was no longer finite. ``histogram``: the
    weights at the end. ``demands``: what the training needed. ``conversions``: how converters used
    their codes. ``weights``: what a file of weights keeps, by ``LAYER.ARRAY``.
    """

    dataset: str
    images: int
    images_seen: int
    scheme: str
    _: KW_ONLY
    epochs: tuple[Epoch, ...]
    test_accuracy: float | None
    activity: Activity | None
    interrupted: bool
    out_of_time: bool
    diverged: bool
    weights_sha256: str
    histogram: Histogram | None
    demands: Demands | None
    conversions: tuple[Conversions, ...] = ()
    weights: Mapping[str, Array] = field(default_factory=dict)

    @property
    def regression(self) -> bool:
        """Whether numbers were learned, not classes."""
        return bool(self.epochs) and self.epochs[-1].train_rmse is not None

    @property
    def finished(self) -> bool:
        """Whether the training came to its end."""
        return not (self.interrupted or self.out_of_time or self.diverged)


def train(
    network: Network,
    architecture: ArchitectureSpec,
    device: Device,
    data: Dataset,
    *,
    scheme: WeightScheme,
    seed: int,
    threads: int,
    wires: tuple[float, float] | None = None,
    progress: Progress | None = None,
    checkpoints: Checkpoints | None = None,
    start: Saved | None = None,
    weights: Start | None = None,
    stop_after: float = math.inf,
) -> TrainingResult:
    """Train a network on a chip as its section ``training`` says.

    Everything but the timings follows from the seed. ``scheme`` is that of the architecture.
    ``wires``: resistance [ohm] of an array's wires from cell to cell, along a row and a column.
    ``weights``: what the network starts from; drawn from the seed where there is nothing.

    ``progress`` is called after each step with the epoch (from 1), the images done and to do in the
    whole run, the epoch's mean loss so far, and images per second. An interrupt (Ctrl-C, or
    KeyboardInterrupt raised by ``progress``) ends the run after the current step; a second one,
    SIGTERM, or ``stop_after`` seconds [s] skip the evaluation as well.

    ``checkpoints`` are written after the first step, at intervals, and where a run ends early. A
    run that goes on from a checkpoint (``start``) ends as if it had never stopped. InputError where
    ``start`` is of another run, or a layer cannot be trained.
    """
    with (
        threadpool_limits(1, user_api="blas"),
        Workers(threads) as workers,
        Interrupts() as stop,
    ):
        refuse_untrainable(network)
        size = len(data.train_labels)
        refuse_lone_images(network, min(network.training.images or size, size))
        model = Model(
            network,
            architecture,
            device,
            scheme=scheme,
            seed=seed,
            workers=workers,
            wires=wires,
            start=weights,
        )
        chip = network, architecture, device
        loop = _Loop(
            model=model,
            data=data,
            seed=seed,
            progress=progress,
            stop=stop,
            checkpoints=checkpoints,
            # takes as long as a step
            identity=cache(
                lambda: checkpoint.identity(*chip, data, seed=seed, wires=wires, weights=weights)
            ),
            deadline=time.monotonic() + stop_after,
        )
        if start is not None:
            loop.take_up(start)
        loop.run()
        steps = loop.at.steps
        in_arrays = steps and all(layer.weights.in_arrays for layer in model.matrices)
        source = f"measured in {steps} steps of training on {data.name}"
        return TrainingResult(
            dataset=data.name,
            images=loop.images,
            images_seen=loop.at.done,
            scheme=architecture.scheme,
            epochs=tuple(loop.epochs),
            test_accuracy=loop.epochs[-1].test_accuracy if loop.epochs else None,
            activity=Activity(source, model.activity(), Origin.MEASURED) if in_arrays else None,
            interrupted=stop.count > 0 and not loop.complete,
            out_of_time=loop.out_of_time,
            diverged=loop.diverged,
            weights_sha256=model.digest(),
            histogram=model.histogram(),
            demands=demands(model, steps / loop.steps_of_epoch),
            conversions=model.conversions(),
            weights=model.kept(),
        )


@dataclass
class Pace:
    """Images per second over an epoch's steps; a process's first step counts only if alone."""

    images: int = 0
    seconds: float = 0.0
    only_first: bool = False

    def add(self, images: int, seconds: float, first: bool) -> None:
        if self.only_first:
            self.images, self.seconds = 0, 0.0
        elif first and self.images:
            return
        self.only_first = first
        self.images += images
        self.seconds += seconds

    @property
    def rate(self) -> float:
        return self.images / self.seconds


@dataclass
class Position:
    """How far a run is: the epoch in progress (from 0), its steps, and what they add up to."""

    epoch: int = 0
    step: int = 0  # steps done in this epoch
    steps: int = 0  # and in the whole run
    done: int = 0  # images
    _: KW_ONLY
    losses: float = 0.0
    right: int = 0
    squares: float = 0.0  # of the errors of a regression
    seen: int = 0
    programmed: int = 0  # cells, before this epoch
    seconds: float = 0.0
    pace: Pace = field(default_factory=Pace)


@dataclass(eq=False, kw_only=True)
class _Loop:
    """A run in progress."""

    model: Model
    data: Dataset
    seed: int
    progress: Progress | None
    stop: Interrupts
    checkpoints: Checkpoints | None
    identity: Callable[[], checkpoint.Json]
    deadline: float
    at: Position = field(default_factory=Position)
    epochs: list[Epoch] = field(default_factory=list)
    diverged: bool = False
    out_of_time: bool = False
    first: bool = True  # of the steps of this process: it compiles

    def __post_init__(self) -> None:
        self.training = self.model.training
        self.regression = self.model.network.regression
        size = len(self.data.train_labels)
        self.images = min(self.training.images or size, size)
        self.steps_of_epoch = math.ceil(self.images / self.training.batch)
        self._saved: tuple[int, int] | None = None  # epoch and step of the last checkpoint
        self._next_save = 0.0

    @property
    def stopping(self) -> bool:
        return self.stop.count > 0 or self.out_of_time

    @property
    def complete(self) -> bool:
        return self.at.epoch == self.training.epochs

    def take_up(self, saved: Saved) -> None:
        """Go on from a checkpoint."""
        checkpoint.check(saved, self.identity())
        try:
            restore(self._kept(), saved.state)
        except ValueError as problem:
            message = f"{saved.path}: does not fit this version ({problem})"
            raise InputError(message, cure=checkpoint.ANEW) from None
        try:
            self.epochs = [Epoch(**epoch) for epoch in saved.epochs]
        except TypeError:
            message = f"{saved.path}: does not fit this version (its epochs have other values)"
            raise InputError(message, cure=checkpoint.ANEW) from None
        self._written()

    def run(self) -> None:
        while not (self.complete or self.stopping or self.diverged):
            self._epoch()
        self._save(now=self.stopping)  # of a run that was stopped before its first step

    def _epoch(self) -> None:
        at, training = self.at, self.training
        start = time.perf_counter() - at.seconds
        if at.step == 0:
            self.model.begin_epoch(at.epoch)
            at.programmed = self._cells_programmed()
        for images, labels in batches(
            self.data,
            self.images,
            training.batch,
            seed=self.seed,
            epoch=at.epoch,
            augment=training.augment,
            first=at.step,
        ):
            self._step(images, labels)
            at.seconds = time.perf_counter() - start
            if self.stopping or self.diverged:
                break
            self._save()
        self.diverged = self.diverged or not self.model.finite
        if self.stopping:
            self._save(now=True)
        if at.seen == 0:
            return
        found = self._evaluate() or Score()
        outputs = at.seen * self.model.network.classes
        epoch = Epoch(
            epoch=at.epoch + 1,
            loss=at.losses / at.seen,
            train_accuracy=None if self.regression else at.right / at.seen,
            test_accuracy=found.accuracy,
            train_rmse=math.sqrt(at.squares / outputs) if self.regression else None,
            test_rmse=found.rmse,
            test_r2=found.r2,
            answers=found.answers,
            silent=", ".join(self.model.silent) if found != Score() else "",
            cells_programmed=self._cells_programmed() - at.programmed,
            images_per_second=at.pace.rate,
            seconds=time.perf_counter() - start,
        )
        if at.seen == self.images and epoch.tested:
            self.at = Position(at.epoch + 1, steps=at.steps, done=at.done)
            self.epochs.append(epoch)
            self._save(now=self.stopping)
        else:  # cut short: in the report, but not in the checkpoint, which completes the epoch
            self._save(now=self.stopping)
            self.epochs.append(epoch)

    def _step(self, images: Array, labels: Array) -> None:
        at, begun = self.at, time.perf_counter()
        scores = self.model.forward(images, learning=True)
        loss, d_scores = self._loss(scores, labels)
        if not math.isfinite(loss):
            self.diverged = True
            return
        self.model.backward(d_scores, rate_at(self.training, at.steps, self.steps_of_epoch))
        at.pace.add(len(images), time.perf_counter() - begun, self.first)
        self.first = False
        at.step += 1
        at.steps += 1
        at.done += len(images)
        at.seen += len(images)
        at.losses += loss * len(images)
        if self.regression:
            at.squares += float(((scores.astype(np.float64) - labels) ** 2).sum())
        else:
            at.right += int(np.count_nonzero(scores.argmax(axis=1) == labels))
        self.out_of_time = time.monotonic() >= self.deadline
        self._report()

    def _loss(self, scores: Array, labels: Array) -> tuple[float, Array]:
        """The loss of a batch and its gradient."""
        word, smoothing = self.model.network.loss, self.training.label_smoothing
        loss = LOSSES[word] if word != "cross_entropy" else softmax_loss
        return loss(scores, labels, smoothing)

    def _kept(self) -> dict[str, Any]:
        return {**self.model.parts, checkpoint.POSITION: self.at}

    def _save(self, now: bool = False) -> None:
        """Write a checkpoint if one is due, or ``now``."""
        if (
            self.checkpoints is None
            or self.diverged
            or self._saved == (self.at.epoch, self.at.step)
        ):
            return
        if now or time.monotonic() >= self._next_save:
            epochs = [asdict(epoch) for epoch in self.epochs]
            state = capture(self._kept())
            folder, reads = self.checkpoints.folder, self.checkpoints.reads
            checkpoint.save(folder, self.identity(), state, epochs, reads=reads)
            self._written()

    def _written(self) -> None:
        self._saved = (self.at.epoch, self.at.step)
        if self.checkpoints is not None:
            self._next_save = time.monotonic() + self.checkpoints.every

    def _report(self) -> None:
        if self.progress is None:
            return
        at, todo = self.at, self.images * self.training.epochs
        try:
            self.progress(Step(at.epoch + 1, at.done, todo, at.losses / at.seen, at.pace.rate))
        except KeyboardInterrupt:
            self.stop.count += 1

    def _cells_programmed(self) -> int:
        weights = [layer.weights for layer in self.model.matrices]
        written = [
            w for each in weights for w in (each.written, each.written_fast) if w is not None
        ]
        return sum(w.sets + w.resets for w in written)

    def _evaluate(self) -> Score | None:
        """How good the chip is on the test images; None if cut short."""
        test = Scoring(self.regression)
        self.model.listen()
        for images, labels in test_batches(
            self.data, self.training.test_images, self.training.batch
        ):
            if self.stop.count > 1 or self.out_of_time:
                return None
            test.add(self.model.forward(images, learning=False), labels)
        return test.result


def rate_at(training: Training, step: int, steps_of_epoch: int) -> float:
    """The learning rate of a step: up in a line over the warm-up, then by ``training.schedule``.

    The last step of the warm-up has the full rate. Steps of a rate that falls step by step are
    counted from the first epoch on.
    """
    rate, warmup = training.learning_rate, training.warmup_epochs * steps_of_epoch
    if step < warmup:
        return rate * min(1.0, (step + 1) / warmup)
    share = (step - warmup) / (training.epochs * steps_of_epoch - warmup)
    if training.schedule == "step":
        fallen = math.floor(step / (training.step_epochs * steps_of_epoch) + 1e-9)
        return rate * training.step_factor**fallen
    falls = {
        "constant": 1.0,
        "cosine": 0.5 * (1.0 + math.cos(math.pi * share)),
        "linear": 1.0 - share,
    }
    return rate * falls[training.schedule]


class Interrupts:
    """Counts Ctrl-C, so that no step is cut short; the third one stops at once.

    SIGTERM counts as two, since its sender is about to kill the process. Signals reach the main
    thread only; in other threads nothing is counted.
    """

    def __init__(self) -> None:
        self.count = 0
        self._old: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._old[number] = signal.signal(number, self._catch)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, old in self._old.items():
            signal.signal(number, old)

    def _catch(self, number: int, frame: FrameType | None) -> None:
        self.count += 2 if number == signal.SIGTERM else 1
        if self.count > 2:
            raise KeyboardInterrupt
