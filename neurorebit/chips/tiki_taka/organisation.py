"""The organisation with two arrays a weight, as the table of organisations has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurorebit.chips.in_place.spec import InPlaceSpec
from neurorebit.chips.parts.organisation import Job, Organisation

if TYPE_CHECKING:  # at run time where such a chip is built: an estimate loads only its own chip
    from neurorebit.chips.tiki_taka.phases import TikiTakaPhases


def build(job: Job) -> TikiTakaPhases:
    """The chip with a fast and a slow array for each block of weights, and its phases."""
    from neurorebit.chips.tiki_taka.chip import TikiTakaChip
    from neurorebit.chips.tiki_taka.phases import TikiTakaPhases

    assert isinstance(job.spec, InPlaceSpec)
    chip = TikiTakaChip(job.technology, job.device, job.spec, job.plan, batch=job.batch)
    return TikiTakaPhases(chip, job.activity, job.batch, job.learning)


TIKI_TAKA = Organisation(
    sentence="arrays that learn in place, each with a fast array that gradients pulse",
    spec=InPlaceSpec,
    sections=(),
    build=build,
    suits=lambda spec: spec.holds_devices,
)
