"""What the layers of one model share: chip, scheme and seed, and what passed through the model."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any

import torch

from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.inputs.training import training_section
from neurorebit.library.inputs import ChipInput
from neurorebit.schema import Argument, InputError
from neurorebit.schema.device import Device
from neurorebit.schema.training import Training
from neurorebit.schemes.parts.scheme import Scheme
from neurorebit.schemes.table import SCHEMES
from neurorebit.torch import threads
from neurorebit.training.parts.weights import Site, Weights
from neurorebit.training.parts.workers import Workers, Workspace


@dataclass(eq=False)
class Epoch:
    """An epoch of the caller's loop, as it was said to have ended."""

    loss: float
    train_accuracy: float | None
    test_accuracy: float | None
    cells_programmed: int
    images: int = field(kw_only=True)
    images_per_second: float = field(kw_only=True)
    seconds: float = field(kw_only=True)
    tested: int = field(kw_only=True)


@dataclass(eq=False)
class Passed:
    """What passed through a model in training: batches, images, and the time that they took [s].

    Of the epoch in progress: ``images``, ``seconds``; of all: ``steps``, ``seen``, and
    ``programmed`` cells before the epoch. ``begun``: when the last batch began, by the clock.
    """

    images: int = 0
    seconds: float = 0.0
    steps: int = 0
    seen: int = 0
    programmed: int = field(default=0, kw_only=True)
    begun: float | None = field(default=None, kw_only=True)
    timed: int = field(default=0, kw_only=True)  # images that ``seconds`` took
    last: int = field(default=0, kw_only=True)  # images of the last batch
    largest: int = field(default=0, kw_only=True)  # batch
    tested: int = field(default=0, kw_only=True)  # images since the last batch of training

    def test(self, images: int) -> None:
        """Images are looked at, and nothing is learned."""
        self.tested += images
        self.begun = None

    def batch(self, images: int) -> None:
        """A batch goes in."""
        now = time.perf_counter()
        if self.begun is not None and self.images:
            self.seconds += now - self.begun
            self.timed += self.last
        self.last = images
        self.begun, self.tested = now, 0
        self.images += images
        self.seen += images
        self.steps += 1
        self.largest = max(self.largest, images)


@dataclass(eq=False)
class Session:
    """What the layers of one model share.

    ``settings`` are keys of ``training`` that were given. ``engine``: a word of the table of
    engines, None where the device of an input says it. ``exact``: layers compute as PyTorch does,
    so that a model can be exported. ``sample``: sizes of the last inputs without their batch,
    and the types of their numbers.
    """

    name: str
    chip: ChipInput
    scheme: Scheme
    word: str
    spec: ArchitectureSpec = field(kw_only=True)
    device: Device = field(kw_only=True)
    training: Training = field(kw_only=True)
    settings: Mapping[str, Any] = field(kw_only=True)
    seed: int = field(kw_only=True)
    wires: tuple[float, float] | None = field(kw_only=True)
    thread_count: int | None = field(kw_only=True)
    engine: str | None = field(kw_only=True)
    signed: tuple[str, ...] | bool = field(default=(), kw_only=True)
    workspace: Workspace = field(default_factory=Workspace, kw_only=True)
    passed: Passed = field(default_factory=Passed, kw_only=True)
    epochs: list[Epoch] = field(default_factory=list, kw_only=True)
    exact: bool = field(default=False, kw_only=True)
    calibrating: bool = field(default=False, kw_only=True)
    calls: list[str] = field(default_factory=list, kw_only=True)  # layers, as an export met them
    sample: tuple[Any, ...] | None = field(default=None, kw_only=True)
    optimiser: Any = field(default=None, kw_only=True)  # a weak reference to ours, if there is one

    def __getstate__(self) -> dict[str, Any]:
        """All but memory that is in use and the optimiser, which belongs to another model."""
        kept: dict[str, Any] = {"workspace": Workspace(), "optimiser": None, "calls": []}
        kept |= {"calibrating": False, "exact": False}
        values = {one.name: getattr(self.training, one.name) for one in fields(self.training)}
        return {**vars(self), **kept, "training": values, "scheme": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The class of the section ``training`` and the scheme are those of this process."""
        vars(self).update(state)
        self.training = training_section()(**state["training"])
        self.scheme = SCHEMES[self.word]

    @property
    def workers(self) -> Workers:
        """The threads of the kernels."""
        return threads.workers(self.thread_count or torch.get_num_threads())

    @property
    def load(self) -> Callable[[Site], Weights]:
        """The class of the weights."""
        return self.scheme.load()

    @property
    def driven(self) -> bool:
        """Whether an optimiser of ours changes the weights."""
        return self.optimiser is not None and self.optimiser() is not None

    def drive(self, optimiser: Any) -> None:
        """Note the optimiser that changes the weights."""
        self.optimiser = weakref.ref(optimiser)

    @contextmanager
    def exactly(self) -> Iterator[None]:
        """Layers compute as PyTorch does, and are noted in ``calls``."""
        self.exact, before = True, self.exact
        self.calls.clear()
        try:
            yield
        finally:
            self.exact = before

    @contextmanager
    def calibration(self) -> Iterator[None]:
        """Ranges follow what passes, and nothing else learns."""
        self.calibrating, before = True, self.calibrating
        try:
            yield
        finally:
            self.calibrating = before


def session_of(analog: object) -> Session:
    """What a converted model's layers share; InputError where a model was not converted."""
    session = getattr(analog, "array_session", None)
    if not isinstance(session, Session):
        message = f"expected a converted model, got {type(analog).__name__}"
        raise InputError(message, origin=Argument("analog"), cure="convert it: convert(model)")
    return session
