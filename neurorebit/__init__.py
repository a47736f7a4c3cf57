"""NeuroReBIT: cost and accuracy of in-situ training in ReRAM and SRAM arrays.

    import neurorebit as nr

    net = nr.network("vgg11")
    chip = nr.chip("rebit", technology="32nm", device="taox_hfox")
    nr.estimate(net, chip)

Each function is imported when it is first used, so that ``import neurorebit`` costs nothing and an
estimate never loads what only training needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurorebit.library.comparisons import compare as compare
    from neurorebit.library.comparisons import read as read
    from neurorebit.library.comparisons import validate as validate
    from neurorebit.library.estimates import corners as corners
    from neurorebit.library.estimates import estimate as estimate
    from neurorebit.library.estimates import nodes as nodes
    from neurorebit.library.estimates import sweep as sweep
    from neurorebit.library.evaluations import evaluate as evaluate
    from neurorebit.library.inputs import chip as chip
    from neurorebit.library.inputs import device as device
    from neurorebit.library.inputs import network as network
    from neurorebit.library.inputs import technology as technology
    from neurorebit.library.mappings import map_network as map_network
    from neurorebit.library.measured import fit as fit
    from neurorebit.library.runs import runs as runs
    from neurorebit.library.searches import search as search
    from neurorebit.library.silicon import macro as macro
    from neurorebit.library.silicon import validate_silicon as validate_silicon
    from neurorebit.library.trainings import compare_schemes as compare_schemes
    from neurorebit.library.trainings import run as run
    from neurorebit.library.trainings import train as train
    from neurorebit.schema.errors import InfeasibleError as InfeasibleError
    from neurorebit.schema.errors import InputError as InputError

__version__ = "0.1.0"

_HOMES = {  # the module of each public name
    "network": "library.inputs",
    "chip": "library.inputs",
    "device": "library.inputs",
    "technology": "library.inputs",
    "estimate": "library.estimates",
    "sweep": "library.estimates",
    "corners": "library.estimates",
    "nodes": "library.estimates",
    "compare": "library.comparisons",
    "validate": "library.comparisons",
    "validate_silicon": "library.silicon",
    "macro": "library.silicon",
    "search": "library.searches",
    "map_network": "library.mappings",
    "fit": "library.measured",
    "train": "library.trainings",
    "run": "library.trainings",
    "evaluate": "library.evaluations",
    "compare_schemes": "library.trainings",
    "read": "library.comparisons",
    "runs": "library.runs",
    "InputError": "schema.errors",
    "InfeasibleError": "schema.errors",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    """A public name, imported from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module 'neurorebit' has no attribute {name!r}")
    return getattr(import_module(f"neurorebit.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
