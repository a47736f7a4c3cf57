"""Weights that were trained elsewhere, and are written to the cells once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from neurorebit.schemes.parts.scheme import Held, Scheme

if TYPE_CHECKING:
    from neurorebit.training.parts.weights import Site, Weights


def _load() -> Callable[[Site], Weights]:
    from neurorebit.schemes.deployed.weights import weights

    return weights


DEPLOYED = Scheme(
    summary="Weights are given and written to the cells once; nothing is trained.",
    held=Held.GIVEN,
    architecture="inference_reram",
    chip="only infers",
    heeds=frozenset(),
    kept=0,
    velocity=False,
    descends=False,
    several=True,
    load=_load,
)
