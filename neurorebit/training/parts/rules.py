"""How numbers in digital memory learn: the rules of ``training.optimiser``, and what they keep."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np

from neurorebit.kernels import elementwise
from neurorebit.schema.training import Training
from neurorebit.training.parts.workers import Array

Step = Callable[[Sequence[Array], slice, float], None]
"""Changes a part of flat arrays, values and velocity, by the third, their gradient, in a bound."""
ALL = slice(None)
COLLECTED = 0.0  # of a velocity that gradients were collected in: momentum has shrunk it before


class Rule(Protocol):
    """A rule and its memory of some parameters, whose velocity (first moment) their owner keeps."""

    def begin(self, training: Training, rate: float, decay: float) -> Step:
        """The next step, of all parameters alike: it is called once for each of their parts."""


@dataclass(eq=False)
class Sgd:
    """Momentum SGD; it keeps nothing but the velocity."""

    kernel: ClassVar = staticmethod(elementwise.sgd)

    def begin(self, training: Training, rate: float, decay: float) -> Step:
        """The next step."""
        rates, kernel = elementwise.Rates(rate, training.momentum, decay), self.kernel

        def step(arrays: Sequence[Array], part: slice, bound: float) -> None:
            kernel(*(array[part] for array in arrays), rates, bound)

        return step


def collected(training: Training, rate: float, decay: float) -> Step:
    """A step of SGD whose gradient is the next velocity: it was collected in the one before."""
    rates = elementwise.Rates(rate, COLLECTED, decay)

    def step(arrays: Sequence[Array], part: slice, bound: float) -> None:
        elementwise.sgd(*(array[part] for array in arrays), rates, bound)

    return step


@dataclass(eq=False)
class Nesterov(Sgd):
    """SGD with Nesterov's momentum."""

    kernel: ClassVar = staticmethod(elementwise.nesterov)


@dataclass(eq=False)
class Adam:
    """Adam: a mean of squares beside the velocity, and the number of steps."""

    squares: Array
    steps: int = field(default=0, init=False)
    decoupled: ClassVar[bool] = False

    def begin(self, training: Training, rate: float, decay: float) -> Step:
        """The next step; its rate and epsilon correct means that began at zero."""
        self.steps += 1
        first, second = training.betas
        root = math.sqrt(1.0 - second**self.steps)
        rates = elementwise.Moments(
            rate * root / (1.0 - first**self.steps),
            first,
            second,
            training.epsilon * root,
            coupled=0.0 if self.decoupled else decay,
            kept=1.0 - rate * decay if self.decoupled else 1.0,
        )

        def step(arrays: Sequence[Array], part: slice, bound: float) -> None:
            values, velocity, gradient = (array[part] for array in arrays)
            elementwise.adam(values, velocity, self.squares[part], gradient, rates, bound)

        return step


@dataclass(eq=False)
class AdamW(Adam):
    """Adam whose decay is taken off weights and is no part of their gradient."""

    decoupled: ClassVar[bool] = True


RULES: dict[str, Callable[[Array], Rule]] = {
    "sgd": lambda values: Sgd(),
    "nesterov": lambda values: Nesterov(),
    "adam": lambda values: Adam(np.zeros(values.size, values.dtype)),
    "adamw": lambda values: AdamW(np.zeros(values.size, values.dtype)),
}


def rule_of(training: Training, values: Array) -> Rule:
    """The rule of a training for some parameters, which have not learned yet."""
    return RULES[training.optimiser](values)


def learn(rule: Rule, training: Training, rate: float, *arrays: Array, decay: float = 0.0) -> None:
    """A step of a few parameters; ``arrays``: values, velocity and gradient."""
    flat = [a.reshape(-1) for a in arrays]
    rule.begin(training, rate, decay)(flat, ALL, math.inf)
