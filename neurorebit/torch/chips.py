"""The chip of a converted model, how it trains, and what does not belong together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.inputs.files import Inputs, read_inputs
from neurorebit.inputs.values import document_of, setting_text
from neurorebit.layers.network import Node
from neurorebit.library import inputs as given
from neurorebit.library.inputs import ChipInput, Named
from neurorebit.library.trainings import SEEDS
from neurorebit.schema import Argument, InputError, Setting
from neurorebit.schema.device import Device
from neurorebit.schema.training import Training
from neurorebit.schemes.ablations import foreign
from neurorebit.schemes.parts.scheme import Scheme
from neurorebit.schemes.table import SCHEMES
from neurorebit.studies.trained import wires_between_cells

if TYPE_CHECKING:
    from neurorebit.torch.matrix import Matrix
    from neurorebit.torch.session import Session

LOOP = {  # keys of ``training`` that the caller's loop decides
    "dataset": "the loader gives the images",
    "fallback": "the loader gives the images",
    "evaluate_on": "the loop tests",
    "loss": "the loop has the loss",
    "label_smoothing": "the loop has the loss",
    "normalise": "the loader gives the images as they are to be",
    "epochs": "the loop ends by itself",
    "images": "the loader gives the images",
    "test_images": "the loop tests",
    "learning_rate": "the optimiser has the rate",
    "warmup_epochs": "a scheduler of PyTorch has the rate",
    "schedule": "a scheduler of PyTorch has the rate",
    "step_epochs": "a scheduler of PyTorch has the rate",
    "step_factor": "a scheduler of PyTorch has the rate",
    "optimiser": "weights and all else learn by momentum SGD",
    "betas": "weights and all else learn by momentum SGD",
    "epsilon": "weights and all else learn by momentum SGD",
    "augment": "the loader changes the images",
    "frozen": "requires_grad_(False) freezes parameters",
    "adapters": "a module of the model holds a low-rank update",
}


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A chip and a scheme that belong together, as training takes them."""

    chip: ChipInput
    scheme: Scheme
    word: str
    spec: ArchitectureSpec
    device: Device
    training: Training
    wires: tuple[float, float] | None


def chosen(
    chip: ChipInput | Named, scheme: str | None, training: Mapping[str, Any], *, name: str
) -> Chosen:
    """Read a chip with a scheme and keys of ``training``.

    InputError where one is wrong, the scheme is made for another chip, or a key is the loop's.
    """
    made = given.chip(chip)
    if not isinstance(training, Mapping):
        message = f"expected a dictionary, got {type(training).__name__}"
        cure = 'give keys and values, as {"write": "verify"}'
        raise InputError(message, origin=Argument("training"), value=training, cure=cure)
    for key in training:
        if key in LOOP:
            where = Argument("training", key)
            raise InputError(LOOP[key], origin=where, value=training[key], cure="leave it out")
    inputs = _read(made, scheme, training, name)
    spec = inputs.architecture
    if other := foreign(spec):
        organisation = SCHEMES[spec.scheme].architecture
        fitting = [
            word
            for word, one in SCHEMES.items()
            if one.trains and not foreign(replace(spec, scheme=word))
        ]
        cure = f"take neurorebit.chip('{organisation}'), or one of {', '.join(fitting)}"
        message = other.partition("; ")[0]
        raise InputError(message, origin=Argument("scheme", spec.scheme), cure=cure)
    section = inputs.network.training
    wires = wires_between_cells(inputs) if section.wires == "resistive" else None
    return Chosen(
        chip=made,
        scheme=SCHEMES[spec.scheme],
        word=spec.scheme,
        spec=spec,
        device=inputs.device,
        training=section,
        wires=wires,
    )


def _read(chip: ChipInput, scheme: str | None, training: Mapping[str, Any], name: str) -> Inputs:
    """The files of a chip, with a network that stands for the model's in what is checked."""
    stand_in = {
        "name": name,
        "source": "stands for a model of PyTorch",
        "input": {"channels": 1, "height": 1, "width": 1},
        "classes": 2,
        "layers": [{"kind": "linear", "features": 2}],
    }
    settings = [*chip.settings]
    if scheme is not None:
        settings = [one for one in settings if one.key != "architecture.scheme"]
        settings.append(Setting("architecture.scheme", scheme, Argument("scheme")))
    for key, value in training.items():
        text = setting_text(f"training.{key}", value)
        settings.append(Setting(f"training.{key}", text, Argument("training")))
    return read_inputs(
        document_of("network", stand_in),
        chip.architecture.document,
        chip.technology.document,
        chip.device.document,
        settings=settings,
    )


def refuse(layers: Sequence[tuple[Matrix, Node]], session: Session) -> None:
    """InputError where the scheme cannot train a layer of the model."""
    refuses = session.scheme.refuses
    if refuses is None:
        return
    inputs = _read(session.chip, session.word, session.settings, session.name)
    network = replace(inputs.network, nodes=tuple(node for _, node in layers))
    for one in refuses(network, session.spec):
        if one.kind == "network" and one.loc[:1] == ("training",) and one.loc[-1] in LOOP:
            continue  # the caller's loop
        message = f"scheme={session.word}: {one.message}"
        raise InputError(message, origin=Argument("model"), cure=one.cure)


def checked_seed(seed: int) -> int:
    """A seed; InputError where it is none."""
    if isinstance(seed, int) and 0 <= seed < SEEDS:
        return seed
    message = f"expected a whole number from 0 to {SEEDS - 1}, got {seed}"
    raise InputError(message, origin=Argument("seed"), value=seed, cure="take one of them")
