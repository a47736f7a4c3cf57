"""Our figures against the public records, and that a block that is wrong shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, wraps
from pathlib import Path
from typing import Any

import pytest
from oracle.records import RAMP, STEP, TOOL, entry

from neurorebit.checking.blocks import catalogue
from neurorebit.checking.compare import Comparison, compare, deviation
from neurorebit.checking.entry import Entry
from neurorebit.checking.records import TOLERANCE, parse
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
from validation.neurosim.quirks.tool import NEUROSIM
from validation.neurosim.records.module import Record
from validation.neurosim.translate import case_of

Held = Callable[[Path], tuple[str, bool]]


def of(records: tuple[Record, ...], module: str, *variants: str) -> list[Record]:
    return [r for r in records if r.module == module and (not variants or r.variant in variants)]


def test_every_compared_value_is_within_bounds(compared: Comparison) -> None:
    assert compared.broken == []
    for name, group in compared.groups.items():
        for figure, values in group.figures.items():
            assert max(values.deviations) <= TOLERANCE == 0.02, (name, figure)


def test_only_what_means_nothing_is_left_out(compared: Comparison) -> None:
    """Memory that was never set, what a block of ours does not have, and reads that never were.

    No chip of ours senses currents by such an amplifier; its converters are others, too, and their
    energy is corrected to the tool's fit.
    """
    out = {name: dict(group.left_out) for name, group in compared.groups.items() if group.left_out}
    nothing = "nothing happens in the record"
    assert out == {
        "CurrentSenseAmp": {"no block of ours stands for a module CurrentSenseAmp": 116},
        "HTree": {"depends on memory that was never set": 58},
        "RowDecoder": {nothing: 22},
        "SRAMWriteDriver": {"a write driver does nothing in a read": 48},
        "SubArray": {"a macro of ours has an area, and no outline": 318, nothing: 110},
        "SwitchMatrix": {nothing: 10},
        "Technology": {"no gate has a wire of polysilicon": 10},
    }


def test_every_value_is_counted(compared: Comparison, public: tuple[Record, ...]) -> None:
    assert sum(group.values for group in compared.groups.values()) == 18381
    for name, group in compared.groups.items():
        assert group.values == sum(len(r.outputs) for r in of(public, name))


def test_what_no_quirk_touches_agrees_to_the_digits_of_the_records(compared: Comparison) -> None:
    exact = {
        "DFF": "read_energy_J",
        "formula.on_resistance": "resistance_ohm",
        "SubArray": "area_array_m2",
        "SRAMWriteDriver": "write_latency_s",
    }
    for module, quantity in exact.items():
        values = compared.groups[module].figures[quantity]
        assert max(values.deviations) < 1e-6
        assert not values.corrections
    assert compared.groups["SarADC"].figures["read_energy_J"].corrections


def test_the_outline_of_a_composed_sub_array_agrees(public: tuple[Record, ...]) -> None:
    """No macro of the package has one: the composition is held against the records itself."""
    for record in of(public, "SubArray")[::10]:
        case = case_of(record, NEUROSIM)
        for name in ("width_m", "height_m", "bounding_box_area_m2"):
            figure: Any = case.figures[name].number
            for quirk in NEUROSIM.touching(case, name):
                assert quirk.correct is not None
                figure = quirk.correct(case, name, figure)
            assert deviation(float(figure), record.outputs[name]) < TOLERANCE


@contextmanager
def nothing_kept() -> Iterator[None]:
    """No circuits of before, nor any of these afterwards."""
    shared.forget()
    try:
        yield
    finally:
        shared.forget()


Entries = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="session")
def entries(translation: dict[str, Any]) -> Entries:
    """The translated records by group."""
    found: Entries = {}
    for one in translation["records"]:
        found.setdefault(one["group"], []).append(one)
    return found


def off(translation: dict[str, Any], entries: list[dict[str, Any]]) -> list[str]:
    """The figures that are off by more than the bound."""
    found = compare(parse(Entry("some", "", translation | {"records": entries, "left_out": []})))
    return [line for line in found.broken if "off, more than" in line]


WRONG: list[tuple[Any, str, tuple[str, ...]]] = [
    (Adder, "delay", ("Adder", "ShiftAdd")),
    (Adder, "energy", ("Adder", "ShiftAdd")),
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
    translation: dict[str, Any],
    entries: Entries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ten per cent more of one property, and the bound of its modules breaks."""
    right = vars(cls)[name]
    get: Callable[[Any], Any] = right.func if isinstance(right, cached_property) else right.fget
    for module in modules:
        assert not off(translation, entries[module][:60])
    with monkeypatch.context() as patch, nothing_kept():
        patch.setattr(cls, name, property(lambda self: 1.1 * get(self)))
        for module in modules:
            assert off(translation, entries[module][:60]), module


