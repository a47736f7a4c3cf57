"""NeuroReBIT: cost and accuracy of in-situ training in ReRAM and SRAM arrays."""

__version__ = "0.1.0"
