"""The structures of macros, by the word that a record has for each."""

from neurorebit.macros.charge import Charge
from neurorebit.macros.current_sensing import CurrentSensing
from neurorebit.macros.near_memory import NearMemory
from neurorebit.macros.structure import Structure
from neurorebit.macros.voltage_sensing import VoltageSensing

STRUCTURES: dict[str, type[Structure]] = {
    "charge": Charge,
    "near_memory": NearMemory,
    "current_sensing": CurrentSensing,
    "voltage_sensing": VoltageSensing,
}