def test_a_wrong_action_shows(
    translation: dict[str, Any], entries: Entries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a converter, and of a multiplexer whose every figure a quirk touches."""
    for cls, name, module in ((SarAdc, "convert", "SarADC"), (AnalogMux, "select", "Mux")):
        right = vars(cls)[name]

        @wraps(right)
        def wrong(self: Any, *given: Any, right: Any = right, **named: Any) -> Cost:
            cost: Cost = 1.1 * right(self, *given, **named)
            return cost

        with monkeypatch.context() as patch, nothing_kept():
            patch.setattr(cls, name, wrong)
            assert off(translation, entries[module][:60]), module
        assert not off(translation, entries[module][:60])


@pytest.mark.parametrize("name", ["ParallelMacro", "RowByRowMacro", "SramParallelMacro"])
def test_a_wrong_macro_shows(
    name: str,
    translation: dict[str, Any],
    entries: Entries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A macro of the package with a tenth more columns than it says."""
    macro = catalogue()[name]
    some = [entry for entry in entries["SubArray"] if entry.get("block") == name][:8]
    assert not off(translation, some)
    right = macro.__init__

    @wraps(right)
    def wider(self: Any, *given: Any, **named: Any) -> None:
        right(self, *given, **named | {"cols": 1.5 * named["cols"]})

    monkeypatch.setattr(macro, "__init__", wider)
    assert off(translation, some)


def test_a_user_s_figures_are_taken_as_they_are(folder: Callable[..., Path], held: Held) -> None:
    """A latch leaks current times supply; the tool multiplies by the supply twice."""
    inputs = {"num_col": 128, "pitch_m": 6.4e-7, "sense_voltage_V": 0.1, "num_read": 8}
    inputs |= {"fixed_width_m": 8.192e-5, "clk_Hz": 1e9}
    # The reference tool, 32 nm LSTP at 320 K and 0.9 V, the tool's own figure and the right one
    as_tool = entry("SenseAmp", inputs, {"leakage_W": 1.6763e-9}, temperature_K=320)
    rightly = entry("SenseAmp", inputs, {"leakage_W": 1.6763e-9 / 0.9}, temperature_K=320)
    assert held(folder(as_tool, tool=TOOL))[1]
    assert held(folder(rightly, tool="SPICE of ours"))[1]
    assert not held(folder(rightly, tool=TOOL))[1]
    text, holds = held(folder(as_tool, tool="NeuroSim of ours"))
    assert not holds
    assert "Corrections" not in text
    assert "SenseAmp.leakage_W: 11.1" in text  # 1 / 0.9 - 1


def test_a_user_s_technology_is_drawn_as_its_file_says(
    folder: Callable[..., Path], held: Held
) -> None:
    """The tool's cell is 28 F high at 14 nm, the file's 41.142 F."""
    inputs = {"num_inputs": 1, "width_nmos_m": 2.8e-8, "width_pmos_m": 2.8e-8}
    height = {"region_height_m": 0.0}
    for tool, expected in ((TOOL, 28.0), ("silicon", 41.142)):
        one = entry("formula.gate", inputs | height, {"height_m": expected * 14e-9})
        assert held(folder(one | {"technode_nm": 14}, tool=tool))[1], tool


def test_check_values_of_finfets_hold(folder: Callable[..., Path], held: Held) -> None:
    """The reference tool, 14 nm LSTP at 320 K: gates, and the areas of blocks made of them."""
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
    text, holds = held(folder(*(record | fins for record in records), tool=TOOL))
    assert holds, text


def test_a_value_that_must_be_compared_is_missed(folder: Callable[..., Path], held: Held) -> None:
    """An unknown figure of an adder, and ten in a hundred of what may be left out."""
    inputs = {"num_bit": 8, "num_adder": 1, "cap_load_F": 0.0, "num_read": 1}
    text, holds = held(folder(entry("Adder", inputs, {"delay_s": 1e-9})))
    assert not holds
    assert "Adder: must be compared, and was not: our block has no figure 'delay_s'" in text
    text, holds = held(folder(STEP, RAMP, entry("Flux capacitor", {}, {"power_W": 1.21e9})))
    assert not holds
    assert "Flux capacitor, 1 values: no block of ours stands for a module" in text
    assert "1 of 5 values not compared, more than 10%" in text
    assert held(folder(*[STEP] * 6, entry("Flux capacitor", {}, {"power_W": 1.21e9})))[1]


def test_quirks_say_what_is_right() -> None:
    for quirk in NEUROSIM.quirks:
        assert quirk.tool
        assert quirk.right
        assert quirk.quantities
