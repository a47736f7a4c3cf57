"""The training loop: batches in; accuracy on the chip that was trained, and its activity, out."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, Self

import numpy as np
from threadpoolctl import threadpool_limits

from neurorebit.activity import Activity
from neurorebit.architecture import ArchitectureSpec
from neurorebit.device import Device
from neurorebit.network import Network, Training
from neurorebit.train.data import Dataset, batches, test_batches
from neurorebit.train.model import Model
from neurorebit.train.workers import Array, Workers, quiet

Progress = Callable[[int, int, int, float, float], None]


@dataclass(frozen=True)
class Epoch:
    """One epoch: means over its steps, accuracy on the test images at its end, cells written.

    ``images_per_second`` leaves out evaluation and the run's first step, in which kernels are
    compiled (unless there is no other). ``test_accuracy`` is None where evaluation was cut short.
    """

    epoch: int
    loss: float
    train_accuracy: float
    test_accuracy: float | None
    cells_programmed: int
    images_per_second: float
    seconds: float


@dataclass(frozen=True)
class TrainingResult:
    """What a training run reached.

    ``images`` of an epoch; ``ablations`` are sentences that say where the training was not that of
    the chip; ``activity`` is None where no arrays were used or no step was taken. ``diverged``: the
    loss or a weight became infinite or no number, and the run stopped.
    """

    dataset: str
    images: int
    weights: str
    epochs: tuple[Epoch, ...]
    test_accuracy: float | None
    activity: Activity | None
    ablations: tuple[str, ...]
    interrupted: bool
    diverged: bool
    weights_sha256: str


def train(
    network: Network,
    architecture: ArchitectureSpec,
    device: Device,
    data: Dataset,
    training: Training,
    *,
    seed: int,
    threads: int,
    progress: Progress | None = None,
) -> TrainingResult:
    """Train a network on a chip; everything but the timings follows from the seed.

    After each step ``progress`` is told the epoch (from 1), the images done and to do in the whole
    run, the loss, and images per second. Ctrl-C ends the run after the current step, a second one
    skips the evaluation; ``progress`` may raise KeyboardInterrupt to the same end.
    """
    with (
        threadpool_limits(1, user_api="blas"),
        Workers(threads) as workers,
        Interrupts() as stop,
        quiet(),
    ):
        model = Model(network, training, architecture, device, seed=seed, workers=workers)
        loop = _Loop(model, data, training, seed, progress, stop)
        loop.run()
        in_arrays = loop.steps and all(layer.weights.in_arrays for layer in model.matrices)
        source = f"measured in {loop.steps} steps of training on {data.name}"
        return TrainingResult(
            dataset=data.name,
            images=loop.images,
            weights=architecture.weights,
            epochs=tuple(loop.epochs),
            test_accuracy=loop.epochs[-1].test_accuracy if loop.epochs else None,
            activity=Activity(source, model.activity()) if in_arrays else None,
            ablations=ablations(architecture, training),
            interrupted=stop.count > 0,
            diverged=loop.diverged,
            weights_sha256=model.digest(),
        )


def ablations(architecture: ArchitectureSpec, training: Training) -> tuple[str, ...]:
    """Where training departs from the chip that the estimate bills, in plain sentences."""
    if architecture.weights == "real":
        return (
            "weights=real: training was software, exact and without arrays; the estimate bills "
            "the hybrid chip",
        )
    found = []
    if training.adc == "ideal":
        bits = architecture.forward.adc_bits
        found.append(f"adc=ideal: training used an ideal converter, the estimate bills {bits} bits")
    elif training.conversion == "bit_serial":
        found.append(
            "conversion=bit_serial: training converted every bit plane on its own, as the chip "
            "does, instead of their sum once"
        )
    if training.error_bits is not None and training.error_bits != architecture.error_bits:
        found.append(
            f"error_bits={training.error_bits}: training used errors of that width, the estimate "
            f"bills {architecture.error_bits}"
        )
    return tuple(found)


class _Loop:
    """The state of a run in progress."""

    def __init__(
        self,
        model: Model,
        data: Dataset,
        training: Training,
        seed: int,
        progress: Progress | None,
        stop: Interrupts,
    ) -> None:
        self.model = model
        self.data = data
        self.training = training
        self.seed = seed
        self.progress = progress
        self.stop = stop
        size = len(data.train_labels)
        self.images = min(training.images or size, size)
        self.total_steps = training.epochs * math.ceil(self.images / training.batch)
        self.steps = 0
        self.done = 0
        self.diverged = False
        self.epochs: list[Epoch] = []

    def run(self) -> None:
        for epoch in range(self.training.epochs):
            self._epoch(epoch)
            if self.stop.count or self.diverged:
                return

    def _epoch(self, epoch: int) -> None:
        start = time.perf_counter()
        training = self.training
        self.model.begin_epoch(epoch)
        before = self._cells_programmed()
        losses = 0.0
        right = seen = 0
        pace = _Pace()
        for images, labels in batches(
            self.data, self.images, training.batch, self.seed, epoch, training.augment
        ):
            begun = time.perf_counter()
            scores = self.model.forward(images, learning=True)
            loss, d_scores = softmax_loss(scores, labels)
            if not math.isfinite(loss):
                self.diverged = True
                break
            self.model.backward(d_scores, self._rate())
            pace.add(len(images), time.perf_counter() - begun, first=self.steps == 0)
            self.steps += 1
            self.done += len(images)
            seen += len(images)
            losses += loss * len(images)
            right += int(np.count_nonzero(scores.argmax(axis=1) == labels))
            self._tell(epoch, loss, pace.rate)
            if self.stop.count:
                break
        self.diverged = self.diverged or not self.model.finite
        if seen == 0:
            return
        self.epochs.append(
            Epoch(
                epoch=epoch + 1,
                loss=losses / seen,
                train_accuracy=right / seen,
                test_accuracy=self._evaluate(),
                cells_programmed=self._cells_programmed() - before,
                images_per_second=pace.rate,
                seconds=time.perf_counter() - start,
            )
        )

    def _tell(self, epoch: int, loss: float, rate: float) -> None:
        if self.progress is None:
            return
        try:
            self.progress(epoch + 1, self.done, self.images * self.training.epochs, loss, rate)
        except KeyboardInterrupt:
            self.stop.count += 1

    def _rate(self) -> float:
        if self.training.schedule == "constant":
            return self.training.learning_rate
        turn = math.pi * self.steps / self.total_steps
        return self.training.learning_rate * 0.5 * (1.0 + math.cos(turn))

    def _cells_programmed(self) -> int:
        written = [layer.weights.written for layer in self.model.matrices]
        return sum(w.sets + w.resets for w in written)

    def _evaluate(self) -> float | None:
        """The share of test images that the chip, as it is, gets right."""
        right = seen = 0
        for images, labels in test_batches(
            self.data, self.training.test_images, self.training.batch
        ):
            if self.stop.count > 1:
                return None
            scores = self.model.forward(images, learning=False)
            right += int(np.count_nonzero(scores.argmax(axis=1) == labels))
            seen += len(images)
        return right / seen


@dataclass
class _Pace:
    """Images per second over an epoch's steps; the run's first step only until there is another."""

    images: int = 0
    seconds: float = 0.0
    only_first: bool = False

    def add(self, images: int, seconds: float, first: bool) -> None:
        if self.only_first:
            self.images, self.seconds = 0, 0.0
        self.only_first = first
        self.images += images
        self.seconds += seconds

    @property
    def rate(self) -> float:
        return self.images / self.seconds


def softmax_loss(scores: Array, labels: Array) -> tuple[float, Array]:
    """Mean cross entropy of the softmax of ``scores`` [B, classes], and its gradient."""
    images = np.arange(len(labels))
    shifted = scores.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    sums = exponentials.sum(axis=1, keepdims=True)
    loss = float(np.mean(np.log(sums[:, 0]) - shifted[images, labels]))
    gradient = exponentials / sums
    gradient[images, labels] -= 1.0
    return loss, (gradient / len(labels)).astype(scores.dtype)


class Interrupts:
    """Counts Ctrl-C instead of stopping in the midst of a step; the third one stops at once.

    Signals reach the main thread only: elsewhere this counts nothing by itself.
    """

    def __init__(self) -> None:
        self.count = 0
        self._old: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._old = signal.signal(signal.SIGINT, self._catch)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._old is not None:
            signal.signal(signal.SIGINT, self._old)

    def _catch(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.count > 2:
            raise KeyboardInterrupt
