"""What keys of several sections and files must hold together, because physics ties them.

Each check says in whose file the key stands. Numbers may be arrays of designs, as in a sweep.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.inputs import mapping
from neurorebit.layers.network import DIGITAL, Network
from neurorebit.schema import Misfit
from neurorebit.schema.activity import AssumedActivity
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology
from neurorebit.schemes.parts.scheme import Held
from neurorebit.schemes.table import SCHEMES

Pair = tuple[str, Misfit]  # the kind of file that has the key, and what does not fit

# Two bits more than its pulses tell apart: a written cell may miss its level by two and more.
FINEST = 4.0  # levels of a cell over those that its pulses reach


def pairs(
    network: Network, spec: ArchitectureSpec, technology: Technology, device: Device
) -> Iterator[Pair]:
    """All checks of a design."""
    yield from _of_activity(network.activity)
    yield from _of_copies(network, spec)
    yield from _of_adapters(network, spec)
    yield from _of_layers(network, spec)
    yield from _of_blocks(network, spec)
    yield from _of_capacity(spec, device)
    yield from (("architecture", misfit) for misfit in mapping.misfits(network, spec))
    if spec.holds_devices:
        yield from _of_voltages(spec, technology, device)
        yield from _of_levels(spec, device)


def _of_capacity(spec: ArchitectureSpec, device: Device) -> Iterator[Pair]:
    """A layer that is swapped is written from DRAM, and so needs a copy there."""
    if spec.capacity is None:
        return
    message = f"scheme={spec.scheme} keeps weights in cells alone, from which none are read back"
    where = spec.trains and SCHEMES[spec.scheme].held is Held.CELLS
    cure = "drop it, or take another scheme"
    yield "architecture", Misfit(("capacity",), where, message, cure=cure)
    unknown = spec.holds_devices and device.pulses is None
    message = f"{device.name} has no pulse data, so that what a swap takes is unknown"
    cure = "add a section 'pulses' to the device file, or drop it"
    yield "architecture", Misfit(("capacity",), unknown, message, cure=cure)


def _of_activity(activity: AssumedActivity) -> Iterator[Pair]:
    sets, resets = activity.set_fraction, activity.reset_fraction
    if sets is not None and resets is not None:
        message = "with set_fraction {:g}, {:g}, more cells are programmed in a step than there are"
        loc, values = ("activity", "reset_fraction"), (sets, resets)
        cure = "shares of the cells, of at most 1 together"
        yield "network", Misfit(loc, np.add(sets, resets) > 1.0 + 1e-9, message, values, cure=cure)


def _of_copies(network: Network, spec: ArchitectureSpec) -> Iterator[Pair]:
    """Copies of a layer's macros share the vectors of an image among them."""
    most = float(max(matmul.vectors for matmul in network.matmuls))
    message = "{:g} copies of a layer share its vectors, of which an image has {:g} at most"
    for loc, copies in spec.copies_asked:
        values = copies, most
        yield (
            "architecture",
            Misfit(loc, copies > most, message, values, cure=f"take {most:g} or fewer"),
        )


def _of_adapters(network: Network, spec: ArchitectureSpec) -> Iterator[Pair]:
    """Low-rank updates learn in digital macros, which not every chip has."""
    message = f"they learn in digital macros, and {spec.called} has none"
    wanted = network.training.adapters is not None and spec.trains
    cure = "take the hybrid chip, or training.frozen"
    where = wanted and not spec.holds_adapters
    yield "network", Misfit(("training", "adapters"), where, message, cure=cure)


def _of_layers(network: Network, spec: ArchitectureSpec) -> Iterator[Pair]:
    """Schemes of single layers: that of the chip, or digital memory where it has digital macros."""
    own = {getattr(node.layer, "scheme", "") for node in network.matrices} - {"", spec.scheme}
    for word in sorted(own):
        message = f"a layer's scheme={word}, and {spec.called} holds weights by {spec.scheme}"
        message += f" or in digital macros ({DIGITAL})" if spec.holds_adapters else ""
        cure = f"take {DIGITAL} on the hybrid chip, or leave it out"
        where = word != DIGITAL or not spec.holds_adapters
        yield "network", Misfit(("layers",), where, message, cure=cure)
    alone = spec.scheme != DIGITAL and all(node.digital for node in network.matrices)
    message, cure = "every layer is in digital memory", "leave the scheme of one layer out"
    yield "network", Misfit(("layers",), alone and spec.trains, message, cure=cure)


