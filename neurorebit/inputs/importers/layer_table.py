"""The layer table of NeuroSim as a network: a line of eight numbers for each layer.

Published with the tool (P.-Y. Chen, X. Peng, S. Yu, IEEE TCAD 37, 2018; X. Peng et al., IEDM 2019):
height and width of the input map, its channels, height and width of the kernel, channels out,
whether a 2 x 2 pooling follows, and the stride. The table does not say how maps are padded: what
the next line gets decides.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from neurorebit.schema import InputError
from neurorebit.schema.errors import File, Line
from neurorebit.schema.yaml_text import read_text

COLUMNS = "height, width, channels in, kernel height, kernel width, channels out, pooling, stride"
POOL = 2  # side of the window that follows a layer
MOST = 10_000  # lines
LARGEST = 1_000_000
CURE = f"a line has {COLUMNS}"


class _Row(NamedTuple):
    """A line: the numbers of a layer, and where it stands."""

    height: int
    width: int
    channels: int
    high: int
    wide: int
    out: int
    pooling: int
    stride: int
    line: int


def read_layer_table(path: Path, shown: str, sizes: Mapping[str, int]) -> dict[str, Any]:
    """The values of a network file; InputError where the table is none, or layers do not fit."""
    if sizes:
        message = "the table says what the input is"
        raise InputError(message, origin=File(shown), cure="leave out network.input")
    rows = _rows(read_text(path, shown), shown)
    layers = _Chain(rows, shown).layers()
    first = rows[0]
    return {
        "source": f"layer table {Path(shown).name}",
        "name": path.stem,
        "input": {"channels": first.channels, "height": first.height, "width": first.width},
        "layers": layers,
    }


def _rows(text: str, shown: str) -> list[_Row]:
    """The lines of the table; empty ones, and a heading, are left out."""
    rows: list[_Row] = []
    for number, cells in enumerate(csv.reader(text.splitlines()), start=1):
        words = [word.strip() for word in cells]
        while words and not words[-1]:
            words.pop()
        if not words or (not rows and any(c.isalpha() for c in words[0])):
            continue
        where = Line(shown, number)
        if len(words) != 8:
            message = f"expected 8 numbers, got {len(words)}"
            raise InputError(message, origin=where, cure=CURE)
        try:
            numbers = [int(float(word)) for word in words]
            whole = all(float(word) == n for word, n in zip(words, numbers, strict=True))
        except (ValueError, OverflowError):
            whole, numbers = False, []
        if not whole:
            message = f"expected whole numbers, got '{', '.join(words)}'"
            raise InputError(message, origin=where, cure=CURE)
        if min(numbers[:6] + numbers[7:]) < 1 or max(numbers) > LARGEST or numbers[6] not in (0, 1):
            message = f"a number is out of its bounds: {', '.join(words)}"
            cure = "sizes are 1 or more, pooling is 0 or 1"
            raise InputError(message, origin=where, cure=cure)
        rows.append(_Row._make([*numbers, number]))
        if len(rows) > MOST:
            raise InputError(f"more than {MOST:,} layers", origin=where, cure="write fewer")
    if not rows:
        raise InputError("holds no layer", origin=File(shown), cure=CURE)
    return rows


class _Chain:
    """The layers of the lines, each of which reads the map before it, or an earlier one.

    A line that reads an earlier map and gives the map that is there already is a shortcut: both are
    added. Shortcuts without weights have no line, and are not there.
    """

    def __init__(self, rows: Sequence[_Row], shown: str) -> None:
        self.rows, self.shown = rows, shown
        first = rows[0]
        self.map = first.channels, first.height, first.width
        self.name = "input"
        self.maps: list[tuple[str, tuple[int, int, int]]] = [(self.name, self.map)]
        self.made: list[dict[str, Any]] = []

    def layers(self) -> list[dict[str, Any]]:
        """All layers, as a network file has them."""
        for i, row in enumerate(self.rows):
            self._row(i, row)
        return self.made

    def _put(self, kind: str, name: str, given: tuple[int, int, int], **keys: Any) -> None:
        self.made.append({"kind": kind, "name": name, **keys})
        self.name, self.map = name, given
        self.maps.append((name, given))

    def _row(self, i: int, row: _Row) -> None:
        """A line: a layer with weights, and what follows it."""
        name, last = f"layer{i + 1}", i == len(self.rows) - 1
        wanted, before = (row.channels, row.height, row.width), (self.name, self.map)
        c, h, w = self.map
        reads: dict[str, str] = {}
        if self.map != wanted and wanted == (c * h * w, 1, 1):
            self._put("flatten", f"{name}.flatten", wanted)
        elif self.map != wanted:
            if wanted not in [given for _, given in self.maps]:
                raise self._misfit(row, f"gets {c} x {h} x {w} of the lines before it")
            reads["input"] = next(n for n, given in reversed(self.maps) if given == wanted)
        if wanted[1:] == (1, 1) and row.high == row.wide == 1:
            self._put("linear", name, (row.out, 1, 1), **reads, features=row.out)
        else:
            self._convolution(i, row, name, reads)
        if reads:
            if self.map != before[1]:
                raise self._misfit(row, "reads an earlier map, and gives another than the last")
            self._put("add", f"{name}.add", self.map, other=before[0])
        if not last:
            self._put("relu", f"{name}.relu", self.map)
        if row.pooling:
            c, h, w = self.map
            if min(h, w) < POOL:
                raise self._misfit(row, f"a map of {h} x {w} is not pooled")
            self._put("max_pool", f"{name}.pool", (c, h // POOL, w // POOL), kernel=POOL)

    def _convolution(self, i: int, row: _Row, name: str, reads: dict[str, str]) -> None:
        """A convolution with the zeros that the next line asks for."""
        pads, out = [], []
        later = self.rows[i + 1] if i + 1 < len(self.rows) else None
        sides = ((row.height, row.high), (row.width, row.wide))
        asked = (later.height, later.width) if later else (0, 0)
        flat = self._flat(row, later)
        for side, (size, kernel) in enumerate(sides):
            options = {
                total: (size + total - kernel) // row.stride + 1
                for total in range(kernel)
                if size + total >= kernel
            }
            fits = [
                total
                for total, n in options.items()
                if (n // POOL if row.pooling else n) in (asked[side], flat[side])
            ]
            total = min(fits or [kernel - 1], key=lambda total: (total % 2, total))
            pads.append((total // 2, total - total // 2))
            out.append(options[total])
        (top, bottom), (left, right) = pads
        keys: dict[str, Any] = {"channels": row.out}
        keys["kernel"] = row.high if row.high == row.wide else [row.high, row.wide]
        if row.stride > 1:
            keys["stride"] = row.stride
        if any((top, bottom, left, right)):
            same = top == bottom == left == right
            keys["padding"] = top if same else [top, bottom, left, right]
        self._put("conv", name, (row.out, out[0], out[1]), **reads, **keys)

    @staticmethod
    def _flat(row: _Row, later: _Row | None) -> tuple[int, int]:
        """The map whose values are the next line's vector; 0 x 0 where there is none."""
        if later is None or later.height * later.width > 1 or later.channels % row.out:
            return 0, 0
        positions = later.channels // row.out
        for high in range(1, positions + 1):
            wide = positions // high
            if positions % high == 0 and high * row.width == wide * row.height:
                return high, wide
        return 0, 0

    def _misfit(self, row: _Row, why: str) -> InputError:
        """The error of a line that does not follow from those before it."""
        message = f"a layer of {row.channels} x {row.height} x {row.width}: {why}"
        cure = "write a network file, which says what each layer reads"
        return InputError(message, origin=Line(self.shown, row.line), cure=cure)
