"""The optimiser of ours, by which every scheme learns as in ``neurorebit.train``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from neurorebit.schema import Argument, InputError
from neurorebit.torch.analog import Analog
from neurorebit.torch.matrix import Matrix
from neurorebit.torch.session import session_of


def optimiser(analog: Any, lr: float = 0.05) -> Optimiser:
    """An optimiser that updates weights as their scheme does, and all else by momentum SGD.

    ``lr``: the learning rate, which schedulers of PyTorch change. Momentum and weight decay are
    those of ``convert(..., training={...})``; biases, norms and other parameters have no decay. No
    ``sync`` is needed.

    InputError where the model was not converted, or the rate is no positive number.
    """
    session_of(analog)
    if not 0.0 < lr < float("inf"):
        message = f"expected a rate above 0, got {lr}"
        raise InputError(message, origin=Argument("lr"), value=lr, cure="give one")
    return Optimiser(analog, lr)


class Optimiser(torch.optim.Optimizer):
    """Updates of arrays by their schemes, of other parameters by momentum SGD."""

    def __init__(self, analog: Analog, lr: float) -> None:
        learning = [p for p in analog.parameters() if p.requires_grad]
        if not learning:
            message = "no parameter of the model learns"
            raise InputError(message, origin=Argument("analog"), cure="leave one unfrozen")
        super().__init__(learning, {"lr": lr})
        self.analog = analog
        analog.array_session.drive(self)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update; ``closure`` computes the loss anew, if given."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        held: dict[int, list[Matrix]] = {}
        for matrix in self.analog.array_matrices:
            held.setdefault(id(matrix.parameter), []).append(matrix)
        momentum = self.analog.array_session.training.momentum
        for group in self.param_groups:
            for parameter in group["params"]:
                if id(parameter) in held:
                    self._update(held[id(parameter)], group["lr"])
                elif parameter.grad is not None:
                    known = self.state[parameter]
                    if "momentum_buffer" not in known:
                        known["momentum_buffer"] = torch.zeros_like(parameter)
                    velocity = known["momentum_buffer"]
                    velocity.mul_(momentum).add_(parameter.grad)
                    parameter.add_(velocity, alpha=-group["lr"])
        return loss

    def _update(self, matrices: list[Matrix], rate: float) -> None:
        """One update of weights, which layers may share."""
        reached = [matrix for matrix in matrices if matrix.built]
        if not reached or not reached[0].parameter.requires_grad:
            return
        first, *others = reached
        if not first.follows:
            refuse_several_processes(first)
        for other in others:
            first.pending += other.pending
            other.pending.clear()
        if first.engine is not None and (first.pending or first.parameter.grad is not None):
            first.engine.update(first, rate)
            first.unbind()
            first.read()
        for matrix in (first, *others):
            matrix.taken()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget gradients, and batches that cells were to learn from."""
        super().zero_grad(set_to_none)
        for matrix in self.analog.array_matrices:
            matrix.pending.clear()


def refuse_several_processes(matrix: Matrix) -> None:
    """InputError where processes share a batch: each would pulse cells by its own part."""
    distributed = torch.distributed
    if (
        distributed.is_available()
        and distributed.is_initialized()
        and distributed.get_world_size() > 1
    ):
        message = f"layer '{matrix.name}': weights in cells learn by pulses, which processes do "
        message += "not exchange"
        raise InputError(message, cure="train in one process, or take a scheme of real weights")
