"""The hybrid organisation, as the table of organisations has it."""

from neurorebit.chips.hybrid.chip import HybridChip
from neurorebit.chips.hybrid.phases import HybridPhases
from neurorebit.chips.hybrid.spec import HybridSpec
from neurorebit.chips.parts.organisation import Job, Organisation


def build(job: Job) -> HybridPhases:
    """The hybrid chip and its phases; velocities live in its digital macros."""
    assert isinstance(job.spec, HybridSpec)
    chip = HybridChip(job.technology, job.device, job.spec, job.plan)
    return HybridPhases(chip, job.activity, job.batch)


HYBRID = Organisation(
    sentence="analog macros for the forward pass, digital ones for all else",
    spec=HybridSpec,
    sections=("apim", "dpim"),
    build=build,
)
