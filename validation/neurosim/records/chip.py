"""Reference chips: a network on a whole chip, with what another tool or silicon says of it.

A file is ``{"tool", "configurations": [...]}``. ``validation/README.md`` has the format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.schema import InputError
from validation.neurosim.records.module import CURE, number_of, opened, text_of, value_of

Rows = NDArray[np.float64]  # one number a layer
Flags = NDArray[np.bool_]
LAYERS = "layers_ifm_h_w_cin_kh_kw_cout_maxpool_stride"
PHASES = {"forward": "FW", "activation_gradient": "AG"}

# What holds where a record does not say.
GIVEN = {
    "temp": 300.0,
    "clkFreq": 1e9,
    "memcelltype": 2.0,
    "accesstype": 1.0,
    "operationmode": 2.0,
    "SARADC": 1.0,
    "currentMode": 1.0,
    "readVoltage": 0.5,
    "accessVoltage": 1.1,
    "resistanceAccess": 15e3,
    "heightInFeatureSize1T1R": 4.0,
    "widthInFeatureSize1T1R": 4.0,
    "heightInFeatureSizeSRAM": 8.0,
    "widthInFeatureSizeSRAM": 20.0,
    "widthSRAMCellNMOS": 2.08,
    "widthSRAMCellPMOS": 1.23,
    "widthAccessCMOS": 1.31,
    "minSenseVoltage": 0.1,
    "relaxArrayCellHeight": 0.0,
    "relaxArrayCellWidth": 0.0,
    "numColMuxed": 8.0,
    "novelMapping": 1.0,
    "trainingEstimation": 0.0,
    "chipActivation": 1.0,
    "pipeline": 0.0,
    "batchSize": 200.0,
    "numIteration": 250.0,
    "dramType": 2.0,
    "globalBufferType": 0.0,
    "globalBufferCoreSizeRow": 128.0,
    "globalBufferCoreSizeCol": 128.0,
    "tileBufferCoreSizeRow": 32.0,
    "tileBufferCoreSizeCol": 32.0,
    "peBufferType": 0.0,
    "globalBusDelayTolerance": 0.1,
    "treeFoldedRatio": 4.0,
    "maxGlobalBusWidth": 8192.0,
    "bufferOverHeadConstraint": 1.0,
    "numRowSubArrayWG": 128.0,
    "numColSubArrayWG": 128.0,
    "numRowMuxedWG": 8.0,
    "levelOutputWG": 16.0,
}

# What else is read; parameters beyond these are the reference's own business.
LARGEST, POOLED = 1e9, 6  # a size of a layer; the place of its pooling
MOST_BITS = 64

READ = (
    *GIVEN,
    *("technode", "deviceroadmap", "wireWidth", "AR", "Rho", "cellBit", "parallelBP"),
    *("numRowSubArray", "numColSubArray", "numRowMuxedAG", "levelOutput", "levelOutputAG"),
    *("resistanceOn", "resistanceOff"),
)


@dataclass(frozen=True, kw_only=True)
class ChipRecord:
    """One chip, as the reference has it. Layers are matrix layers, in network order.

    ``densities`` has the share of ones of each bit plane of a layer's inputs, highest first, one
    row a plane; ``spread`` is the standard deviation of the weights, which lie from -1 to 1.
    """

    tool: str
    name: str
    network: str
    where: str
    shapes: NDArray[np.float64]
    weight_bits: float
    input_bits: float
    parameters: Mapping[str, float]
    technology: str
    densities: NDArray[np.float64]
    spread: float
    area: float
    totals: Mapping[str, float]  # phase_quantity -> of all images
    layers: Mapping[str, Rows]  # the same of each layer, nan where nothing is said

    def error(self, what: str) -> InputError:
        return InputError(f"{self.where}: {what}", cure=CURE)

    def __getitem__(self, name: str) -> float:
        """A parameter; one that is missing is the record's fault."""
        value = self.parameters.get(name, GIVEN.get(name))
        if value is None:
            raise self.error(f"parameters.{name}: missing; a record of a chip needs it")
        return value

    @property
    def training(self) -> bool:
        """Whether the arrays can be read back."""
        return bool(self["trainingEstimation"])

    @property
    def images(self) -> float:
        """How many images the figures are for."""
        return self["batchSize"] * self["numIteration"] if self.training else 1.0

    @property
    def sram(self) -> bool:
        """Whether the cells are SRAM."""
        return self["memcelltype"] == 1.0

    @property
    def row_by_row(self) -> bool:
        """Whether rows are read one after the other."""
        return self["operationmode"] == 1.0

    @property
    def cell(self) -> tuple[float, float]:
        """Height and width of a cell, in features; relaxed, pass gates fit beside it."""
        kind = "SRAM" if self.sram else "1T1R"
        height, width = self[f"heightInFeatureSize{kind}"], self[f"widthInFeatureSize{kind}"]
        if self["relaxArrayCellHeight"]:
            height = max(height, 28.0)
        if self["relaxArrayCellWidth"]:
            width = max(width, 7.6 if self.sram else 15.2)
        return height, width

    @property
    def cell_bits(self) -> float:
        """Bits of a cell."""
        return 1.0 if self.sram else self["cellBit"]

    @property
    def cells_per_weight(self) -> float:
        """Cells of a row that hold a weight."""
        return float(np.ceil(self.weight_bits / self.cell_bits - 1e-9))

    @cached_property
    def positions(self) -> Rows:
        """Kernel positions of each layer."""
        result: Rows = self.shapes[3] * self.shapes[4]
        return result

    @cached_property
    def common(self) -> float:
        """Kernel positions that most layers have, the first of several."""
        result = list(self.positions)
        return float(max(dict.fromkeys(result), key=result.count))

    @cached_property
    def split(self) -> Flags:
        """Layers with a PE for each kernel position."""
        full = self.shapes[2] * self.positions >= self["numRowSubArray"]
        result: Flags = (self.positions == self.common) & full & bool(self["novelMapping"])
        return result

    @cached_property
    def vectors(self) -> Rows:
        """Input vectors of one image, without padding."""
        height, width, _, kernel_height, kernel_width, _, _, stride = self.shapes
        down = (height - kernel_height + 1.0) / stride
        across = (width - kernel_width + 1.0) / stride
        result: Rows = np.maximum(np.floor(down * across), 0.0)
        return result


