"""Cells that are programmed in blocks, against cell by cell: accuracy, time and energy."""
