"""What there is to choose from, one line each: shipped files, training schemes and data sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tabulate import tabulate

from neurorebit.data.table import DATASETS, FORMATS
from neurorebit.estimation.estimate import can_be_built
from neurorebit.inputs.files import read_inputs
from neurorebit.schema import InputError, paths, units
from neurorebit.schemes.assumed import assumed
from neurorebit.schemes.table import SCHEMES

Row = tuple[str, str, str, str]  # name, what it is, chips that can use it, source
HEAD = ("name", "what it is", "chips", "source")
SOURCE = 60  # characters of a source; the command `show` has the rest
NETWORK = "mlp"  # which the chips are tried with


def networks() -> Iterator[Row]:
    """The shipped networks."""
    for name in paths.names("network"):
        network = read_inputs(name).network
        weights = sum(matmul.weights for matmul in network.matmuls)
        what = (
            f"{network.input}, {network.gives}, {len(network.matmuls)} layers with "
            f"{weights:,} weights, {network.macs:,} MACs"
        )
        yield name, what, _chips(name), network.source


def devices() -> Iterator[Row]:
    """The shipped memory devices."""
    for name in paths.names("device"):
        device = read_inputs(NETWORK, _without_pulses(), device=name).device
        pulses = device.pulses
        levels = f"{pulses.levels_ltp} and {pulses.levels_ltd} pulses" if pulses else "no pulses"
        ohms, ratio = units.show(float(device.r_on), "ohm"), float(device.on_off_ratio)
        what = f"{device.kind}, {ohms}, on/off {ratio:g}"
        chips = _chips(device=name)
        yield name, f"{what}, {levels}", chips, device.source


def technologies() -> Iterator[Row]:
    """The shipped CMOS technologies."""
    for name in paths.names("technology"):
        node = read_inputs(NETWORK, technology=name).technology
        feature, vdd = units.show(float(node.feature), "m"), units.show(float(node.vdd), "V")
        what = f"{feature}, {node.channel}, {vdd}"
        chips = _chips(technology=name)
        yield name, what, chips, node.source


def architectures() -> Iterator[Row]:
    """The shipped chips."""
    for name in paths.names("architecture"):
        spec = read_inputs(NETWORK, name).architecture
        what = f"{spec.called}; {spec.technology}, {spec.device}, scheme {spec.scheme}"
        yield name, what, name, spec.source


def schemes() -> Iterator[Row]:
    """The training schemes."""
    for name, scheme in SCHEMES.items():
        yield name, scheme.summary, scheme.architecture, scheme.chip


def data() -> Iterator[Row]:
    """The data sets."""
    for name, images in DATASETS.items():
        where = "a download" if images.archive else "installed"
        sizes = " or ".join(map(str, images.shapes)) or "scaled to any size"
        what = f"{images.title}, {images.train_images:,} training images, {images.classes} classes"
        yield name, f"{what}, {sizes}", "all", where
    for form in FORMATS.values():
        yield form.written, form.summary, "all", "your own"


KINDS: dict[str, Callable[[], Iterator[Row]]] = {
    "networks": networks,
    "devices": devices,
    "technologies": technologies,
    "architectures": architectures,
    "schemes": schemes,
    "data": data,
}


def listing(kinds: list[str]) -> str:
    """A table of each kind, all kinds if none is named."""
    return "\n\n".join(f"{kind}\n{_table(list(KINDS[kind]()))}" for kind in kinds or KINDS)


def _table(rows: list[Row]) -> str:
    short = [(*row[:3], _short(row[3])) for row in rows]
    return tabulate(short, HEAD, "simple", disable_numparse=True)


def _short(source: str) -> str:
    line = " ".join(source.split())
    return line if len(line) <= SOURCE else f"{line[: SOURCE - 3].rstrip()}..."


def _without_pulses() -> str:
    """A shipped chip that takes any device, for its cells are none."""
    names = paths.names("architecture")
    return next(n for n in names if not read_inputs(NETWORK, n).architecture.holds_devices)


def _chips(
    network: str = NETWORK, *, technology: str | None = None, device: str | None = None
) -> str:
    """The shipped chips that go with a file: whose files fit, and which the models can build."""
    known = paths.names("architecture")
    chips = [chip for chip in known if _is_built(network, chip, technology, device)]
    return "all" if len(chips) == len(known) else ", ".join(chips) or "none"


def _is_built(network: str, chip: str, technology: str | None, device: str | None) -> bool:
    """Whether a shipped chip is built with a technology, a device, or its own for a network."""
    try:
        inputs = read_inputs(network, chip, technology, device)
        if technology is None and (device is None or not inputs.architecture.holds_devices):
            return True  # of its own technology and device, which every shipped chip is built of
    except InputError:
        return False
    return can_be_built(
        inputs.network,
        inputs.architecture,
        inputs.technology,
        inputs.device,
        activity=assumed(inputs.network, inputs.architecture, inputs.device),
    )
