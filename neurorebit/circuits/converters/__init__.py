"""Converters of column currents: one kind a file, and the table of all kinds."""
