"""The structures of macros, by the word that a record has for each."""

from neurorebit.macros.charge import Charge
from neurorebit.macros.current_sensing import CurrentSensing
from neurorebit.macros.digital_in_cell import DigitalInCell
from neurorebit.macros.digital_tree import DigitalTree
from neurorebit.macros.near_memory import NearMemory
from neurorebit.macros.structure import Structure
from neurorebit.macros.voltage_sensing import VoltageSensing

STRUCTURES: dict[str, type[Structure]] = {
    "charge": Charge,
    "digital_in_cell": DigitalInCell,
    "digital_tree": DigitalTree,
    "near_memory": NearMemory,
    "current_sensing": CurrentSensing,
    "voltage_sensing": VoltageSensing,
}
