"""Tiki-Taka (TTv2): gradients pulse a fast array, its content moves slowly to a second one.

With a chopper (c-TTv2), and with a chopper and no reference cells (AGAD).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from neurorebit.layers.network import Node
from neurorebit.schema.activity import FastActivity
from neurorebit.schema.training import Training
from neurorebit.schemes.parts.scheme import CELL_KEYS, FastArray, Held, Scheme
from neurorebit.schemes.tiki_taka.keys import AgadKeys, ChopperKeys, TikiTakaKeys

if TYPE_CHECKING:
    from neurorebit.training.parts.weights import Site, Weights

# mean pulses of a fast cell over those of the busiest, measured in VGG11 of a quarter of the width
EVEN = 0.02


def assumed_activity(node: Node, training: Training) -> FastActivity:
    """Assumed activity of a layer's fast array in one batch, with as many pulses up as down."""
    own, matmul = training.own(TikiTakaKeys).tiki_taka, node.matmul
    assert matmul is not None
    vectors, rows = matmul.vectors * training.batch, matmul.rows * matmul.groups
    times, read = own.turns(vectors, rows)
    pulses = EVEN * min(own.pulses * times, vectors)
    return FastActivity(pulses / 2.0, pulses / 2.0, times * read / rows, 0.5)


def _load() -> Callable[[Site], Weights]:
    from neurorebit.schemes.tiki_taka.weights import TikiTakaWeights

    return TikiTakaWeights


def _load_chopped() -> Callable[[Site], Weights]:
    from neurorebit.schemes.tiki_taka.chopped import ChoppedWeights

    return ChoppedWeights


def _load_agad() -> Callable[[Site], Weights]:
    from neurorebit.schemes.tiki_taka.chopped import AgadWeights

    return AgadWeights


TIKI_TAKA = Scheme(
    summary="Two arrays a weight: gradients pulse a fast one, its content moves to a slow one.",
    held=Held.CELLS,
    organisation="tiki_taka",
    architecture="reram",
    chip="learns in place, 7-bit cells, two arrays a weight",
    heeds=CELL_KEYS,
    kept=1,
    velocity=False,
    keys=TikiTakaKeys,
    fast=FastArray(
        assumed_activity, f"of the fast array ours: {EVEN:g} of the pulses of its busiest cell"
    ),
    load=_load,
    on_sram="training had two arrays of devices a weight, the estimate bills {chip} in one of SRAM",
)

TIKI_TAKA_CHOPPED = replace(
    TIKI_TAKA,
    summary="Tiki-Taka whose rows change sign now and then, so that errors of references cancel.",
    organisation="chopped",
    keys=ChopperKeys,
    load=_load_chopped,
)

AGAD = replace(
    TIKI_TAKA,
    summary="Tiki-Taka with such signs and no references: digital memory says what a row had.",
    organisation="unreferenced",
    chip="learns in place, 7-bit cells, two arrays a weight, no references of the fast one",
    kept=3,  # sum, moving average, and that average at the last flip
    own=(1, 2),  # the newest read's weight; a comparison, and the average
    keys=AgadKeys,
    load=_load_agad,
)