def _of_blocks(network: Network, spec: ArchitectureSpec) -> Iterator[Pair]:
    """Cells that are programmed together, and how training writes them."""
    blocks, scheme = spec.blocks, SCHEMES[spec.scheme]
    if blocks is None:
        return
    section = spec.forward_section
    message = f"scheme={spec.scheme} programs cells in its own way, and opens no rows together"
    cure = f"drop {section}.blocks, or take another scheme"
    where = scheme.fast is not None
    yield "architecture", Misfit((section, "blocks"), where, message, cure=cure)
    if "write" not in scheme.heeds:
        return
    write, loc = network.training.write, ("training", "write")
    message = f"a reset brings each cell to its low end alone, and {section}.blocks writes several"
    cure = f"take pulses or verify, or drop {section}.blocks"
    yield "network", Misfit(loc, write == "reset", message, cure=cure)
    message = f"write={write} ends where a read says so, and {section}.blocks.fine=false reads none"
    cure = f"take pulses, or {section}.blocks.fine=true"
    where = write in ("direct", "verify") and not blocks.fine
    yield "network", Misfit(loc, where, message, cure=cure)


def _of_voltages(spec: ArchitectureSpec, technology: Technology, device: Device) -> Iterator[Pair]:
    """A read opens the access transistors and does not program."""
    gate, read = device.cell.access_voltage, device.cell.read_voltage
    if not spec.crosspoint:
        message = "must lie above {:.4g} V (the technology's threshold), got {:g} V"
        loc, values = ("cell", "access_voltage"), (technology.threshold, gate)
        cure = "below it no access transistor conducts"
        yield "device", Misfit(loc, gate <= technology.threshold, message, values, cure=cure)
    if device.pulses is not None:
        least = np.minimum(device.pulses.voltage_ltp, device.pulses.voltage_ltd)
        message = "must lie below {:g} V (the least of pulses.voltage_ltp and _ltd), got {:g} V"
        values, cure = (least, read), "a read at it would program the cell"
        yield "device", Misfit(("cell", "read_voltage"), read >= least, message, values, cure=cure)


def _of_levels(spec: ArchitectureSpec, device: Device) -> Iterator[Pair]:
    """Pulses reach one level more than there are pulses."""
    if device.pulses is None:
        return
    reached = np.minimum(device.pulses.levels_ltp, device.pulses.levels_ltd) + 1.0
    asked = np.asarray(spec.cell_steps) + 1.0
    message = "pulses of the device reach {:g} levels, and a cell of the chip is to hold {:g}"
    cure = "take a device with more levels, or fewer architecture.weight_bits"
    key = (
        "levels_ltp"
        if np.all(device.pulses.levels_ltp <= device.pulses.levels_ltd)
        else "levels_ltd"
    )
    where = asked > FINEST * reached
    yield "device", Misfit(("pulses", key), where, message, (reached, asked), cure=cure)


def finer_than_pulses(spec: ArchitectureSpec, device: Device) -> str | None:
    """A note where levels lie closer to each other than a pulse moves a cell, but are accepted."""
    if not spec.holds_devices or device.pulses is None:
        return None
    reached = min(device.pulses.levels_ltp, device.pulses.levels_ltd) + 1
    asked = int(np.max(spec.cell_steps)) + 1
    if asked <= reached:
        return None
    return (
        f"a cell holds {asked:,} levels, and the pulses of {device.name} reach {reached:,}: "
        "neighbouring levels lie closer than a pulse moves a cell; architecture.weight_bits="
        f"{max(2, int(np.log2(reached)))} needs no more than there are"
    )
