"""The organisation with bit-sliced weights, as the table of organisations has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurorebit.chips.parts.organisation import Job, Organisation
from neurorebit.chips.sliced.spec import SlicedSpec

if TYPE_CHECKING:  # at run time where such a chip is built: an estimate loads only its own chip
    from neurorebit.chips.sliced.phases import SlicedPhases


def build(job: Job) -> SlicedPhases:
    """The chip with an array for each slice of its weights, and its phases."""
    from neurorebit.chips.sliced.chip import SlicedChip
    from neurorebit.chips.sliced.phases import SlicedPhases

    assert isinstance(job.spec, SlicedSpec)
    chip = SlicedChip(job.technology, job.device, job.spec, job.plan)
    learning = job.learning._replace(write="verify")  # what a carry writes is read back
    return SlicedPhases(chip, job.activity, job.batch, learning)


SLICED = Organisation(
    sentence="slices of weights in arrays of their own, which outer products change in place",
    spec=SlicedSpec,
    sections=("sliced_arrays",),
    build=build,
)
