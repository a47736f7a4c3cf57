"""How much training stands behind an accuracy: images, epochs, width of the network, seeds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurorebit.schema import Argument, InputError, Setting

KEYS = {"images": "training.images", "epochs": "training.epochs", "width": "network.width"}
LARGEST = 1_000_000
MOST_SEEDS = 100
CURE = "write it as in images=1000,epochs=2,width=0.5,seeds=1"


@dataclass(frozen=True, kw_only=True)
class Fidelity:
    """The budget of the training of a design.

    ``images`` of an epoch, ``epochs``, and ``width``, which scales the channels of hidden layers;
    as the network has them unless given. ``seeds``: trainings, whose accuracies are averaged.
    """

    images: int | None = None
    epochs: int | None = None
    width: float | None = None
    seeds: int = 1

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The settings of a training with this budget."""
        given = {name: getattr(self, name) for name in KEYS}
        return tuple(
            Setting(KEYS[name], f"{value:g}" if name == "width" else str(value))
            for name, value in given.items()
            if value is not None
        )

    @property
    def words(self) -> str:
        """The budget as it is written."""
        given = dataclasses.asdict(self)
        return ",".join(
            f"{name}={value:g}" if name == "width" else f"{name}={value}"
            for name, value in given.items()
            if value is not None
        )

    @property
    def text(self) -> str:
        """The budget for a reader."""
        images = f"{self.images:,} images" if self.images else "the network's images"
        epochs = _count(self.epochs, "epoch") if self.epochs else "the network's epochs"
        width = f" at width {self.width:g}" if self.width is not None else ""
        return f"{epochs} of {images}{width}, {_count(self.seeds, 'seed')}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def fidelity(given: Fidelity | Mapping[str, Any] | str) -> Fidelity:
    """A budget of words and numbers, as a dictionary or as ``images=1000,epochs=2``.

    InputError where a word is unknown or a number is out of bounds.
    """
    if isinstance(given, Fidelity):
        return given
    values = _pairs(given) if isinstance(given, str) else dict(given)
    for name in values:
        if name not in (*KEYS, "seeds"):
            raise _error(f"expected one of {', '.join((*KEYS, 'seeds'))}", name, values[name])
    read = {name: _number(name, value) for name, value in values.items()}
    return Fidelity(**read)


def _pairs(text: str) -> dict[str, str]:
    """The words and values of a text."""
    values: dict[str, str] = {}
    for piece in text.split(",") if text else ():
        name, equals, value = (part.strip() for part in piece.partition("="))
        if not equals or not value:
            raise _error("expected WORD=NUMBER", name, value)
        if name in values:
            raise _error("given twice", name, value)
        values[name] = value
    return values


def _number(name: str, value: Any) -> Any:
    if isinstance(value, bool):
        raise _error("expected a number", name, value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise _error("expected a number", name, value) from None
    if name == "width":
        if not 0.0 < number <= 100.0:
            raise _error("expected a width above 0 and up to 100", name, value)
        return number
    most = MOST_SEEDS if name == "seeds" else LARGEST
    if not 1 <= number <= most or number != int(number):
        raise _error(f"expected a whole number from 1 to {most:,}", name, value)
    return int(number)


def _error(message: str, name: str, value: Any) -> InputError:
    origin = Argument("train", f"{name}={value}")
    return InputError(message, origin=origin, value=value, cure=CURE)
