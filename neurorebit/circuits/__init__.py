"""Circuits, one per file: area, leakage, energy and latency of every peripheral block."""
