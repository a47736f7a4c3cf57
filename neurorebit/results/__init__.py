"""A run as tables, CSV and JSON: report.json holds all of it, the rest is drawn from that.

Accuracies and utilisations are fractions; everything else is in SI units until a table is drawn.
"""

from neurorebit.results.document import EPOCH_KEYS, build
from neurorebit.results.folder import claim, files, layers_csv, training_csv, write
from neurorebit.results.tables import DEFINITIONS, grouped, text

__all__ = [
    "DEFINITIONS", "EPOCH_KEYS", "build", "claim", "files", "grouped", "layers_csv", "text",
    "training_csv", "write",
]  # fmt: skip
