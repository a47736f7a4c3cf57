"""The sections of a record of silicon (docs/guide/silicon.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurorebit.macros.assembly import Assembly
from neurorebit.macros.point import Point, Share, Voltage
from neurorebit.macros.structure import Structure
from neurorebit.macros.table import STRUCTURES
from neurorebit.schema import Section, kind_of, quantity
from neurorebit.schema.numbers import Real

Evidence = Literal["measured", "post-layout", "simulated", "derived"]
Shared = Literal["energy", "area"]
CRITERIA = "mean", "energy", "area", "shares", "blocks", "points", "constant"
Texts = tuple[str, ...]
Area = Annotated[Real, quantity("m2", above=0)]
Positive = Annotated[Real, quantity("", above=0)]
AREA, ENERGY, TIME = "area", "energy", "time"


@dataclass(frozen=True, eq=False, kw_only=True)
class Origin(Section):
    """A technology or device file.

    ``file`` is a shipped name, or a path that counts from the record. ``set`` changes keys of it.
    """

    file: str
    set: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class Supply(Origin):
    """A technology at a supply.

    ``vdd`` is its voltage, where it is not that of the point.
    """

    vdd: Voltage | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Assumed(Section):
    """A value that no source gives.

    ``key`` is a key of the record, or names what is assumed. ``value`` says what it is, where no
    key has it. ``why`` says on what grounds.
    """

    key: str
    value: str = ""
    why: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Given(Section):
    """A figure that is taken over from silicon instead of being predicted.

    ``what`` names it. ``key`` is the key of the record that holds the figure, where one does.
    ``energy`` is that of a product. ``power`` is that of the macro at work. ``share`` is a share of
    the measured energy. ``each`` says that energy or power are of one of the rows, or columns, that
    work at the point, rather than of the macro. ``area`` is that of what is given. ``parts`` are
    parts of ours in whose place it stands. ``why`` says why it is not predicted.
    """

    what: str
    key: str = ""
    energy: Annotated[Real, quantity("J", at_least=0)] | None = None
    power: Annotated[Real, quantity("W", at_least=0)] | None = None
    share: Share | None = None
    each: Literal["rows", "columns"] | None = None
    area: Area | None = None
    parts: Texts = ()
    why: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Constant(Section):
    """The one constant of a macro, fitted on the fit point.

    ``name`` says what it is. ``parts`` are parts of ours that a factor multiplies. ``key`` is a key
    of the record whose value is fitted, in place of a factor. ``of`` says which figure is fitted,
    and multiplied by a factor. ``least`` bounds it from below: a factor (0.01), or a value as its
    key has it. ``most`` bounds it from above (100). ``why`` says why it is needed.
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
    """A part of a published split.

    ``share`` is silicon's. ``parts`` are the parts of ours that it holds.
    """

    share: Share
    parts: Texts = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Split(Section):
    """A published split of energy or area.

    ``pieces`` are its parts by name, each with ``share`` and ``parts``. A piece without parts of
    ours, or a plain share, is unattributed: the shares of the others are then compared as shares of
    what is attributed. ``of`` says of what the split is. ``point`` is the ``id`` of the point that
    it holds for, the fit point unless given.
    """

    pieces: Mapping[str, Piece]
    of: str = ""
    point: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class AreaOf(Section):
    """A published area of some parts.

    ``area`` is silicon's. ``parts`` are the parts of ours that it holds.
    """

    area: Area
    parts: Texts


@dataclass(frozen=True, eq=False, kw_only=True)
class BlockFigure(Section):
    """A single block's figure, by the word that ``measured`` has for it.

    ``parts`` are the parts of ours that it is of. ``of`` says what it is. ``count`` is the number
    of alike blocks that these parts are, of which silicon's figure is one.
    """

    parts: Texts
    of: Literal["energy", "time", "area", "power"] = "energy"
    count: Positive = 1.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Ops(Section):
    """How the source counts operations.

    ``per_mac`` is the number of operations of a multiply-accumulate. ``normalised_to`` are the bits
    of an input and of a weight that the source scales its operations to, ``1, 1`` for 1b x 1b.
    """

    per_mac: Positive = 2.0
    normalised_to: Annotated[NDArray[np.float64], quantity("", above=0, many=True)] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Copies(Section):
    """Macros that figures are of, where ours is one of them.

    ``count`` is their number. ``counted_in`` are the figures that are of all of them.
    """

    count: Positive
    counted_in: tuple[Literal["throughput", "power", "area"], ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Measurement(Point):
    """A point of a record: its conditions, and what was measured there.

    ``id`` names it. ``measured`` has [figures](#measured-figures) by their form. ``part`` is
    its use: on the one point ``fit`` a constant may be fitted; ``public`` ones are known to who
    builds, ``held`` ones are not. ``evidence`` is as in the record, where it differs.
    ``reading_error`` likewise. ``supplies`` are voltages of single supplies. ``macro`` are keys
    of the structure that differ here, as in another mode of a macro. ``stated`` is what a text
    says beside a plot. ``note`` is for the reader.
    """

    id: str
    measured: Any = None
    part: Literal["fit", "public", "held"] = "public"
    evidence: Evidence | None = None
    reading_error: Share | None = None
    supplies: Mapping[str, Voltage] = field(default_factory=dict)
    macro: Mapping[str, Any] = field(default_factory=dict)
    stated: Any = None
    note: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Record(Section):
    """A published macro: structure, supplies, what is known of it, and its operating points.

    ``id`` is a short name that no other record has. ``silicon`` says whose macro it is.
    ``macro`` is the structure, see [structures](#structures). ``supplies`` are technologies by
    role: a name, a path or a section. ``device`` is the memory device, of macros that have one.
    ``points`` are the operating points. ``conditions`` are keys of all points that do not give
    them.

    ``doi`` is that of the source, or a list. ``source`` names it in words. ``evidence`` says
    how the figures came about. ``near`` is the source: the ``paper`` was read, or figures are
    ``transcribed`` by others, or of a ``headline`` or an abstract. ``grade`` says how far the
    macro is known: A fully, B with assumptions, C by single blocks alone. ``reading_error`` is
    that of figures read off plots.

    ``assumptions`` are values that no source gives. ``given`` are figures that are taken over
    from silicon. ``constant`` is fitted on one point. ``scope`` says in words what the measured
    energy holds. ``without`` are parts of ours that the published energy, or area, does not
    hold. ``parts`` are parts of ours by the names that measured energies of parts have.
    ``area`` is the whole published area. ``areas`` are published areas of some parts, by name.
    ``shares`` are published splits, of energy and of area. ``blocks`` are single blocks with
    figures of their own, by their key in ``measured``. ``ops`` says how the source counts
    operations. ``copies`` says which figures are of several macros. ``assembly`` says how
    blocks are put together. ``unmet`` says why criteria do not hold, each by its word and
    what it does not hold of, as in ``shares.area.DACs``. ``note`` is for the reader.
    """

    id: str
    silicon: str = ""
    macro: Annotated[Structure, kind_of(STRUCTURES, "kind")]
    supplies: Mapping[str, Supply]
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
    without: Mapping[Shared, Texts] = field(default_factory=dict)
    parts: Mapping[str, Texts] = field(default_factory=dict)
    area: Area | None = None
    areas: Mapping[str, AreaOf] = field(default_factory=dict)
    shares: Mapping[Shared, Split] = field(default_factory=dict)
    blocks: Mapping[str, BlockFigure] = field(default_factory=dict)
    ops: Ops = field(default_factory=Ops)
    copies: Copies | None = None
    assembly: Assembly = field(default_factory=Assembly)
    unmet: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
