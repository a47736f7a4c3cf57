"""The sections of a record of silicon (docs/guide/silicon.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurorebit.macros.point import Point, Share, Voltage
from neurorebit.macros.structure import Structure
from neurorebit.macros.table import STRUCTURES
from neurorebit.schema import Section, kind_of, quantity
from neurorebit.schema.numbers import Real

Evidence = Literal["measured", "post-layout", "simulated", "derived"]
Texts = tuple[str, ...]
Area = Annotated[Real, quantity("m2", above=0)]
Positive = Annotated[Real, quantity("", above=0)]
AREA, ENERGY, TIME = "area", "energy", "time"


@dataclass(frozen=True, eq=False, kw_only=True)
class Origin(Section):
    """A technology or device file: a shipped name, or a path that counts from the record.

    ``set`` changes keys of it. ``vdd`` is the supply where it is not that of the point.
    """

    file: str
    vdd: Voltage | None = None
    set: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class Assumed(Section):
    """A value that no source gives: its ``key`` in the record (or a name), and ``why`` it is so."""

    key: str
    value: str = ""
    why: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Given(Section):
    """A figure that is taken over from silicon instead of being predicted.

    ``energy`` is that of a product, ``power`` that of the macro at work, ``share`` a share of the
    measured energy: one of them, or none where ``key`` names the key of the record that holds the
    figure. ``area`` is that of what is given. ``parts`` are parts of ours in whose place it stands.
    """

    what: str
    key: str = ""
    energy: Annotated[Real, quantity("J", at_least=0)] | None = None
    power: Annotated[Real, quantity("W", at_least=0)] | None = None
    share: Share | None = None
    area: Area | None = None
    parts: Texts = ()
    why: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Constant(Section):
    """The one constant of a macro, fitted on the fit point: a factor on the ``energy`` (or ``time``
    or ``area``) of parts of ours, or the value of one ``key`` of the record.

    ``least`` and ``most`` bound it: a value of a key as its file writes it, or a factor.
    """

    name: str
    parts: Texts = ()
    key: str = ""
    of: Literal["energy", "time", "area"] = "energy"
    least: str = ""
    most: str = ""
    why: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Piece(Section):
    """A part of a published split, and the parts of ours that it holds."""

    share: Share
    parts: Texts = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Split(Section):
    """A published split of energy or area. ``of`` says of what, ``point`` is the point's ``id``.

    A piece without parts of ours, or a plain share, is unattributed: the shares of the others are
    then compared as shares of what is attributed.
    """

    pieces: Mapping[str, Piece]
    of: str = ""
    point: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class AreaOf(Section):
    """A published area of some parts of ours."""

    area: Area
    parts: Texts


@dataclass(frozen=True, eq=False, kw_only=True)
class BlockFigure(Section):
    """A single block's figure, by the word that ``measured`` has for it: parts of ours, ``count``
    of which are alike.
    """

    parts: Texts
    of: Literal["energy", "time", "area", "power"] = "energy"
    count: Positive = 1.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Ops(Section):
    """How the source counts operations: ``per_mac`` for each multiply-accumulate, and (where it
    normalises) ``normalised_to`` bits of input and of weight, ``1, 1`` for 1b x 1b.
    """

    per_mac: Positive = 2.0
    normalised_to: Annotated[NDArray[np.float64], quantity("", above=0, many=True)] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Copies(Section):
    """Macros that the figures ``counted_in`` are of, where ours is one of them."""

    count: Positive
    counted_in: tuple[Literal["throughput", "power", "area"], ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Measurement(Point):
    """A point of a record: its conditions, and what was ``measured`` there.

    ``part``: a constant may be fitted on the one point ``fit``; ``public`` points are known to who
    builds, ``held`` ones are not. ``supplies`` are voltages of single roles. ``stated`` is what a
    text says beside a plot.
    """

    id: str
    measured: Any = None
    part: Literal["fit", "public", "held"] = "public"
    evidence: Evidence | None = None
    reading_error: Share | None = None
    supplies: Mapping[str, Voltage] = field(default_factory=dict)
    stated: Any = None
    note: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Record(Section):
    """A published macro: structure, supplies, what is known of it, and its operating points."""

    silicon: str
    id: str
    macro: Annotated[Structure, kind_of(STRUCTURES, "kind")]
    supplies: Mapping[str, Origin]
    points: tuple[Measurement, ...]
    device: Origin | None = None
    doi: Any = None
    source: str = ""
    evidence: Evidence = "measured"
    near: Literal["paper", "transcribed", "headline"] = "paper"
    grade: Literal["A", "B", "C"] = "A"
    reading_error: Share | None = None
    conditions: Point = field(default_factory=Point)
    assumptions: tuple[Assumed, ...] = ()
    given: tuple[Given, ...] = ()
    constant: Constant | None = None
    scope: Texts = ()
    without: Mapping[Literal["energy", "area"], Texts] = field(default_factory=dict)
    parts: Mapping[str, Texts] = field(default_factory=dict)
    area: Area | None = None
    areas: Mapping[str, AreaOf] = field(default_factory=dict)
    shares: Mapping[Literal["energy", "area"], Split] = field(default_factory=dict)
    blocks: Mapping[str, BlockFigure] = field(default_factory=dict)
    ops: Ops = field(default_factory=Ops)
    copies: Copies | None = None
    note: str = ""
