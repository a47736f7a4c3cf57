"""What a converted model has beside what it had: sync, epochs, calibration, its report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from neurorebit.schema import InputError
from neurorebit.torch.matrix import Matrix
from neurorebit.torch.modules import ArrayModule
from neurorebit.torch.session import Session


class Analog(nn.Module):
    """A model whose layers stand in arrays; it is of the class of the model, too.

    Its names are public where a loop calls them, and begin with ``array_`` elsewhere, so that they
    are not those of a model.
    """

    array_session: Session

    @property
    def array_layers(self) -> dict[str, ArrayModule]:
        """The layers in arrays, by name."""
        found = ((n, m) for n, m in self.named_modules() if isinstance(m, ArrayModule))
        return dict(found)

    @property
    def array_matrices(self) -> list[Matrix]:
        """The layers on the chip, in the order of the model."""
        return [_bound(module) for module in self.array_layers.values()]

    def sync(self) -> None:
        """Levels and cells follow real weights that an optimiser changed.

        To be called after each step of an optimiser of PyTorch; ``follow`` does it once for all.
        InputError where weights are in cells alone.
        """
        done: set[int] = set()
        for matrix in self._built():
            weights = matrix.held.weights
            if not matrix.follows:
                message = (
                    f"scheme={self.array_session.word} keeps no real weights, cells learn alone"
                )
                cure = "leave sync() out, and take neurorebit.torch.optimiser(analog, lr=...)"
                raise InputError(message, cure=cure)
            if not matrix.parameter.requires_grad and matrix.current:
                continue
            if id(weights) not in done:
                if self.array_session.training.quantiser == "learned" and hasattr(
                    weights, "levels"
                ):
                    message = "training.quantiser=learned: levels learn by an optimiser of ours"
                    cure = "take neurorebit.torch.optimiser(analog, lr=...), or another quantiser"
                    raise InputError(message, cure=cure)
                assert matrix.engine is not None
                matrix.bind()
                matrix.engine.follow(matrix)
                matrix.unbind()
            done.add(id(weights))
            matrix.taken()

    def follow(self, optimizer: torch.optim.Optimizer) -> Any:
        """Have ``sync`` called after each step of an optimiser; returns the handle of the hook."""
        return optimizer.register_step_post_hook(lambda *_: self.sync())

    def calibrate(self, batches: Iterable[Any]) -> None:
        """Measure the ranges of inputs and converters with batches; nothing else learns.

        Each batch is a tensor, or a tuple or list whose first entry is the input.
        """
        with torch.no_grad(), self.array_session.calibration():
            for batch in batches:
                self(batch[0] if isinstance(batch, tuple | list) else batch)

    def end_epoch(
        self,
        loss: float,
        *,
        test_accuracy: float | None = None,
        train_accuracy: float | None = None,
    ) -> None:
        """Say that an epoch of the caller's loop has ended, and what it reached.

        ``loss``: the mean over its batches; accuracies are shares, 0 to 1. The next sync fits
        levels to the real weights anew, and ranges of inputs stay as they are from here on: as
        after an epoch of ``neurorebit.train``.
        """
        from neurorebit.torch.recording import ended

        ended(self, float(loss), train_accuracy, test_accuracy)

    def save_run(self, folder: str | Path, sample: Any = None, *, replace: bool = False) -> Path:
        """Write the report folder that ``neurorebit run`` writes; returns its path.

        ``sample``: as ``estimate`` has it. ``replace``: whether the report of another training
        may be replaced. InputError where it cannot be written, or nothing was trained.
        """
        from neurorebit.torch.recording import run

        return run(self, sample).save(folder, replace=replace)

    def _built(self) -> Iterator[Matrix]:
        """The layers that an input has reached."""
        return (matrix for matrix in self.array_matrices if matrix.built)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """Copies and pickles are made of the model's own class."""
        base = type(self).__mro__[2]
        return _empty, (base,), self.__dict__


def _bound(module: ArrayModule) -> Matrix:
    """The layer on the chip, with the parameter that the module has now."""
    module.matrix.parameter = module.weight
    return module.matrix


def _empty(base: type[nn.Module]) -> Any:
    """A model without content."""
    made = analog_class(base)
    return made.__new__(made)


NAMES = tuple(name for name in vars(Analog) if not name.startswith("_"))
_CLASSES: dict[Any, type[Analog]] = {}


def analog_class(base: Any) -> type[Analog]:
    """The class of converted models of a class."""
    if base not in _CLASSES:
        content = {"__doc__": base.__doc__, "__module__": base.__module__}
        _CLASSES[base] = type(f"Analog{base.__name__}", (Analog, base), content)
    return _CLASSES[base]
