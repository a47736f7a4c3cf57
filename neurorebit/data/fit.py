"""Whether data fit a network: by what is known of a set before it is there, and image by image."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path

import numpy as np

from neurorebit.data import layout
from neurorebit.data.dataset import NHWC, Dataset, Images, ImageSet, Labels, Scaling
from neurorebit.data.table import DATASETS
from neurorebit.layers.base import Shape
from neurorebit.layers.network import Network
from neurorebit.schema import Argument, InputError
from neurorebit.schema.training import Normalise

MANY = 1_000_000  # classes: labels beyond are slips
STRAIGHT = "none"  # images as they are


@dataclass(frozen=True)
class Wanted:
    """What a network asks of its images.

    ``dataset`` is a word of the table or a path, None where none is named; ``fallback`` a word to
    take where it is not found, or None; ``shape`` is the network's input, ``classes`` its number of
    classes, or of outputs where it is a ``regression``. ``validation``: whether it is tested on
    validation images. ``beside``: the folder that a path is relative to.
    """

    dataset: str | None
    fallback: str | None
    shape: Shape
    classes: int
    _: KW_ONLY
    regression: bool = False
    validation: bool = False
    beside: Path = Path()

    @classmethod
    def by(cls, network: Network, beside: Path = Path()) -> Wanted:
        """What a network's file in a folder asks for."""
        training = network.training
        return cls(
            training.dataset,
            training.fallback,
            network.input,
            network.classes,
            regression=network.regression,
            validation=training.evaluate_on == "validation",
            beside=beside,
        )


def refuse_misfit(images: ImageSet, wanted: Wanted) -> None:
    """InputError where a data set does not fit the network."""
    if wanted.regression:
        _refuse_targets(images, wanted)
    elif images.classes is None:
        message = f"{images.title} has numbers as targets, the network has {wanted.classes} classes"
        raise InputError(message, cure="take training.loss=squared, or labels from 0 up")
    elif wanted.classes != images.classes and not (
        images.fewer and wanted.classes > images.classes
    ):
        cure = f"give its last layer {images.classes} outputs"
        if images.classes > MANY:
            cure = "check the labels, which are classes from 0 up"
        message = f"the network has {wanted.classes} classes, {images.title} has {images.classes}"
        raise InputError(message, cure=cure)
    _refuse_shape(images, wanted.shape)
    if wanted.validation and not images.validation:
        message = f"{images.title} has no validation images"
        raise InputError(message, cure="take training.evaluate_on=test, or add them")


def _refuse_targets(images: ImageSet, wanted: Wanted) -> None:
    if images.outputs is None:
        message = f"{images.title} has classes, and training.loss=squared learns numbers"
        raise InputError(message, cure="take cross_entropy or squared_one_hot")
    if images.outputs != wanted.classes:
        message = f"the network has {_outputs(wanted.classes)}, the targets of {images.title} have "
        cure = f"give its last layer {images.outputs}"
        raise InputError(f"{message}{images.outputs}", cure=cure)


def _outputs(count: int) -> str:
    return f"{count} output{'' if count == 1 else 's'}"


def _refuse_shape(images: ImageSet, shape: Shape) -> None:
    given = f"the network's input is {shape} (channels x height x width)"
    if not images.takes(shape):
        own = " or ".join(map(str, images.shapes))
        scaled = [f"training.dataset={other}" for other, o in DATASETS.items() if not o.shapes]
        cure = f", or set {' or '.join(scaled)}, which is scaled to any" if scaled else ""
        more = ", or more around them" if images.framed else ""
        raise InputError(f"{given}, {images.title} has {own}{more}; change the input{cure}")
    if min(shape.height, shape.width) < images.smallest:
        raise InputError(
            f"{given}, too small for {images.title}; give it at least {images.smallest} x "
            f"{images.smallest} pixels, and a flatten layer if need be"
        )


def fitting(images: Dataset, network: Network) -> Dataset:
    """The data as the network trains on them; InputError where they do not fit it.

    Images as [N, height, width, channels], uint8 or float32; labels int64 [N], or targets float32
    [N, outputs]; the test images are the validation images if the network asks for these.
    """
    held = {"train": (images.train_images, images.train_labels)}
    held["test"] = images.test_images, images.test_labels
    if network.training.evaluate_on == "validation":
        if images.validation is None:
            message = f"{images.name} has no validation images"
            raise InputError(message, cure="take training.evaluate_on=test, or add them")
        held["test"] = images.validation
    made = {}
    for name, (given, labels) in held.items():
        pixels = _images(name, given, images, network)
        made[name] = pixels, _labels(name, labels, len(pixels), network)
    train, test = made["train"], made["test"]
    if train[0].dtype != test[0].dtype:
        message = f"training images are {train[0].dtype}, test images {test[0].dtype}"
        raise InputError(message, origin=Argument("data"), cure="give both one type")
    return replace(
        images,
        train_images=train[0],
        train_labels=train[1],
        test_images=test[0],
        test_labels=test[1],
        validation=None,
        layout=NHWC,
        scaling=_scaling(train[0], network),
        mirrored=images.mirrored and network.input.width > 1 and network.input.height > 1,
    )