def read_chips(source: Path | None) -> tuple[ChipRecord, ...]:
    """The chips of a folder, of one file, or (None) the public ones that the project carries."""
    return tuple(
        _chip(document["tool"], entry, f"{path}: configurations[{i}]")
        for path, document in opened(source)
        for i, entry in enumerate(_entries(document, path))
    )


def _entries(document: dict[str, Any], path: Path) -> list[Any]:
    entries = document.get("configurations", [])
    if not isinstance(entries, list):
        raise InputError(f"{path}: configurations: expected a list", cure=CURE)
    return entries


def _chip(tool: str, entry: Any, where: str) -> ChipRecord:
    if not isinstance(entry, dict):
        raise InputError(f"{where}: expected an object", cure=CURE)
    name = text_of(entry, "config_id", where)
    where = f"{where} ({name})"
    shapes = _shapes(entry, where)
    given = _object(value_of(entry, "parameters", where), "parameters", where)
    where_to = f"{where}: parameters"
    parameters = {key: number_of(given, key, where_to) for key in READ if key in given}
    return ChipRecord(
        tool=tool,
        name=name,
        network=str(entry.get("network", "")),
        where=where,
        shapes=shapes,
        weight_bits=_bits(entry, "weight_bits", where),
        input_bits=_bits(entry, "input_bits", where),
        parameters=parameters,
        technology=_technology(given, parameters, where),
        **_trace(entry, shapes.shape[1], where),
        area=_area(entry, where),
        **_figures(entry, shapes.shape[1], where),
    )


def _bits(entry: dict[str, Any], key: str, where: str) -> float:
    bits = number_of(entry, key, where)
    if not 1.0 <= bits <= MOST_BITS or bits != int(bits):
        raise InputError(
            f"{where}: {key}: expected a whole number from 1 to {MOST_BITS}", cure=CURE
        )
    return bits


def _area(entry: dict[str, Any], where: str) -> float:
    areas = _object(value_of(entry, "area_m2", where), "area_m2", where)
    area = number_of(areas, "chip", f"{where}: area_m2")
    if not area > 0.0:
        raise InputError(f"{where}: area_m2.chip: must be above 0, got {area:g}", cure=CURE)
    return area


