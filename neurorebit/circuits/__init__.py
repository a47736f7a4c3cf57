"""One circuit, one file: area, leakage, energy and latency of every peripheral block."""
