"""Converters of column currents: one kind per file, and the table of all kinds."""