def _images(name: str, given: Images, images: Dataset, network: Network) -> Images:
    data, shape = Argument("data"), network.input
    wanted = (shape.height, shape.width, shape.channels)
    if given.dtype != np.uint8 and given.dtype.kind != "f":
        message = f"expected {name} images of 8 bits (uint8) or of floats, got {given.dtype}"
        raise InputError(message, origin=data, cure="convert them with astype")
    ways = layout.fitting(given.shape[1:], shape, images.layout or None)
    if not ways:
        size = " x ".join(map(str, given.shape[1:])) or "none"
        message = (
            f"expected {name} images of {wanted} (height x width x channels), got axes of {size}"
        )
        raise InputError(message, origin=data, cure="scale them to the network's input")
    if len(ways) > 1:
        message = f"{name} images of the network's input in more than one way: {', '.join(ways)}"
        raise InputError(message, origin=data, cure="say which as 'layout' in the archive")
    pixels = layout.arranged(given, ways[0])
    if pixels.dtype == np.uint8:
        return pixels
    pixels = pixels.astype(np.float32, copy=False)
    lowest = float(pixels.min()) if pixels.size else 0.0
    if not (np.isfinite(lowest) and np.isfinite(pixels.max(initial=0.0))):
        raise InputError(f"{name} images hold what is not a number", origin=data, cure="remove it")
    if lowest < 0.0 and network.training.normalise == STRAIGHT:
        message = f"{name} images go below zero, to {lowest:.4g}"
        cure = "set training.normalise: standard, or {mean: [0], std: [1]} to keep them as they are"
        raise InputError(message, origin=data, cure=cure)
    return pixels


def _labels(name: str, labels: Labels, count: int, network: Network) -> Labels:
    data = Argument("data")
    if network.regression:
        targets = labels[:, None] if labels.ndim == 1 else labels
        if targets.shape != (count, network.classes) or not count:
            message = (
                f"expected {_outputs(network.classes)} for each of {count} {name} images, got "
                f"{labels.shape}"
            )
            raise InputError(message, origin=data, cure="give one image and its targets or more")
        targets = targets.astype(np.float32)
        if not np.isfinite(targets).all():
            message = f"{name} targets hold what is not a number"
            raise InputError(message, origin=data, cure="remove it")
        return np.ascontiguousarray(targets)
    if labels.shape != (count,) or not labels.size:
        message = f"expected a label for each of {count} {name} images, got {labels.shape}"
        raise InputError(message, origin=data, cure="give one image and its label or more")
    if labels.dtype.kind not in "iu":
        message = f"expected {name} labels that are whole numbers, got {labels.dtype}"
        cure = "give the numbers of the classes, or take training.loss=squared"
        raise InputError(message, origin=data, cure=cure)
    if labels.min() < 0 or labels.max() >= network.classes:
        message = f"{name} labels go from {labels.min()} to {labels.max()}"
        cure = f"the network has classes 0 to {network.classes - 1}"
        raise InputError(message, origin=data, cure=cure)
    return labels.astype(np.int64, copy=False)


def _scaling(images: Images, network: Network) -> Scaling | None:
    """What the images are normalised by; None where they are taken as they are."""
    asked, channels = network.training.normalise, network.input.channels
    if isinstance(asked, Normalise):
        mean, std = (
            np.broadcast_to(np.array(given, np.float32), (channels,))
            for given in (asked.mean, asked.std)
        )
        return Scaling(mean.copy(), std.copy())
    if asked == STRAIGHT:
        return None
    return _standard(images)


def _standard(images: Images) -> Scaling:
    """The mean and the standard deviation of each channel; 1 where a channel never changes."""
    channels = images.shape[-1]
    mean, std = np.empty(channels), np.empty(channels)
    for c in range(channels):
        if images.dtype == np.uint8:
            counts = np.bincount(images[..., c].reshape(-1), minlength=256)
            values, shares = np.arange(256) / 255.0, counts / counts.sum()
            mean[c] = (values * shares).sum()
            std[c] = np.sqrt(((values - mean[c]) ** 2 * shares).sum())
        else:
            mean[c] = images[..., c].mean(dtype=np.float64)
            std[c] = images[..., c].std(dtype=np.float64)
    std[std == 0.0] = 1.0
    return Scaling(mean.astype(np.float32), std.astype(np.float32))
