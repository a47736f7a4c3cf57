"""The organisation that only infers, as the table of organisations has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurorebit.chips.inference.spec import InferenceSpec
from neurorebit.chips.parts.organisation import Job, Organisation

if TYPE_CHECKING:  # at run time where such a chip is built: an estimate loads only its own chip
    from neurorebit.chips.inference.phases import InferencePhases


def build(job: Job) -> InferencePhases:
    """The chip that only infers, and its phases."""
    from neurorebit.chips.inference.chip import InferenceChip
    from neurorebit.chips.inference.phases import InferencePhases

    assert isinstance(job.spec, InferenceSpec)
    chip = InferenceChip(job.technology, job.device, job.spec, job.plan)
    return InferencePhases(chip, job.activity, job.batch, job.learning)


INFERENCE = Organisation(
    sentence="arrays that only infer, with weights that are given",
    spec=InferenceSpec,
    sections=("inference_arrays",),
    build=build,
)
