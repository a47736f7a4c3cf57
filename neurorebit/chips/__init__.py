"""Macros, tiles and the chip: the composites of the circuits."""
