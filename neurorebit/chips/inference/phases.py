"""The phases of a chip that only infers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurorebit.chips.inference.chip import InferenceChip
from neurorebit.chips.parts.phases import (
    INFERENCE,
    LEAKAGE,
    LEFT_OUT,
    PROGRAMMING,
    Phases,
    of_device,
)
from neurorebit.chips.parts.pipelining import order


@dataclass(frozen=True, eq=False)
class InferencePhases(Phases):
    """Images are recognised by weights that were written once; no phase of a training."""

    chip: InferenceChip
    phases: ClassVar[tuple[str, ...]] = ("inference", "programming")

    @property
    def assumptions(self) -> tuple[str, ...]:
        device = self.chip.device if self.spec.holds_devices else None
        return (
            "ops: a multiplication and an addition are two",
            *order(self.spec.pipelining, INFERENCE),
            PROGRAMMING,
            LEAKAGE,
            *self.ways,
            LEFT_OUT,
            *(of_device(device) if device else ()),
            *self._wide_cells,
        )

    @property
    def _wide_cells(self) -> tuple[str, ...]:
        """That cells are wider than the device file says, where they are."""
        if self.chip.written is self.chip.device:  # of which SRAM reads nothing
            return ()
        given, drawn = self.chip.device.cell.width, self.chip.written.cell.width
        if not np.any(drawn > given):
            return ()
        return (
            f"cells of {self.chip.device.name} are {float(np.max(drawn)):.3g} feature sizes wide, "
            "as their access transistors ask for; the device file has "
            f"{float(np.max(given)):.3g}",
        )
