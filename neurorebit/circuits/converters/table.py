"""The kinds of converters, by their names in architecture files."""

from neurorebit.circuits.converters.converter import Converter
from neurorebit.circuits.converters.counting import CountingNeuron
from neurorebit.circuits.converters.flash import FlashAdc
from neurorebit.circuits.converters.flash_voltage import VoltageFlashAdc
from neurorebit.circuits.converters.halving import HalvingNeuron
from neurorebit.circuits.converters.ramp import RampAdc
from neurorebit.circuits.converters.sar import SarAdc

CONVERTERS: dict[str, type[Converter]] = {
    "sar": SarAdc,
    "flash": FlashAdc,
    "flash_voltage": VoltageFlashAdc,
    "ramp": RampAdc,
    "integrating": CountingNeuron,
    "integrating_halving": HalvingNeuron,
}
DEFAULT = "sar"  # of blocks that are built without a word for it
