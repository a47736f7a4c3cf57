"""The public function that maps a network to a chip by integer programming."""

from __future__ import annotations

from neurorebit.library.asking import asked
from neurorebit.library.inputs import ChipInput, Named, NetworkInput
from neurorebit.results.typed.mapping import MappedNetwork
from neurorebit.schema import Argument, InputError, units
from neurorebit.studies.mapping.mapped import GAP, SECONDS, mapped


def map_network(
    network: NetworkInput | Named,
    chip: ChipInput | Named = "rebit",
    *,
    objective: str = "latency",
    work: str = "inference",
    area: float | str | None = None,
    gap: float = GAP,
    time_limit: float = SECONDS,
) -> MappedNetwork:
    """The copies, cuts and places of a network's layers that are best on a chip.

    ``objective``: latency, energy, or edp (energy times latency), of the ``work`` of an image:
    inference, or training (all its phases, with an image's share of an iteration); or throughput,
    the time between images of inference on a chip whose layers are pipelined. ``area``: of the
    chip at most, in square metres or as ``"400 mm2"``; that of the chip as given unless given.

    Each option of a layer costs what ``estimate`` says of it; integer programmes (HiGHS) choose
    among them. The search ends where no mapping is better by more than the share ``gap``, or after
    ``time_limit`` seconds. ``MappedNetwork.settings`` and its ``file`` set the mapping over the
    chip, and the estimate of that chip is ``MappedNetwork.best``. InputError where no mapping has
    room in the area; it says the least.

    >>> import neurorebit as nr
    >>> found = nr.map_network("lenet5", "inference_reram", objective="edp")
    >>> found.gain > 1.0 and found.gap < 1e-3
    True
    >>> mapped = nr.estimate("lenet5", nr.chip("inference_reram").set(found.settings))
    >>> bool(abs(mapped.phases["latency_s"]["inference"] / found.best.latency - 1.0) < 1e-9)
    True
    """
    request = asked(network, chip, train=False)
    return mapped(
        request.inputs(),
        objective=objective,
        work=work,
        area=area_of(area),
        gap=positive("gap", gap),
        seconds=positive("time_limit", time_limit),
    )


def area_of(area: float | str | None) -> float | None:
    """An area [m^2], given as a number or with its unit; InputError where it is none."""
    if area is None or not isinstance(area, str):
        return None if area is None else positive("area", area)
    try:
        number = units.parse(area, "m2")
    except ValueError as problem:
        message = f"expected an area, got '{area}' ({problem})"
        origin = Argument("area", area)
        raise InputError(message, origin=origin, cure="write it as in 400 mm2") from None
    return positive("area", number)


def positive(name: str, number: float) -> float:
    """The number; InputError unless it is above zero and finite."""
    if not 0.0 < number < float("inf"):
        origin = Argument(name, number)
        raise InputError("must be above 0", origin=origin, value=number, cure="give more")
    return float(number)
