"""Our figures against the public records, and that a block that is wrong shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracle.records import RAMP, STEP, TOOL, entry

from neurorebit.circuits import shared
from neurorebit.circuits.adder import Adder
from neurorebit.circuits.converters.sar import SarAdc
from neurorebit.circuits.cost import Cost
from neurorebit.circuits.decoder import Decoder
from neurorebit.circuits.encoder import Encoder
from neurorebit.circuits.gates import Gate
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.register import Register
from neurorebit.circuits.wire import RepeatedWire
from validation.neurosim import run
from validation.neurosim.compare import LARGEST, Comparison, _technology, compare, deviation
from validation.neurosim.composition.macro import Side
from validation.neurosim.composition.reram import ReramMacro
from validation.neurosim.quirks.tool import NEUROSIM
from validation.neurosim.records.module import Record


def of(records: tuple[Record, ...], module: str, *variants: str) -> list[Record]:
    return [r for r in records if r.module == module and (not variants or r.variant in variants)]


@pytest.fixture(scope="module")
def found(public: tuple[Record, ...]) -> Comparison:
    return compare(public)


def test_every_compared_value_is_within_bounds(found: Comparison) -> None:
    assert found.broken == []
    for name, module in found.modules.items():
        for quantity, values in module.quantities.items():
            assert max(values.deviations) <= LARGEST == 0.02, (name, quantity)


def test_only_what_means_nothing_is_left_out(found: Comparison) -> None:
    """Memory that was never set."""
    out = {name: m.not_compared.total() for name, m in found.modules.items() if m.not_compared}
    assert out == {"HTree": 58}
    assert sum(module.values for module in found.modules.values()) == 18381


def test_every_value_is_counted(found: Comparison, public: tuple[Record, ...]) -> None:
    for name, module in found.modules.items():
        assert module.values == sum(len(r.outputs) for r in of(public, name))


def test_what_no_quirk_touches_agrees_to_the_digits_of_the_records(found: Comparison) -> None:
    exact = {
        "DFF": "read_energy_J",
        "SarADC": "read_energy_J",
        "formula.on_resistance": "resistance_ohm",
        "SubArray": "area_array_m2",
        "SRAMWriteDriver": "write_latency_s",
    }
    for module, quantity in exact.items():
        values = found.modules[module].quantities[quantity]
        assert max(values.deviations) < 1e-6
        assert not values.quirks


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Neither technologies nor circuits of before, nor any of these afterwards."""
    shared.forget()
    _technology.cache_clear()
    try:
        yield
    finally:
        shared.forget()
        _technology.cache_clear()


def off(records: list[Record]) -> list[str]:
    """The figures that are off by more than the bound."""
    return [line for line in compare(records).broken if "off, more than" in line]


WRONG: list[tuple[Any, str, tuple[str, ...]]] = [
    (Adder, "delay", ("Adder", "ShiftAdd")),
    (Adder, "full_adder_energy", ("Adder", "AdderTree")),
    (Register, "clock_energy", ("DFF", "BitShifter")),
    (Decoder.__base__, "energy", ("RowDecoder",)),
    (Encoder, "delay", ("MultilevelSAEncoder",)),
    (Precharger, "delay", ("Precharger",)),
    (Gate, "input_cap", ("formula.gate", "Comparator", "MaxPooling")),
    (Gate, "output_cap", ("formula.gate", "formula.drain_cap", "WLNewDecoderDriver")),
    (RepeatedWire, "energy", ("Bus", "HTree")),
]


