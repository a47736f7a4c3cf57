"""The organisation with several arrays a weight, as the table of organisations has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurorebit.chips.in_place.spec import InPlaceSpec
from neurorebit.chips.parts.organisation import Job, Organisation

if TYPE_CHECKING:  # at run time where such a chip is built: an estimate loads only its own chip
    from neurorebit.chips.residual.phases import ResidualPhases


def build(job: Job) -> ResidualPhases:
    """The chip with all arrays of each block of weights, and its phases."""
    from neurorebit.chips.residual.chip import ResidualChip
    from neurorebit.chips.residual.phases import ResidualPhases

    assert isinstance(job.spec, InPlaceSpec)
    chip = ResidualChip(
        job.technology, job.device, job.spec, job.plan, batch=job.batch, learning=job.learning
    )
    return ResidualPhases(chip, job.activity, job.batch, job.learning)


RESIDUAL = Organisation(
    sentence="arrays that learn in place, several of which hold a weight together",
    spec=InPlaceSpec,
    sections=(),
    build=build,
    suits=lambda spec: spec.holds_devices and not spec.row_by_row,
)
