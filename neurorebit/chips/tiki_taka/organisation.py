"""Organisations with two arrays a weight, as the table of organisations has them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from neurorebit.chips.in_place.spec import InPlaceSpec
from neurorebit.chips.parts.organisation import Job, Organisation
from neurorebit.chips.parts.spec import ArchitectureSpec

if TYPE_CHECKING:  # at run time where such a chip is built: an estimate loads only its own chip
    from neurorebit.chips.tiki_taka.phases import TikiTakaPhases


def build(job: Job, *, referenced: bool, chopped: bool) -> TikiTakaPhases:
    """The chip with a fast and a slow array for each block of weights, and its phases."""
    from neurorebit.chips.tiki_taka.chip import TikiTakaChip
    from neurorebit.chips.tiki_taka.phases import TikiTakaPhases

    assert isinstance(job.spec, InPlaceSpec)
    chip = TikiTakaChip(
        job.technology,
        job.device,
        job.spec,
        job.plan,
        batch=job.batch,
        learning=job.learning,
        referenced=referenced,
        chopped=chopped,
    )
    return TikiTakaPhases(chip, job.activity, job.batch, job.learning)


def suits(spec: ArchitectureSpec) -> bool:
    """Whether the arrays are of memory devices."""
    return spec.holds_devices


TIKI_TAKA = Organisation(
    sentence="arrays that learn in place, each with a fast array that gradients pulse",
    spec=InPlaceSpec,
    sections=(),
    build=partial(build, referenced=True, chopped=False),
    suits=suits,
)
CHOPPED = Organisation(
    sentence="the same, with a sign for each row of a fast array, which flips now and then",
    spec=InPlaceSpec,
    sections=(),
    build=partial(build, referenced=True, chopped=True),
    suits=suits,
)
UNREFERENCED = Organisation(
    sentence="the same with such signs, and digital memory in place of cells to be read against",
    spec=InPlaceSpec,
    sections=(),
    build=partial(build, referenced=False, chopped=True),
    suits=suits,
)
