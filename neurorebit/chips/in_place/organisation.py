"""The organisation that learns in place, as the table of organisations has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurorebit.chips.in_place.spec import InPlaceSpec
from neurorebit.chips.parts.organisation import Job, Organisation

if TYPE_CHECKING:  # at run time where such a chip is built: an estimate loads only its own chip
    from neurorebit.chips.in_place.phases import InPlacePhases


def build(job: Job) -> InPlacePhases:
    """The chip that learns in place, and its phases."""
    from neurorebit.chips.in_place.chip import InPlaceChip
    from neurorebit.chips.in_place.phases import InPlacePhases

    assert isinstance(job.spec, InPlaceSpec)
    chip = InPlaceChip(job.technology, job.device, job.spec, job.plan, batch=job.batch)
    return InPlacePhases(chip, job.activity, job.batch, job.learning)


IN_PLACE = Organisation(
    sentence="arrays that are read both ways and updated in place",
    spec=InPlaceSpec,
    sections=("arrays", "gradient_unit"),
    build=build,
)
