"""The hybrid organisation, as the table of organisations has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurorebit.chips.hybrid.spec import HybridSpec
from neurorebit.chips.parts.organisation import Job, Organisation

if TYPE_CHECKING:  # at run time where such a chip is built: an estimate loads only its own chip
    from neurorebit.chips.hybrid.phases import HybridPhases


def build(job: Job) -> HybridPhases:
    """The hybrid chip and its phases; real weights and moments live in its digital macros."""
    from neurorebit.chips.hybrid.chip import HybridChip
    from neurorebit.chips.hybrid.phases import HybridPhases

    assert isinstance(job.spec, HybridSpec)
    apart = job.learning.momentum and job.spec.formats.apart  # a velocity in words of its own
    moments, velocity = float(job.learning.moments + apart), job.learning.momentum and not apart
    chip = HybridChip(
        job.technology, job.device, job.spec, job.plan, moments=moments, velocity=velocity
    )
    return HybridPhases(chip, job.activity, job.batch, job.learning)


HYBRID = Organisation(
    sentence="analog macros for the forward pass, digital ones for all else",
    spec=HybridSpec,
    sections=("apim", "dpim"),
    build=build,
)
