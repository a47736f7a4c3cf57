"""What our blocks say of a record: one function a module, which builds the block and asks it.

Figures carry the names of the record's outputs; nothing here knows what a tool gets wrong.
Energies and latencies are those of all accesses of a record.
"""

from validation.neurosim.cases import decoders, digital, gates, macros, sensing, switches, transport
from validation.neurosim.cases.case import CASES, Case

__all__ = [
    "CASES",
    "Case",
    "decoders",
    "digital",
    "gates",
    "macros",
    "sensing",
    "switches",
    "transport",
]
