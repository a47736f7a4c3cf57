"""Weights that were trained elsewhere, and are written to the cells once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from neurorebit.schema import InputError
from neurorebit.schemes.parts.scheme import Held, Scheme

if TYPE_CHECKING:
    from neurorebit.training.parts.weights import Site, Weights


def _load() -> Callable[[Site], Weights]:
    return _refuse


def _refuse(site: Site) -> NoReturn:
    raise InputError("scheme=deployed: weights are given, none are trained")


DEPLOYED = Scheme(
    summary="Weights are given and written to the cells once; nothing is trained.",
    held=Held.GIVEN,
    architecture="inference_reram",
    chip="only infers",
    heeds=frozenset(),
    kept=0,
    velocity=False,
    descends=False,
    load=_load,
)