def _shapes(entry: dict[str, Any], where: str) -> NDArray[np.float64]:
    layers = value_of(entry, LAYERS, where)
    try:
        shapes = np.array(layers, dtype=np.float64).T
    except (TypeError, ValueError, OverflowError):
        shapes = np.empty(0)
    if shapes.ndim != 2 or len(shapes) != 8 or not np.all(np.abs(shapes) <= LARGEST):
        raise InputError(
            f"{where}: {LAYERS}: expected a list of layers, eight numbers each, up to {LARGEST:g}",
            cure=CURE,
        )
    if np.any(np.delete(shapes, POOLED, axis=0) < 1.0):
        raise InputError(f"{where}: {LAYERS}: all but the pooling must be 1 or more", cure=CURE)
    return shapes


def _technology(given: dict[str, Any], parameters: Mapping[str, float], where: str) -> str:
    if "technology" in given:
        return text_of(given, "technology", f"{where}: parameters")
    roadmap = {1.0: "hp", 2.0: "lstp"}.get(
        number_of(given, "deviceroadmap", f"{where}: parameters")
    )
    if roadmap is None:
        raise InputError(
            f"{where}: parameters.deviceroadmap: expected 1 (HP) or 2 (LSTP)", cure=CURE
        )
    return f"{number_of(given, 'technode', f'{where}: parameters'):g}nm_{roadmap}"


def _trace(entry: dict[str, Any], count: int, where: str) -> dict[str, Any]:
    """Densities of the planes, and the spread of the weights."""
    trace = value_of(entry, "trace", where)
    where = f"{where}: trace"
    layers = value_of(trace, "layers", where) if isinstance(trace, dict) else None
    if not isinstance(layers, list) or len(layers) != count:
        raise InputError(
            f"{where}.layers: expected one entry for each of the {count} layers", cure=CURE
        )
    planes = int(_bits(entry, "input_bits", where.removesuffix(": trace")))
    densities = np.zeros((planes, count))
    for i, given in enumerate(layers):
        layer = _object(given, f"layers[{i}]", where)
        result = layer.get("bit_ones_fraction_per_bit_msb_first") or [
            number_of(layer, "trace_activity", f"{where}.layers[{i}]")
        ]
        if not isinstance(result, list) or len(result) not in (1, planes):
            raise InputError(
                f"{where}.layers[{i}]: expected a share of ones for each input bit", cure=CURE
            )
        densities[:, i] = [
            number_of({"share": share}, "share", f"{where}.layers[{i}]") for share in result
        ]
    if np.any(densities < 0.0) or np.any(densities > 1.0):
        raise InputError(f"{where}: a share of ones must lie between 0 and 1", cure=CURE)
    means = [
        number_of({"mean_abs_weight": 0.28, **layer}, "mean_abs_weight", f"{where}.layers[{i}]")
        for i, layer in enumerate(layers)
    ]
    normal = float(np.mean(means)) * np.sqrt(np.pi / 2.0)  # spread of normal weights
    return {"densities": densities, "spread": number_of({"w_std": normal, **trace}, "w_std", where)}


def _figures(entry: dict[str, Any], count: int, where: str) -> dict[str, Any]:
    """Energy and time of the phases: in total, and of each layer."""
    rows, whole = entry.get("per_layer_per_epoch") or [{}] * count, entry.get("per_epoch") or {}
    if not isinstance(rows, list) or len(rows) != count:
        raise InputError(f"{where}: per_layer_per_epoch: expected {count} layers", cure=CURE)
    totals, layers = {}, {}
    for phase, short in PHASES.items():
        for quantity, unit in (("energy", "J"), ("latency", "s")):
            key, at = f"{phase}_{quantity}_{unit}", f"{where}: per_epoch.{phase}"
            totals[key] = _figure(_object(whole, "per_epoch", where).get(phase), quantity, unit, at)
            layers[key] = np.array(
                [
                    _figure(row, f"{quantity}_{short}", unit, f"{where}: per_layer_per_epoch[{i}]")
                    for i, row in enumerate(rows)
                ]
            )
    return {
        "totals": {key: total for key, total in totals.items() if total > 0.0},
        "layers": layers,
    }


def _object(given: Any, key: str, where: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise InputError(f"{where}: {key}: expected names and numbers", cure=CURE)
    return given


def _figure(given: Any, quantity: str, unit: str, where: str) -> float:
    """A figure, or nan where nothing is said."""
    name = f"{quantity}_{unit}"
    result = _object(given or {}, "figures", where).get(name)
    if result is None or result != result:
        return np.nan
    return number_of({name: result}, name, where)
