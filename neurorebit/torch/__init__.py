"""PyTorch models on the arrays: any model, loader and loop of PyTorch, with the chip's bill.

    import neurorebit as nr, neurorebit.torch as nrt

    analog = nrt.convert(model, nr.chip("rebit"), scheme="hybrid")
    optimizer = torch.optim.AdamW(analog.parameters())
    for x, y in loader:
        optimizer.zero_grad()
        loss(analog(x), y).backward()
        optimizer.step()
        analog.sync()
    nrt.estimate(analog).phases

Each name is imported when it is first used, and PyTorch with it.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from neurorebit.schema import InputError

if TYPE_CHECKING:
    from neurorebit.torch.analog import Analog as Analog
    from neurorebit.torch.converting import convert as convert
    from neurorebit.torch.optimising import Optimiser as Optimiser
    from neurorebit.torch.optimising import optimiser as optimiser
    from neurorebit.torch.recording import estimate as estimate
    from neurorebit.torch.recording import run as run

_HOMES = {  # the module of each public name
    "convert": "converting",
    "optimiser": "optimising",
    "estimate": "recording",
    "run": "recording",
    "Analog": "analog",
    "Optimiser": "optimising",
}
__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    """A public name, imported from its module; InputError where PyTorch is not installed."""
    if name not in _HOMES:
        raise AttributeError(f"module 'neurorebit.torch' has no attribute {name!r}")
    if find_spec("torch") is None:
        message, cure = "neurorebit.torch takes PyTorch", "pip install 'neurorebit[torch]'"
        raise InputError(f"{message}, which is not installed", cure=f"install it: {cure}")
    return getattr(import_module(f"neurorebit.torch.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
