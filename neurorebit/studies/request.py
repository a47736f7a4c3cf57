"""The request for a run: its inputs and options."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from neurorebit.data.dataset import Dataset
from neurorebit.inputs.files import Inputs, Source, read_inputs
from neurorebit.schema import Document, Setting, paths
from neurorebit.schemes.parts.scheme import Refusal
from neurorebit.schemes.table import SCHEMES

ELSEWHERE = (
    "data", "out", "replace", "pictures", "threads", "checkpoint", "checkpoint_every", "resume",
    "stop_after", "save_weights",
)  # fmt: skip


def python_call(request: Request) -> str:
    """The call that asks for a run again, but for where files lie and how many threads it has."""
    words = []
    for item in dataclasses.fields(request):
        value = getattr(request, item.name)
        if item.name not in (*ELSEWHERE, "spell") and value != item.default:
            shown = [f"{s.key}={s.text}" for s in value] if item.name == "settings" else value
            shown = shown.shown if isinstance(shown, Document) else shown
            shown = origin_of(shown) if item.name == "weights_from" else shown
            words.append(f"{item.name}={shown!r}")
    return f"run({', '.join(words)})"


def origin_of(weights: Any) -> str:
    """Where weights come from that a request starts from: their file, or what they are."""
    if isinstance(weights, str | Path):
        return str(weights)
    return str(getattr(weights, "origin", "a state dict"))


@dataclass(frozen=True)
class Request:
    """A run: its files, how it trains, and where its files go.

    ``data`` is the data set, the folder that it is in, or its images themselves. ``out`` is the
    folder of the report (see ``placement`` where there is none), and ``replace`` says that a
    training there may be replaced; ``checkpoint`` is the folder of the checkpoints, where they are
    not in ``out``.
    ``pictures``: an estimate is drawn, too, which takes longer than it does (a training always is).
    Checkpoints are written every ``checkpoint_every`` seconds [s]; the training ends after
    ``stop_after`` [s]. ``weights_from``: what the network starts from, a file or weights
    themselves; ``save_weights``: a file that gets what was learned. ``spell`` writes down how a
    request is asked for, so that the report can say it.
    """

    network: Source
    architecture: Source = "rebit"
    technology: Source | None = None
    device: Source | None = None
    settings: tuple[Setting, ...] = field(default=(), kw_only=True)
    train: bool = field(default=True, kw_only=True)
    recipe: str | None = field(default=None, kw_only=True)
    seed: int = field(default=0, kw_only=True)
    data: Path | Dataset | None = field(default=None, kw_only=True)
    out: Path | None = field(default=None, kw_only=True)
    threads: int = field(default=1, kw_only=True)
    checkpoint: Path | None = field(default=None, kw_only=True)
    checkpoint_every: float = field(default=120.0, kw_only=True)
    resume: bool = field(default=False, kw_only=True)
    stop_after: float = field(default=math.inf, kw_only=True)
    replace: bool = field(default=False, kw_only=True)
    pictures: bool = field(default=False, kw_only=True)
    weights_from: Any = field(default=None, kw_only=True)
    save_weights: Path | None = field(default=None, kw_only=True)
    spell: Callable[[Request], str] = field(default=python_call, kw_only=True, compare=False)

    def placed(self, network: str) -> Request:
        """The same with a folder for its report: after the network's name where it has none."""
        out = self.out or Path("reports") / paths.folder_name(network)
        return replace(self, out=out)

    @property
    def folder(self) -> Path:
        """Where the report goes."""
        return self.out or Path("reports")

    @property
    def checkpoints(self) -> Path | None:
        """Where the checkpoints go; None: none is written."""
        return self.checkpoint or self.out

    @property
    def command(self) -> str:
        """How the run is asked for."""
        return self.spell(self)

    def inputs(self) -> Inputs:
        """The files it names, with its settings over them.

        InputError where one is wrong, or a training is asked for on a chip that only infers, or by
        a scheme that cannot train the network.
        """
        inputs = read_inputs(
            self.network,
            self.architecture,
            self.technology,
            self.device,
            recipe=self.recipe,
            settings=self.settings,
        )
        if self.train and not inputs.architecture.trains:
            *chips, last = dict.fromkeys(s.architecture for s in SCHEMES.values() if s.trains)
            raise inputs.documents["architecture"].error(
                ("scheme",),
                f"{inputs.architecture.called} has no training; its weights are given",
                f"estimate it without one, or train on {', '.join(chips)} or {last}",
            )
        if self.train:
            for kind, loc, message, cure in refusals(inputs):
                raise inputs.documents[kind].impossible(loc, message, cure)
        return inputs


def refusals(inputs: Inputs) -> Iterator[Refusal]:
    """What the scheme of a chip cannot train of a network, or of the chip."""
    spec = inputs.architecture
    for one in SCHEMES[spec.scheme].refusals(inputs.network, spec):
        yield one._replace(message=f"scheme={spec.scheme}: {one.message}")
