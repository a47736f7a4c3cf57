"""The builds of the digital macro, by the word that ``dpim.build`` has for each."""

from neurorebit.chips.hybrid.digital import BitSerialMacro, DigitalMacro, WordParallelMacro
from neurorebit.chips.hybrid.tree import AdderTreeMacro

BUILDS: dict[str, type[DigitalMacro]] = {
    "word_parallel": WordParallelMacro,
    "bit_serial": BitSerialMacro,
    "adder_tree": AdderTreeMacro,
}
