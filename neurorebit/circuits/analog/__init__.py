"""Circuits that give inputs as voltages: converters of codes, and buffers of lines."""