@pytest.mark.parametrize(("cls", "name", "modules"), WRONG, ids=lambda value: str(value)[-30:])
def test_a_wrong_block_shows(
    cls: type,
    name: str,
    modules: tuple[str, ...],
    public: tuple[Record, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ten per cent more of one property, and the bound of its modules breaks."""
    right = vars(cls)[name]
    get: Callable[[Any], Any] = right.func if isinstance(right, cached_property) else right.fget
    records = {module: of(public, module)[:40] for module in modules}
    for module in modules:
        assert not off(records[module])
    with monkeypatch.context() as patch, nothing_kept():
        patch.setattr(cls, name, property(lambda self: 1.1 * get(self)))
        for module in modules:
            assert off(records[module]), module


def test_a_wrong_action_shows(public: tuple[Record, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a converter, and of a multiplexer whose every figure a quirk touches."""
    for cls, name, module in ((SarAdc, "convert", "SarADC"), (AnalogMux, "select", "Mux")):
        right = vars(cls)[name]

        def wrong(self: Any, *given: Any, right: Any = right) -> Cost:
            cost: Cost = 1.1 * right(self, *given)
            return cost

        with monkeypatch.context() as patch, nothing_kept():
            patch.setattr(cls, name, wrong)
            assert off(of(public, module)[:30]), module
        assert not off(of(public, module)[:30])


@pytest.mark.parametrize(
    ("cls", "name", "factor", "variant"),
    [
        (Side, "adcs", 1.1, "RRAM_parallel"),
        (Side, "adcs", 1.1, "SRAM_parallel"),
        (Side, "adcs", 1.1, "RRAM_sequential"),
        (ReramMacro, "row_line_cap", 3.0, "RRAM_sequential"),
    ],
)
def test_a_wrong_macro_shows(
    cls: type,
    name: str,
    factor: float,
    variant: str,
    public: tuple[Record, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    get, records = vars(cls)[name].fget, of(public, "SubArray", variant)[:4]
    assert not off(records)
    with monkeypatch.context() as patch, nothing_kept():
        patch.setattr(cls, name, property(lambda self: factor * get(self)))
        assert off(records)


def test_a_user_s_figures_are_taken_as_they_are(folder: Callable[..., Path]) -> None:
    """A latch leaks current times supply; the tool multiplies by the supply twice."""
    inputs = {"num_col": 128, "pitch_m": 6.4e-7, "sense_voltage_V": 0.1, "num_read": 8}
    inputs |= {"fixed_width_m": 8.192e-5, "clk_Hz": 1e9}
    # circuits.md 9, 32 nm LSTP at 320 K and 0.9 V, the tool's own figure and the right one
    as_tool = entry("SenseAmp", inputs, {"leakage_W": 1.6763e-9}, temperature_K=320)
    rightly = entry("SenseAmp", inputs, {"leakage_W": 1.6763e-9 / 0.9}, temperature_K=320)
    assert run(folder(as_tool, tool=TOOL), None)[1]
    assert run(folder(rightly, tool="SPICE of ours"), None)[1]
    assert not run(folder(rightly, tool=TOOL), None)[1]
    text, holds = run(folder(as_tool, tool="NeuroSim of ours"), None)
    assert not holds
    assert "Quirks" not in text
    assert "SenseAmp.leakage_W: 11.1" in text  # 1 / 0.9 - 1


def test_a_user_s_technology_is_drawn_as_its_file_says(folder: Callable[..., Path]) -> None:
    """The tool's cell is 28 F high at 14 nm, the file's 41.142 F."""
    inputs = {"num_inputs": 1, "width_nmos_m": 2.8e-8, "width_pmos_m": 2.8e-8}
    height = {"region_height_m": 0.0}
    for tool, expected in ((TOOL, 28.0), ("silicon", 41.142)):
        one = entry("formula.gate", inputs | height, {"height_m": expected * 14e-9})
        assert run(folder(one | {"technode_nm": 14}, tool=tool), None)[1], tool


def test_check_values_of_finfets_hold(folder: Callable[..., Path]) -> None:
    """circuits.md 9, 14 nm LSTP at 320 K: gates, and the areas of blocks made of them."""
    f = 14e-9
    gates = [  # NFET and PFET width / F, inputs, kind, width, input and output capacitance
        (2, 2, 1, "INV", 1.4840e-7, 2.3681e-16, 4.9922e-17),
        (9, 9, 1, "INV", 1.4840e-7, 7.1044e-16, 1.2235e-16),
        (40, 40, 3, "NOR", 1.1130e-6, 2.7233e-15, 9.8788e-16),
        (40, 40, 4, "NAND", 1.4840e-6, 2.7233e-15, 1.3207e-15),
    ]
    records = [
        entry(
            "formula.gate",
            {
                "num_inputs": n,
                "width_nmos_m": wn * f,
                "width_pmos_m": wp * f,
                "region_height_m": 28 * f,
            },
            {"width_m": width, "cap_input_F": into, "cap_output_F": out},
            variant=kind,
        )
        for wn, wp, n, kind, width, into, out in gates
    ]
    side = 128 * 20 * f
    register = {"num_dff": 100, "fixed_width_m": side, "num_read": 7, "num_dff_per_op": 60}
    mux = {"num_input": 16, "num_selection": 8, "target_tg_resistance_ohm": 125e3 / 128}
    mux |= {"fixed_width_m": side, "cap_load_F": 30e-15, "num_read": 8}
    outputs = {"area_m2": 5.4262e-12, "read_latency_s": 2.7547e-10, "read_energy_J": 4.7834e-14}
    records += [
        entry("DFF", register, {"area_m2": 7.0246e-11, "leakage_W": 1.2863e-8}),
        entry("Mux", mux, outputs),
    ]
    fins = {"technode_nm": 14, "temperature_K": 320}
    text, holds = run(folder(*(record | fins for record in records), tool=TOOL), None)
    assert holds, text


def test_a_value_that_must_be_compared_is_missed(folder: Callable[..., Path]) -> None:
    """An unknown figure of an adder, and ten in a hundred of what may be left out."""
    inputs = {"num_bit": 8, "num_adder": 1, "cap_load_F": 0.0, "num_read": 1}
    text, holds = run(folder(entry("Adder", inputs, {"delay_s": 1e-9})), None)
    assert not holds
    assert "Adder.delay_s: must be compared, and was not: our block has no figure" in text
    text, holds = run(folder(STEP, RAMP, entry("Flux capacitor", {}, {"power_W": 1.21e9})), None)
    assert not holds
    assert "Flux capacitor, 1 values: no block of ours stands for a module" in text
    assert "1 of 5 values not compared, more than 10%" in text
    assert run(folder(*[STEP] * 6, entry("Flux capacitor", {}, {"power_W": 1.21e9})), None)[1]


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [(1.0, 1.0, 0.0), (0.0, 0.0, 0.0), (1.1, 1.0, 0.1), (-1.0, 1.0, 2.0), (1.0, 0.0, 1e9)],
)
def test_deviations_are_relative_to_theirs(ours: float, theirs: float, expected: float) -> None:
    assert deviation(ours, theirs) == pytest.approx(expected)
    assert deviation(np.nan, 1.0) == 1e9


def test_quirks_say_what_is_right() -> None:
    for quirk in NEUROSIM.quirks:
        assert quirk.tool
        assert quirk.right
        assert quirk.quantities
